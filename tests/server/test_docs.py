"""The curl sessions of the guide print what they are shown to print."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import holdall
from tests.cli.test_docs import matches, steps

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "serve-over-http.md"
SESSION = re.compile(r"^```shell-session\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_curl_sessions(serving, folder):
    sessions = SESSION.findall(PAGE.read_text("utf-8"))
    assert sessions
    stores = {"notes": holdall.Versions(holdall.Json(holdall.Memory())), "files": holdall.Memory()}
    with serving(stores) as http:
        for command, shown in (step for session in sessions for step in steps(session)):
            there = command.replace("http://localhost:8080", http.url)
            done = subprocess.run(["bash", "-c", there], capture_output=True, text=True, check=True)
            printed = f"{done.stdout.strip()}\n" if done.stdout else ""
            assert matches(printed.replace("\r", ""), shown), f"$ {command}\n{done.stdout}{done.stderr}"
