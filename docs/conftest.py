"""The blocks of these pages are run as tests: one namespace a page, and one folder for all pages.

A reader follows several pages in one folder, so no page may break another. The blocks are those of Python, and those
of commands (```bash) that belong to them: the output of commands is not compared.
"""

import atexit
import doctest
import os
import shlex
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

collect_ignore = ["conf.py"]
FLAGS = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL | doctest.NORMALIZE_WHITESPACE


FOLDER = TemporaryDirectory()
atexit.register(FOLDER.cleanup)


def enter(page: dict[str, Any]) -> None:
    """Run the page's blocks in the folder of the pages, as an app that is configured by HOLDALL_URI."""
    page["_back"], page["_uri"] = Path.cwd(), os.environ.get("HOLDALL_URI")
    os.environ["HOLDALL_URI"] = "memory://"
    os.chdir(FOLDER.name)


def leave(page: dict[str, Any]) -> None:
    """Return to the folder and the environment from before."""
    os.chdir(page["_back"])
    if page["_uri"] is None:
        del os.environ["HOLDALL_URI"]
    else:
        os.environ["HOLDALL_URI"] = page["_uri"]


def command(example: Example) -> None:
    """Run the commands of a block in this process."""
    from holdall.cli.run import run  # late: pages without commands need no extra for them

    for line in example.parsed.splitlines():
        program, *arguments = shlex.split(line)
        assert (program, run(arguments)) == ("holdall", 0), line


pytest_collect_file = Sybil(
    parsers=[
        PythonCodeBlockParser(doctest_optionflags=FLAGS),
        CodeBlockParser(language="bash", evaluator=command),
    ],
    patterns=["*.md"],
    setup=enter,
    teardown=leave,
).pytest()
