"""One suite, every store and several stacks: a row is a name and a function that opens a new, empty store.

`make test` takes one row of each kind. `make soak` takes the others too: other ways to open a store, and stacks of
layers that have a row in other stacks.
"""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from hypothesis import strategies as st

from holdall import LMDB, Budget, File, Json, Memory, Metrics, PassThrough, Prefix, Replicas, SQLite, Validate
from holdall.store import Store
from holdall.testing import DOCUMENTS, StoreTests, Values
from tests.conformance.layered import LayeredTests
from tests.conformance.minimal import Minimal
from tests.conformance.one_file import OneFile
from tests.conformance.planting import plant
from tests.soak import rows

Row = Callable[[pytest.FixtureRequest], Store[Any]]


def folder(request: pytest.FixtureRequest) -> Path:
    """A new folder."""
    factory: pytest.TempPathFactory = request.getfixturevalue("tmp_path_factory")
    return factory.mktemp("store")


def named() -> Memory:
    """A new store that its pickle finds again."""
    return Memory(uuid4().hex)


def crowded() -> Memory:
    """A store with keys all around the prefix ``app/``, which a view of it may not show."""
    store = named()
    store.update((key, b"neighbour") for key in ("a", "app", "app-1", "app0", "apps/1", "application", "b"))
    return store


def back_up_database(store: SQLite) -> Callable[[], SQLite] | None:
    """Copy the file of ``store``; return a function that restores it, or None if it is in memory."""
    if store._table.in_memory:
        return None
    path = Path(store._table.path)
    with closing(sqlite3.connect(path)) as database, closing(sqlite3.connect(f"{path}.copy")) as copy:
        database.backup(copy)

    def restore() -> SQLite:
        store.close()
        Path(f"{path}.copy").replace(path)
        return SQLite(path, table=store._table.name)

    return restore


def back_up_environment(store: LMDB) -> Callable[[], LMDB]:
    """Copy the environment of ``store``; return a function that restores it."""
    data, copy = Path(store.folder, "data.mdb"), Path(f"{store.folder}.copy")
    copy.mkdir()
    store._environment().handle.copy(str(copy))

    def restore() -> LMDB:
        store.close()
        (copy / "data.mdb").replace(data)
        return LMDB(store.folder, durability="os")

    return restore


def back_up_folder(store: File) -> Callable[[], File]:
    """Copy the folder of ``store``; return a function that restores it."""
    root, copy = Path(store.root), Path(f"{store.root}.copy")
    shutil.copytree(root, copy, symlinks=True)

    def restore() -> File:
        store.close()
        shutil.rmtree(root)
        copy.replace(root)
        return File(root, durability="os", feed=True)

    return restore


STORES: dict[str, Row] = {
    "file": lambda request: File(folder(request) / "store", durability="os", feed=True),
    "lmdb": lambda request: LMDB(folder(request) / "store", durability="os"),
    "memory": lambda request: Memory(),
    "memory-named": lambda request: named(),
    "minimal": lambda request: Minimal(),
    "one-file": lambda request: OneFile(folder(request) / "store"),
    "sqlite": lambda request: SQLite(folder(request) / "store.db"),
    "sqlite-memory": lambda request: SQLite(":memory:"),
    "sqlite-table": lambda request: SQLite(folder(request) / "store.db", table="Order", durability="os"),
}


MORE_STORES = {"memory-named", "one-file", "sqlite-table"}


class TestStores(StoreTests[bytes]):
    names = {kind.__name__: kind for kind in (File, LMDB, Minimal, OneFile, SQLite)}

    @pytest.fixture(params=rows(STORES, MORE_STORES))
    def open_store(self, request: pytest.FixtureRequest) -> Callable[[], Store[bytes]]:
        if "file" in request.param:  # it has no pages, and opens a file for each key
            self.many = 250
        return lambda: STORES[request.param](request)

    def plant(self, store: Store[bytes]) -> dict[str, bytes]:
        return plant(store)

    def back_up(self, store: Store[bytes]) -> Callable[[], Store[bytes]] | None:
        if isinstance(store, LMDB):
            return back_up_environment(store)
        if isinstance(store, File):
            return back_up_folder(store)
        return back_up_database(store) if isinstance(store, SQLite) else None


LAYERS: dict[str, Callable[[], Store[Any]]] = {
    "metrics-budget": lambda: Metrics(Budget(named(), 1_000_000)),
    "passthrough": lambda: PassThrough(named()),
    "prefix": lambda: Prefix(crowded(), "app"),
    "prefix-of-minimal": lambda: Prefix(Minimal(), "app"),
    "prefix-of-prefix": lambda: Prefix(Prefix(crowded(), "app/"), "é/"),
    "replicas": lambda: Replicas(Minimal(), named(), outbox=named(), acks=2, deliver=False),
    "replicas-by-feed": lambda: Replicas(named(), named(), deliver=False),
}
MORE_LAYERS = {"passthrough", "prefix-of-minimal", "prefix-of-prefix", "replicas-by-feed"}


class TestLayers(LayeredTests[bytes]):
    names = {kind.__name__: kind for kind in (Budget, Metrics, Minimal, PassThrough, Replicas)}

    @pytest.fixture(params=rows(LAYERS, MORE_LAYERS))
    def open_store(self, request: pytest.FixtureRequest) -> Callable[[], Store[bytes]]:
        return LAYERS[request.param]

    def plant(self, store: Store[bytes]) -> dict[str, bytes]:
        return plant(store)


class AnyValue:
    """A schema that accepts everything."""

    def to_python(self, value: Any, state: Any = None) -> Any:
        return value

    def __repr__(self) -> str:
        return "AnyValue()"


DOCUMENT_STORES: dict[str, Row] = {
    "json-prefix-file": lambda request: Json(Prefix(File(folder(request), durability="os"), "app")),
    "json": lambda request: Json(named()),
    "json-of-minimal": lambda request: Json(Minimal()),
    "validate-json-prefix": lambda request: Validate(Json(Prefix(crowded(), "app")), AnyValue()),
    "prefix-validate-json": lambda request: Prefix(Validate(Json(crowded()), AnyValue()), "app"),
}
MORE_DOCUMENT_STORES = {"json-prefix-file", "json", "prefix-validate-json"}


class TestDocumentStores(LayeredTests[Any]):
    values = DOCUMENTS
    names = {kind.__name__: kind for kind in (AnyValue, File, Json, Minimal, SQLite, Validate)}

    @pytest.fixture(params=rows(DOCUMENT_STORES, MORE_DOCUMENT_STORES))
    def open_store(self, request: pytest.FixtureRequest) -> Callable[[], Store[Any]]:
        return lambda: DOCUMENT_STORES[request.param](request)


class Note(msgspec.Struct):
    """A typed document."""

    number: int
    text: str = ""


def number_of(note: Note) -> int:
    return note.number


NOTES: Values[Note] = Values(
    of=Note,
    number=number_of,
    special=(Note(0), Note(-1, "é\u2028\U00010000\0")),
    refused=(object(),),
    large=Note(1, "holdall " * 131_072),
    any=st.builds(Note, st.integers(-(2**63), 2**63 - 1), st.text(st.characters(codec="utf-8"))),
)


class TestTypedStores(LayeredTests[Note]):
    values = NOTES
    names = {"Json": Json, "Note": Note}

    @pytest.fixture
    def open_store(self) -> Callable[[], Store[Note]]:
        return lambda: Json(named(), type=Note)
