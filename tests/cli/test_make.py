"""`make demo` hands on what it is given, whatever is in the name of a folder."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.console import BUNDLED, contents

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


@pytest.fixture
def checkout(folder):
    """A folder with the Makefile, where `make` takes the environment that runs the tests as set up."""
    checkout = folder / "check out"
    checkout.mkdir()
    shutil.copy(ROOT / "Makefile", checkout)
    shutil.copy(ROOT / "requirements.lock", checkout)
    (checkout / "bin").symlink_to(BIN)
    return checkout


def make(checkout, *arguments, **variables):
    command = ["make", "--old-file=setup", "BIN=bin", *arguments]
    return subprocess.run(
        command, cwd=checkout, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )


def test_the_demo_of_the_package(checkout):
    done = make(checkout, "demo")
    assert done.returncode == 0, done.stderr
    assert "Outstanding per accounting code" in done.stdout
    assert "imported 30" in done.stderr
    assert (checkout / "holdall-demo.db").is_file()


@pytest.mark.parametrize("from_environment", [False, True])
def test_the_demo_of_a_folder_into_a_store(checkout, from_environment):
    inbox = checkout / "my 'in' $(box); \"x\""
    inbox.mkdir()
    shutil.copy(str(BUNDLED / "nl-2026-014.xml"), inbox)
    values = {"INVOICES": inbox.name, "HOLDALL_URI": "file:my books"}
    given = [] if from_environment else [f"{name}={text.replace('$', '$$')}" for name, text in values.items()]
    done = make(checkout, "demo", *given, **(values if from_environment else {}))
    assert done.returncode == 0, done.stderr
    assert "imported 1, already there 0, refused 0" in done.stderr
    assert list(contents(checkout / "my books")) == ["invoices/DE999000111/NL-2026-014"]
    assert "--from 'file:my%20books'" in done.stderr or "--from file:my%20books" in done.stderr
