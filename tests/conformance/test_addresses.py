"""The suite on what addresses open: stacks of many layers on memory, SQLite and files, guarded and not."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

import holdall
from holdall import (
    Budget,
    Cache,
    Checksum,
    Encrypt,
    Expires,
    File,
    Gzip,
    Json,
    MessagePack,
    Metrics,
    SQLite,
    Versions,
    Zstd,
)
from holdall.middleware.guard import Guard
from holdall.middleware.manifest import Manifest
from holdall.store import Store
from holdall.testing import DOCUMENTS, LayerTests
from holdall.testing.suite.bulk import BulkTests
from holdall.testing.suite.contents import ContentTests
from holdall.testing.suite.keys import KeyTests
from holdall.testing.suite.lifetime import LifetimeTests
from holdall.testing.suite.mapping import MappingTests
from holdall.testing.suite.operations import OperationTests
from holdall.testing.suite.processes import ProcessTests
from holdall.testing.suite.races import RaceTests
from holdall.testing.suite.scans import ScanTests
from holdall.testing.suite.swaps import SwapTests
from holdall.testing.suite.tags import TagTests
from holdall.testing.suite.threads import ThreadTests
from holdall.testing.suite.transactions import TransactionTests
from tests.conformance.layered import LayeredTests
from tests.conformance.test_conformance import folder
from tests.middleware.bytes.layers import SECRET
from tests.soak import SOAK

NAMES = {
    kind.__name__: kind
    for kind in (
        *(Budget, Cache, Checksum, Encrypt, Expires, File, Guard, Gzip, Json, Manifest, MessagePack, Metrics),
        *(SQLite, Versions, Zstd),
    )
}
STACKS = {
    "msgpack-zstd-encrypt-checksum": (
        "serializer=msgpack&compress=zstd&level=1&encrypt=env:HOLDALL_TEST_KEYS&checksum=xxh3"
    ),
    "json-expires-gzip": "serializer=json&expires=30d&compress=gzip&level=1",
    "json-history-expires-cache-metrics-budget": (
        "serializer=json&history=on&expires=30d&cache=0&metrics=on&budget=1000000000"
    ),
    "json-history": "serializer=json&history=on",
    "json-cache": "serializer=json&cache=0",
    "json-metrics-budget": "serializer=json&metrics=on&budget=1000000000",
}
BELOW: dict[str, Callable[[pytest.FixtureRequest], str]] = {
    "memory": lambda request: f"memory://{uuid4().hex}?",
    "sqlite": lambda request: f"sqlite:///{folder(request)}/store.db?durability=os&",
    "file": lambda request: f"file://{folder(request)}?durability=os&",
}
EVERY = [(below, stack) for below in BELOW for stack in STACKS]
ROWS = EVERY if SOAK else [("sqlite", "msgpack-zstd-encrypt-checksum")]
GUARDED = EVERY if SOAK else [("memory", "json-history-expires-cache-metrics-budget")]


@pytest.fixture(autouse=True, scope="module")
def keys() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOLDALL_TEST_KEYS", f"2026:{SECRET}")
        yield


class TestAddresses(LayeredTests[Any]):
    values = DOCUMENTS
    names = NAMES
    secrets = (SECRET,)

    @pytest.fixture(params=ROWS, ids="-".join)
    def open_store(self, request: pytest.FixtureRequest) -> Callable[[], Store[Any]]:
        below, stack = request.param
        return lambda: holdall.open(f"{BELOW[below](request)}{STACKS[stack]}&manifest=off")


class TestGuarded(
    MappingTests[Any],
    KeyTests[Any],
    ContentTests[Any],
    ScanTests[Any],
    BulkTests[Any],
    TagTests[Any],
    SwapTests[Any],
    TransactionTests[Any],
    ThreadTests[Any],
    OperationTests[Any],
    RaceTests[Any],
    ProcessTests[Any],
    LifetimeTests[Any],
):
    """All but what is asked of reserved keys, one of which the guard writes."""

    values = DOCUMENTS
    names = NAMES
    secrets = (SECRET,)

    @pytest.fixture(params=GUARDED, ids="-".join)
    def open_store(self, request: pytest.FixtureRequest) -> Callable[[], Store[Any]]:
        below, stack = request.param
        return lambda: holdall.open(f"{BELOW[below](request)}{STACKS[stack]}")


class TestGuardLayer(LayerTests[bytes]):
    """It costs no call below, once the manifest was compared."""

    @pytest.fixture
    def wrap(self) -> Callable[[Store[bytes]], Store[bytes]]:
        return lambda store: Guard(store, Manifest(("compress=gzip",)))
