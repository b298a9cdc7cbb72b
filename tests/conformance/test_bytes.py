"""The suite on layers from bytes to bytes, in stacks of three.

`make test` puts each stack on one store; `make soak` puts each on all of them, and each layer alone too.
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
ROWS = (
    [(stack, below) for stack in STACKS | LAYERS for below in BELOW]
    if SOAK
    else list(zip(STACKS, BELOW, strict=True))
)


class TestByteLayers(LayeredTests[bytes]):
    names = NAMES
    secrets = (SECRET,)

    @pytest.fixture(params=ROWS, ids="-".join)
    def open_store(self, request: pytest.FixtureRequest) -> Callable[[], Store[bytes]]:
        stack, below = request.param
        return lambda: (STACKS | LAYERS)[stack](BELOW[below](folder(request)))


class TestDocumentsOnByteLayers(LayeredTests[Any]):
    values = DOCUMENTS
    names = NAMES | {"Json": Json}
    secrets = (SECRET,)

    @pytest.fixture
    def open_store(self, request: pytest.FixtureRequest) -> Callable[[], Store[Any]]:
        return lambda: Json(Zstd(encrypted(named())))
