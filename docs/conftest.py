"""The Python blocks of these pages are run as tests: one namespace and one empty folder a page."""

import doctest
import os
from pathlib import Path
from tempfile import TemporaryDirectory

from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

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


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(doctest_optionflags=FLAGS)],
    patterns=["*.md"],
    setup=enter,
    teardown=leave,
).pytest()
