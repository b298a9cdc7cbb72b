"""The suite on stacks of three layers over S3, which moto answers in this process.

`make test` asks a part of the suite of one stack; `make soak` asks all of it of every stack.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import Phase, settings

import holdall
from holdall import Checksum, Encrypt, Expires, Gzip, Json, Lzma, MessagePack, Text, Xml, Yaml, Zstd
from holdall.address import Address
from holdall.configuration.stack import Stack
from holdall.layer import layers
from holdall.store import Store
from holdall.testing import DOCUMENTS, StoreTests
from holdall.testing.suite.mapping import MappingTests
from holdall.testing.suite.reserved import ReservedTests
from holdall.testing.suite.swaps import SwapTests
from holdall.testing.suite.tags import TagTests
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
NAMES = {
    kind.__name__: kind
    for kind in (Checksum, Encrypt, Expires, Gzip, Json, Lzma, MessagePack, Mocked, Text, Xml, Yaml, Zstd)
}


@pytest.fixture(scope="module", autouse=True)
def few_examples() -> Iterator[None]:
    """A tenth of the examples, and none made smaller where it fails: each is many requests."""
    profile = settings.get_current_profile_name()
    phases = set(Phase) - {Phase.shrink}
    settings.register_profile("requests", max_examples=max(1, settings().max_examples // 10), phases=phases)
    settings.load_profile("requests")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOLDALL_TEST_KEYS", f"2026:{SECRET}")
        yield
    settings.load_profile(profile)


class Part(MappingTests[Any], TagTests[Any], SwapTests[Any], ReservedTests[Any]):
    """What takes seconds: each operation once."""


class TestStacksOnS3(StoreTests[Any] if SOAK else Part):  # type: ignore[misc]
    values = DOCUMENTS
    names = NAMES
    secrets = (SECRET, CREDENTIAL)
    points = 8

    @pytest.fixture(params=STACKS if SOAK else STACKS[:1])
    def open_store(self, request: pytest.FixtureRequest, moto: Server) -> Callable[[], Store[Any]]:
        stack, _ = Stack.of(Address.parse(f"s3://bucket?{request.param}&manifest=off"))
        return lambda: stack.on(moto.view())


def test_the_manifest_costs_one_request_an_opening(moto: Server) -> None:
    """And two more at the first write of all: whether there is anything yet, and the record."""
    moto.store(bucket="books")["x"] = b""
    address = "s3://books/invoices?serializer=json&compress=gzip"
    with holdall.open(address) as store:
        store["a"] = {"n": 1}
    with holdall.open(address) as store:
        asked: list[str] = []
        *_, lowest = layers(store)
        lowest.client.meta.events.register("before-call.s3", lambda model, **event: asked.append(model.name))
        assert asked == []
        assert store["a"] == {"n": 1}
        assert asked == ["GetObject", "GetObject"]
        store["b"] = {"n": 2}
        assert store["b"] == {"n": 2}
        assert asked[2:] == ["PutObject", "GetObject"]
