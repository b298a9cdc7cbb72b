"""The sessions in the README and the documentation print what they are shown to print.

What a page does in Python before a session, the session finds done.
"""

import doctest
import re
import shlex
import sys
from pathlib import Path

import pytest

from tests.cli.console import call

ROOT = Path(__file__).parents[2]
SESSION = re.compile(r"^```(?P<kind>console)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(SESSION.pattern.replace("console", "console|python"), SESSION.flags)
PAGES = [
    page
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    if SESSION.search(page.read_text("utf-8"))
]


def steps(session):
    """Each command of a session, and the output below it."""
    for step in re.split(r"^\$ ", session, flags=re.MULTILINE)[1:]:
        yield step.split("\n", 1)


def matches(output, shown):
    """Whether output is as shown, where ``...`` stands for anything, and on a line of its own for lines."""
    parts = re.split(r"(^\.\.\.\n|\.\.\.)", shown, flags=re.MULTILINE)
    anything = {"...\n": "(?s:.*?)", "...": ".*"}
    pattern = "".join(anything.get(part) or re.escape(part) for part in parts)
    return re.fullmatch(pattern, output)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def run(session, monkeypatch):
    for command, shown in steps(session):
        program, *arguments = shlex.split(command)
        assert program == "holdall"
        output = call(*arguments, merged=True).out
        assert matches(output, shown), f"$ {command}\n{output}"
        if arguments[0] == "demo":
            monkeypatch.setenv("HOLDALL_URI", "sqlite:///books.db")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_session_prints_what_is_shown(page, monkeypatch):
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    names = {}
    for block in BLOCK.finditer(page.read_text("utf-8")):
        if block["kind"] == "console":
            run(block["text"], monkeypatch)
        else:
            exec(
                doctest.script_from_examples(block["text"]) if ">>>" in block["text"] else block["text"],
                names,
            )


PLACE = re.compile(r"(?:sqlite:///|file://|file:|SQLite\(\"|\{here\}/)([a-z][\w-]*)")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def test_pages_that_a_reader_follows_in_one_folder_keep_their_data_in_different_files():
    pages = [page for folder in ("tutorial", "how-to") for page in (ROOT / "docs" / folder).rglob("*.md")]
    homes = {}
    for page in [ROOT / "README.md", *pages]:
        for block in FENCED.findall(page.read_text("utf-8")):
            for name in PLACE.findall(block):
                assert homes.setdefault(name, page) == page, f"{name} is of {homes[name]} and {page}"
    assert {"audit", "app", "tutorial", "books", "first", "cached"} <= homes.keys()


def test_a_session_that_is_not_as_shown_is_noticed():
    assert matches("a\nb\nc\n", "a\n...\nc\n")
    assert matches("owed: more\n", "owed: ...\n")
    assert not matches("a\nc\n", "a\n...\nb\n")
    assert not matches("a\nb\n", "a\n")


def test_there_is_a_session_and_a_reference_of_every_command():
    from tests.cli.test_help import (
        LEAVES,  # late: it imports every command, and a session needs its own alone
    )

    assert {page.name for page in PAGES} >= {"README.md", "books.md"}
    reference = (ROOT / "docs" / "reference" / "command-line.md").read_text("utf-8")
    assert re.findall(r"^```\{help\} (.*)$", reference, re.MULTILINE) != []
    assert {" ".join(path) for path in LEAVES} == set(
        re.findall(r"^```\{help\} (.*)$", reference, re.MULTILINE)
    )
