"""One suite, every store that cannot work: a row is a name and a function that opens it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from holdall import File, Json, Prefix, SQLite
from holdall.store import Store
from holdall.testing import DOCUMENTS, BrokenStoreTests
from tests.conformance.wrong_keys import Forbidden


def text(folder: Path) -> Path:
    """A file of text where a store was expected."""
    path = folder / "notes.txt"
    path.write_text("no store at all\n" * 1000)
    return path


BROKEN: dict[str, Callable[[Path], Store[Any]]] = {
    "file-below-a-file": lambda folder: File(text(folder) / "below"),
    "forbidden": lambda folder: Forbidden(),
    "prefix": lambda folder: Prefix(Forbidden(), "app"),
    "sqlite-of-text": lambda folder: SQLite(text(folder)),
    "sqlite-in-no-folder": lambda folder: SQLite(folder / "missing" / "store.db"),
    "sqlite-of-a-folder": lambda folder: SQLite(folder),
}


class TestBrokenStores(BrokenStoreTests[bytes]):
    @pytest.fixture(params=BROKEN)
    def open_store(self, request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Store[bytes]]:
        return lambda: BROKEN[request.param](tmp_path)


class TestBrokenDocumentStores(BrokenStoreTests[Any]):
    values = DOCUMENTS

    @pytest.fixture
    def open_store(self) -> Callable[[], Store[Any]]:
        return lambda: Json(Forbidden())
