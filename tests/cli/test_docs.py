"""The sessions in the README and the documentation print what they are shown to print."""

import re
import shlex
import sys
from pathlib import Path

import pytest

from tests.cli.console import call
from tests.cli.test_help import LEAVES

ROOT = Path(__file__).parents[2]
SESSION = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = [
    page
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    if SESSION.search(page.read_text("utf-8"))
]


def steps(page):
    """Each command that a page shows, and the output below it."""
    for session in SESSION.findall(page.read_text("utf-8")):
        for step in re.split(r"^\$ ", session, flags=re.MULTILINE)[1:]:
            yield step.split("\n", 1)


def matches(output, shown):
    """Whether output is as shown, where ``...`` stands for anything, and on a line of its own for lines."""
    parts = re.split(r"(^\.\.\.\n|\.\.\.)", shown, flags=re.MULTILINE)
    anything = {"...\n": "(?s:.*?)", "...": ".*"}
    pattern = "".join(anything.get(part) or re.escape(part) for part in parts)
    return re.fullmatch(pattern, output)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_session_prints_what_is_shown(page, monkeypatch):
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    for command, shown in steps(page):
        program, *arguments = shlex.split(command)
        assert program == "holdall"
        output = call(*arguments, merged=True).out
        assert matches(output, shown), f"$ {command}\n{output}"
        if arguments[0] == "demo":
            monkeypatch.setenv("HOLDALL_URI", "sqlite:///books.db")


def test_a_session_that_is_not_as_shown_is_noticed():
    assert matches("a\nb\nc\n", "a\n...\nc\n")
    assert matches("owed: more\n", "owed: ...\n")
    assert not matches("a\nc\n", "a\n...\nb\n")
    assert not matches("a\nb\n", "a\n")


def test_there_is_a_session_and_a_reference_of_every_command():
    assert {page.name for page in PAGES} >= {"README.md", "books.md"}
    reference = (ROOT / "docs" / "reference" / "command-line.md").read_text("utf-8")
    assert re.findall(r"^```\{help\} (.*)$", reference, re.MULTILINE) != []
    assert {" ".join(path) for path in LEAVES} == set(
        re.findall(r"^```\{help\} (.*)$", reference, re.MULTILINE)
    )
