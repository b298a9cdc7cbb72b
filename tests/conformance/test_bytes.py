"""The suite on every layer from bytes to bytes: alone, and in stacks of three.

`make test` puts each on one store; `make soak` puts each on all of them.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from holdall import Checksum, Encrypt, File, Gzip, Json, Lzma, SQLite, Zstd
from holdall.store import Store
from holdall.testing import DOCUMENTS, StoreTests
from tests.conformance.test_conformance import folder, named
from tests.middleware.bytes.layers import LAYERS, SECRET, encrypted, keys, xxh3
from tests.soak import SOAK

NAMES = {kind.__name__: kind for kind in (Checksum, Encrypt, File, Gzip, Lzma, SQLite, Zstd)} | {"keys": keys}

BELOW: dict[str, Callable[[Path], Store[bytes]]] = {
    "memory": lambda path: named(),
    "sqlite": lambda path: SQLite(path / "store.db", durability="os"),
    "file": lambda path: File(path, durability="os"),
}
STACKS: dict[str, Callable[[Store[bytes]], Store[bytes]]] = LAYERS | {
    "zstd-encrypt-checksum": lambda store: Zstd(encrypted(Checksum(store))),
    "checksum-gzip-encrypt": lambda store: xxh3(Gzip(encrypted(store))),
}
DOCUMENT_STACKS: dict[str, Callable[[Store[bytes]], Store[Any]]] = {
    "json-zstd-encrypt": lambda store: Json(Zstd(encrypted(store))),
}


def rows(stacks: dict[str, Any]) -> list[tuple[str, str]]:
    """Which stack on which store: all, or each on one in turn."""
    every = [(stack, below) for stack in stacks for below in BELOW]
    return every if SOAK else every[:: len(BELOW) + 1]


class TestByteLayers(StoreTests[bytes]):
    names = NAMES
    secrets = (SECRET,)

    @pytest.fixture(params=rows(STACKS), ids="-".join)
    def open_store(self, request: pytest.FixtureRequest) -> Callable[[], Store[bytes]]:
        stack, below = request.param
        return lambda: STACKS[stack](BELOW[below](folder(request)))


class TestDocumentsOnByteLayers(StoreTests[Any]):
    values = DOCUMENTS
    names = NAMES | {"Json": Json}
    secrets = (SECRET,)

    @pytest.fixture(params=rows(DOCUMENT_STACKS), ids="-".join)
    def open_store(self, request: pytest.FixtureRequest) -> Callable[[], Store[Any]]:
        stack, below = request.param
        return lambda: DOCUMENT_STACKS[stack](BELOW[below](folder(request)))
