"""Values under names that are not keys, written as another program would write them."""

import os
from contextlib import closing
from typing import Any

from holdall import LMDB, Feature, File, SQLite
from holdall.adapters.dbm.flavors import FLAVORS
from holdall.adapters.dbm.store import DBM
from holdall.adapters.lmdb.ticks import TICK
from holdall.store import Store

TEXTS = ["a//b", "b/", "C:\\path", "~\n", "a/../b", "x" * 490]
NAMES = [*(name.encode() for name in TEXTS), b"\xff\xfe", b"a/\x80"]


def told(names: list[bytes]) -> dict[str, bytes]:
    """The names as `foreign_names` tells them, each with its value."""
    return {name.decode(errors="surrogateescape"): b"foreign " + name for name in names}


def plant(store: Store[Any]) -> dict[str, Any]:
    """Plant foreign names in a local store; none in one of another kind."""
    for kind, way in WAYS.items():
        if type(store) is kind:
            return way(store)
    return {}


def in_folder(store: File) -> dict[str, bytes]:
    names = [b"README", b"Sub/x", b"Sub/deep/y", b"b+/NOTES", b"C:\\path", b"%41", b"%", b"a+", b"\xff"]
    for name in names:
        path = os.path.join(os.fsencode(store.root), name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(b"foreign " + name)
    return told(names)


def in_lmdb(store: LMDB) -> dict[str, bytes]:
    store["made"] = b""
    with store._environment().handle.begin(write=True) as txn:
        for name in NAMES:
            txn.put(name, bytes(TICK) + b"foreign " + name)
    del store["made"]
    return told(NAMES)


def in_dbm(store: DBM) -> dict[str, bytes]:
    store["made"] = b""
    del store["made"]
    store.close()
    kind = FLAVORS[store.flavor].load()
    with closing(kind(store.path, creates=False, writes=True, durable=False)) as handle:
        handle.apply([(name, b"foreign " + name) for name in NAMES])
    return told(NAMES)


def in_sqlite(store: SQLite) -> dict[str, bytes]:
    assert Feature.ATOMIC in store.features
    store["made"] = b""
    names = [name.encode() for name in TEXTS]
    rows = [(name.decode(), b"foreign " + name) for name in names]
    store._link.transact(lambda connection: connection.executemany(store._put, rows))
    del store["made"]
    return told(names)


WAYS: dict[type, Any] = {File: in_folder, LMDB: in_lmdb, DBM: in_dbm, SQLite: in_sqlite}
