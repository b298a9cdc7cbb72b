"""The suite on layers from bytes to bytes, in stacks of three.

`make test` puts two of the stacks, which hold each layer, on one store each. `make soak` puts each stack and each layer
alone on all stores, and documents on a stack.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from holdall import Checksum, Encrypt, File, Gzip, Json, Lzma, SQLite, Zstd
from holdall.store import Store
from holdall.testing import DOCUMENTS
from tests.conformance.layered import LayeredTests
from tests.conformance.test_conformance import folder, named
from tests.middleware.bytes.layers import LAYERS, SECRET, encrypted, fast_lzma, keys, xxh3
from tests.soak import SOAK

NAMES = {kind.__name__: kind for kind in (Checksum, Encrypt, File, Gzip, Lzma, SQLite, Zstd)} | {"keys": keys}

BELOW: dict[str, Callable[[Path], Store[bytes]]] = {
    "memory": lambda path: named(),
    "sqlite": lambda path: SQLite(path / "store.db", durability="os"),
    "file": lambda path: File(path, durability="os"),
}
STACKS: dict[str, Callable[[Store[bytes]], Store[bytes]]] = {
    "lzma-checksum-zstd": lambda store: fast_lzma(Checksum(Zstd(store))),
    "checksum-gzip-encrypt": lambda store: xxh3(Gzip(encrypted(store))),
    "zstd-encrypt-checksum": lambda store: Zstd(encrypted(Checksum(store))),
}
EVERY = [(stack, below) for stack in STACKS | LAYERS for below in BELOW]
ROWS = EVERY if SOAK else [("lzma-checksum-zstd", "memory"), ("checksum-gzip-encrypt", "sqlite")]


class TestByteLayers(LayeredTests[bytes]):
    names = NAMES
    secrets = (SECRET,)

    @pytest.fixture(params=ROWS, ids="-".join)
    def open_store(self, request: pytest.FixtureRequest) -> Callable[[], Store[bytes]]:
        stack, below = request.param
        return lambda: (STACKS | LAYERS)[stack](BELOW[below](folder(request)))


if SOAK:

    class TestDocumentsOnByteLayers(LayeredTests[Any]):
        values = DOCUMENTS
        names = NAMES | {"Json": Json}
        secrets = (SECRET,)

        @pytest.fixture
        def open_store(self, request: pytest.FixtureRequest) -> Callable[[], Store[Any]]:
            return lambda: Json(Zstd(encrypted(named())))
