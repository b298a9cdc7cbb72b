"""The suite on layers over S3, alone and in stacks of three; moto answers in this process.

`make test` asks a part of the suite of one stack; `make soak` asks all of it of every stack and layer.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import holdall
from holdall import (
    Budget,
    Cache,
    Checksum,
    Encrypt,
    Expires,
    Gzip,
    Json,
    Lzma,
    MessagePack,
    Metrics,
    Text,
    Versions,
    Xml,
    Yaml,
    Zstd,
)
from holdall.address import Address
from holdall.configuration.stack import Stack
from holdall.layer import layers
from holdall.store import Store
from holdall.testing import DOCUMENTS, StoreTests
from holdall.testing.suite.mapping import MappingTests
from holdall.testing.suite.swaps import SwapTests
from tests.examples import few, share
from tests.middleware.bytes.layers import SECRET
from tests.servers.s3 import SECRET as CREDENTIAL
from tests.servers.s3 import Mocked, Server
from tests.soak import SOAK

KEYS = "encrypt=env:HOLDALL_TEST_KEYS"
STACKS = [
    f"serializer=msgpack&compress=zstd&level=1&{KEYS}",
    "serializer=json&compress=gzip&level=1&checksum=xxh3",
    f"serializer=yaml&{KEYS}&checksum=crc32c",
    "serializer=xml&expires=30d&compress=lzma&level=0",
]
SERIALIZERS = ["json", "msgpack", "yaml", "xml"]
DOCUMENTED = [*STACKS, *(f"serializer={name}" for name in SERIALIZERS), "serializer=json&history=on&cache=0"]
ALONE = [
    *("expires=30d", "compress=zstd", "compress=gzip", "compress=lzma&level=0", KEYS),
    *("checksum=crc32c", "checksum=xxh3", "cache=0", "metrics=on", "budget=1000000000", "history=on"),
]
NAMES = {
    kind.__name__: kind
    for kind in (
        *(Budget, Cache, Checksum, Encrypt, Expires, Gzip, Json, Lzma, MessagePack, Metrics, Mocked, Text),
        *(Versions, Xml, Yaml, Zstd),
    )
}


@pytest.fixture(scope="module", autouse=True)
def few_examples() -> Iterator[None]:
    """A tenth of the examples, and none made smaller where it fails: each is many requests."""
    with few(share(10), shrinks=False), pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOLDALL_TEST_KEYS", f"2026:{SECRET}")
        yield


def over(moto: Server, query: str) -> Callable[[], Store[Any]]:
    """What opens the layers that ``query`` names, over S3."""
    stack, _ = Stack.of(Address.parse(f"s3://bucket?{query}&manifest=off"))
    return lambda: stack.on(moto.view())


class Part(MappingTests[Any], SwapTests[Any]):
    """What takes seconds: most operations once."""


class TestStacksOnS3(StoreTests[Any] if SOAK else Part):  # type: ignore[misc]
    many = 250
    values = DOCUMENTS
    names = NAMES
    secrets = (SECRET, CREDENTIAL)
    points = 8

    @pytest.fixture(params=DOCUMENTED if SOAK else STACKS[:1])
    def open_store(self, request: pytest.FixtureRequest, moto: Server) -> Callable[[], Store[Any]]:
        return over(moto, request.param)


if SOAK:

    class TestByteLayersOnS3(StoreTests[bytes]):
        many = 250
        names = NAMES
        secrets = (SECRET, CREDENTIAL)
        points = 8

        @pytest.fixture(params=ALONE)
        def open_store(self, request: pytest.FixtureRequest, moto: Server) -> Callable[[], Store[bytes]]:
            return over(moto, request.param)


def requests(store: Store[Any]) -> list[str]:
    """What the bucket below ``store`` is asked from now on."""
    asked: list[str] = []
    *_, lowest = layers(store)
    lowest.client.meta.events.register("before-call.s3", lambda model, **event: asked.append(model.name))
    return asked


def test_a_disk_cache_asks_for_nothing_within_its_age_and_then_for_the_tag(
    moto: Server, tmp_path: Path
) -> None:
    moto.store(bucket="books")["x"] = b""
    address = f"s3://books/invoices?cache=1h&near=file://{tmp_path}/near?durability=os&size=1GiB"
    with holdall.open(address) as store:
        store["a"] = b"1"
    for age, asks in (("1h", []), ("0", ["GetObject", "HeadObject"]), ("0", ["HeadObject"] * 2), ("1h", [])):
        with holdall.open(address, cache=age) as store:
            asked = requests(store)
            assert (store["a"], store["a"]) == (b"1", b"1")
            assert asked == asks


def test_the_manifest_costs_one_request_an_opening(moto: Server) -> None:
    """And two more at the first write of all: whether there is anything yet, and the record."""
    moto.store(bucket="books")["x"] = b""
    address = "s3://books/invoices?serializer=json&compress=gzip"
    with holdall.open(address) as store:
        store["a"] = {"n": 1}
    with holdall.open(address) as store:
        asked = requests(store)
        assert asked == []
        assert store["a"] == {"n": 1}
        assert asked == ["GetObject", "GetObject"]
        store["b"] = {"n": 2}
        assert store["b"] == {"n": 2}
        assert asked[2:] == ["PutObject", "GetObject"]
