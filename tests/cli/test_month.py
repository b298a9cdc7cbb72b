"""The month of a small firm: the guide and the script are one, and the script goes on after any kill."""

import json
import os
import random
import re
import runpy
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.console import good
from tests.servers.s3 import credentials, seaweed

__all__ = ["credentials", "seaweed"]

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "small_firm"
SCRIPT = EXAMPLE / "month.sh"
AGINGS = "aging-october-1.txt", "aging-october-8.txt"
KILLS = 4
LONGEST = 300  # seconds, on a machine that does much else


def commands(text, prompt=""):
    """The commands of the script or the guide, without the address and the folder, each once."""
    found = re.findall(rf"^{re.escape(prompt)}holdall (.*)$", text, re.MULTILINE)
    plain = (re.sub(r" > .*| --(from|into) \S+|small-firm/", "", each) for each in found)
    return list(dict.fromkeys(" ".join(shlex.split(each)) for each in plain))


def test_the_guide_has_the_commands_of_the_script():
    guide = (ROOT / "docs" / "how-to" / "keep-a-month.md").read_text("utf-8")
    told = commands(guide, prompt="$ ")
    assert [each for each in told if each in commands(SCRIPT.read_text("utf-8"))] == commands(
        SCRIPT.read_text("utf-8")
    )


def keep_month(folder, uri, seconds=LONGEST):
    """Run the script, and return whether it ended. After ``seconds``, it and its commands are killed."""
    place = {"HOLDALL_URI": uri, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    ran = subprocess.Popen(
        ["sh", SCRIPT],
        cwd=folder,
        env={**os.environ, **place},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        _, err = ran.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(ran.pid, signal.SIGKILL)
        ran.communicate()
        return False
    assert ran.returncode == 0, err.decode()
    return True


def state(folder, uri):
    """All documents and payments of the books, and the aging of the month."""
    first, second = ((folder / name).read_bytes() for name in AGINGS)
    assert first == second
    reports = [
        good("receivables", name, "--json", "--from", uri) for name in ("by-code", "received", "written-off")
    ]
    return sorted(good("invoices", "export", "--from", uri).splitlines()), reports, first


@pytest.mark.timeout(1200)
def test_a_month_on_s3_survives_kills_at_any_moment(folder, seaweed):
    month = runpy.run_path(str(EXAMPLE / "make_month.py"))
    month["write_month"](folder)
    assert keep_month(folder, "sqlite:///whole.db")
    expected = state(folder, "sqlite:///whole.db")
    documents, (_, received, written_off), _ = expected
    assert len([each for each in documents if '"kind":"payment"' not in each]) == 45  # with the settings
    cash = sum(entry.amount for entry in month["september"]() if entry.amount > 0) - month["total"](9)
    assert json.loads(received)[0] == {"month": "2026-09", "currency": "EUR", "amount": str(cash)}
    assert [row["amount"] for row in json.loads(written_off)] == ["2.00"]
    uri = f"s3://{seaweed.store()._bucket.name}?create=true&endpoint_url={seaweed.endpoint}"
    for name in AGINGS:
        (folder / name).unlink()
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    for kill in range(KILLS):
        if keep_month(folder, uri, seconds=chance.uniform(0.5, 4 * (kill + 1))):
            break
    assert keep_month(folder, uri), f"seed {seed}"
    assert state(folder, uri) == expected, f"seed {seed}"
