"""Prove, with the standard library alone, what an install with no extras gives.

Run by the wheel test in an environment that holds holdall and nothing else:
memory and SQLite work, and whatever needs a library says which extra brings it.
"""

import os
import pydoc
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import distributions
from pathlib import Path

import holdall.domain
import holdall.testing

NEEDS: dict[str, Callable[[], object]] = {
    "checksum": lambda: holdall.Checksum,
    "crypto": lambda: holdall.Encrypt,
    "domain": lambda: holdall.domain.Receivables,
    "file": lambda: holdall.open("file:folder"),
    "gcs": lambda: holdall.GCS,
    "json": lambda: holdall.Json,
    "msgpack": lambda: holdall.MessagePack,
    "s3": lambda: holdall.S3,
    "testing": lambda: holdall.testing.StoreTests,
    "validate": lambda: holdall.Validate,
    "xml": lambda: holdall.Xml,
    "yaml": lambda: holdall.Yaml,
    "zstd": lambda: holdall.Zstd,
}


def keeps(address: str) -> None:
    """A store at ``address`` keeps, orders, swaps and forgets."""
    with holdall.open(address) as store:
        store.update({"b": b"2", "a/b": b"1", "a": b"0"})
        assert list(store.items()) == [("a", b"0"), ("a/b", b"1"), ("b", b"2")]
        store.swap("a", b"3", store.get_tagged("a").tag)
        del store["b"]
        assert dict(store) == {"a": b"3", "a/b": b"1"}


def remedied(extra: str, use: Callable[[], object]) -> None:
    """``use`` fails, and the message says how to install ``extra``."""
    try:
        use()
    except holdall.MissingExtra as error:
        message = str(error)
    else:
        message = "nothing is missing"
    assert f"pip install 'holdall[{extra}]'" in message, message


def told_by_help() -> None:
    """`help` shows what works here, and leaves out what it cannot show."""
    text = pydoc.plain(pydoc.render_doc(holdall))
    assert "class SQLite(" in text
    assert "class S3(" not in text
    assert "Accounts receivable" in pydoc.render_doc("holdall.domain")
    assert {"SQLite", "Store", "open"} <= set(dir(holdall)) < set(holdall._public)


def imported_by_star() -> None:
    """`from holdall import *` gives what works here, and leaves the builtin `open` alone."""
    names: dict[str, object] = {}
    exec("from holdall import *", names)
    assert names["SQLite"] is holdall.SQLite
    assert "S3" not in names
    assert "open" not in names


def command_remedied(*command: str | Path) -> None:
    """The command line is there without its libraries, and says how to install them."""
    done = subprocess.run([*command, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "pip install 'holdall[cli]'" in done.stderr, done.stderr
    assert "Traceback" not in done.stderr, done.stderr


if __name__ == "__main__":
    installed = {each.name for each in distributions()}
    assert installed <= {"holdall", "pip", "setuptools"}, installed
    os.chdir(tempfile.mkdtemp())
    for address in ("memory://", "sqlite:///bare.db"):
        keeps(address)
    for extra, use in NEEDS.items():
        remedied(extra, use)
    told_by_help()
    imported_by_star()
    command_remedied(Path(sys.executable).with_name("holdall"))
    command_remedied(sys.executable, "-I", "-m", "holdall")
    print(f"holdall {holdall.__version__} works with no extras on Python {sys.version.split()[0]}")
