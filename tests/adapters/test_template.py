"""The package that the how-to guide makes is installed as anyone's, and passes the suite by its address."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.plugins import WITHOUT_OTHERS

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "write-an-adapter.md"
CONFTEST = """\
import os

import pytest
from hypothesis import HealthCheck, settings

slow = [HealthCheck.too_slow]
settings.register_profile("few", max_examples=5, stateful_step_count=20, deadline=None, suppress_health_check=slow)


@pytest.fixture(autouse=True)
def clean():
    before = dict(os.environ)  # each scan looks at every variable, so none may stay
    yield
    os.environ.clear()
    os.environ.update(before)
"""
FILE = re.compile(r"Write\s`([\w.]+)`:\n\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the page shows, and in ``installed`` what pip made of them."""
    folder = tmp_path_factory.mktemp("package")
    for name, text in FILE.findall(PAGE.read_text()):
        (folder / name).write_text(text)
    run(
        folder,
        *["pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps"],
        *["--no-build-isolation", "--target", "installed", "."],
    )
    return folder


def run(folder: Path, *module: str) -> str:
    """What a module of Python prints in ``folder``, where what is installed there can be imported."""
    environment = os.environ | {"PYTHONPATH": str(folder / "installed")}
    environment.pop("PYTEST_ADDOPTS", None)
    done = subprocess.run(
        [sys.executable, "-m", *module], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_page_shows_a_whole_package(package: Path) -> None:
    assert {path.name for path in package.iterdir() if path.is_file()} == {
        "holdall_environment.py",
        "pyproject.toml",
        "test_environment.py",
    }


@pytest.mark.servers  # slow, so not in `make test`
def test_it_passes_the_suite(package: Path) -> None:
    (package / "holdall_environment.py").unlink()  # only what was installed is left to import
    (package / "conftest.py").write_text(CONFTEST)
    shown = run(
        package, "pytest", "-q", *WITHOUT_OTHERS, "-p", "no:cacheprovider", "--hypothesis-profile=few"
    )
    passed = re.search(r"(\d+) passed", shown)
    assert passed
    assert int(passed[1]) >= 100


def test_the_command_line_opens_its_address(package: Path) -> None:
    assert run(package, "holdall", "ls", "environment://books") == ""
