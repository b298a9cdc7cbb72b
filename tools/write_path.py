"""Counts the calls of one write: `python tools/write_path.py` in a checkout. Each line is one kind of store.

A call counts if the function is the package's own. A crossing is a call from one of its files to another.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

sys.path.insert(0, str(Path.cwd()))

from moto import mock_aws

import holdall

PACKAGE = str(Path(holdall.__file__).parent)


def count(write: Callable[[], object]) -> tuple[int, int]:
    """The calls and the crossings of ``write()``."""
    calls = crossings = 0

    def profile(frame: FrameType, event: str, _: object) -> None:
        nonlocal calls, crossings
        file = frame.f_code.co_filename
        if event == "call" and file.startswith(PACKAGE):
            calls += 1
            caller = frame.f_back.f_code.co_filename if frame.f_back else ""
            crossings += caller.startswith(PACKAGE) and caller != file

    sys.setprofile(profile)
    try:
        write()
    finally:
        sys.setprofile(None)
    return calls, crossings


def stores(folder: str) -> Iterator[tuple[str, holdall.Store[bytes]]]:
    """The stores that are measured, each with its name."""
    yield "SQLite", holdall.SQLite(f"{folder}/holdall.db")
    yield "file", holdall.File(f"{folder}/files")
    yield "S3", holdall.S3("bucket", create=True)


def main() -> None:
    """Print a line for each kind of store: a key that exists is written again through `Json`."""
    os.environ |= {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    layers: dict[str, Callable[[Any], Any]] = {
        "Json": holdall.Json,
        "Versions, Json": lambda below: holdall.Json(holdall.Versions(below)),
    }
    with tempfile.TemporaryDirectory() as folder, mock_aws():
        for layer, wrap in layers.items():
            for name, below in stores(tempfile.mkdtemp(dir=folder)):
                with wrap(below) as store:
                    store["invoices/1"] = {"total": 1}
                    store["invoices/1"] = {"total": 2}
                    calls, crossings = count(lambda: store.__setitem__("invoices/1", {"total": 3}))
                print(f"a write to {name} through {layer}: {calls} calls, {crossings} crossings")


if __name__ == "__main__":
    main()
