"""The blocks of these pages are run as tests: one namespace and one empty folder a page.

Blocks of Python, and those of commands (```bash) that belong to them: what they print is not compared.
"""

import doctest
import os
import shlex
from pathlib import Path
from tempfile import TemporaryDirectory

from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

collect_ignore = ["conf.py"]
FLAGS = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL | doctest.NORMALIZE_WHITESPACE


def enter(page: dict[str, object]) -> None:
    """Run the page's blocks in an empty folder of its own."""
    page["_back"], page["_folder"] = Path.cwd(), TemporaryDirectory()
    os.chdir(page["_folder"].name)


def leave(page: dict[str, object]) -> None:
    """Leave nothing of the page behind."""
    os.chdir(page["_back"])
    page["_folder"].cleanup()


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
