"""Files and parts through layers on S3: the suite on one stack, and the requests that they cost."""

from collections.abc import Callable

import pytest

from holdall import Checksum, Encrypt, Zstd
from holdall.store import Store
from holdall.testing.suite.parts import PartTests
from holdall.testing.suite.streams import StreamTests
from tests.adapters.s3.test_requests import costs
from tests.middleware.bytes.layers import encrypted, keys
from tests.servers.s3 import Server

MEGABYTE = bytes(range(256)) * 4096


class InABucket:
    """How the tests open a store."""

    streamed = 9 << 20  # a part has 8 MiB

    @pytest.fixture
    def open_store(self, moto: Server) -> Callable[[], Store[bytes]]:
        return lambda: self.wrap(moto.view())

    def wrap(self, store: Store[bytes]) -> Store[bytes]:
        return encrypted(Checksum(store))


@pytest.mark.servers
class TestFilesInABucket(InABucket, StreamTests[bytes]):
    def wrap(self, store: Store[bytes]) -> Store[bytes]:
        return Zstd(super().wrap(store))


@pytest.mark.servers
class TestPartsInABucket(InABucket, PartTests[bytes]):
    pass


def test_how_many_requests_a_file_and_a_part_cost(moto: Server) -> None:
    with moto.store() as below:
        store = Encrypt(below, keys, "books")
        cost = costs(below)
        store["large"], store["small"] = MEGABYTE, MEGABYTE[:9]
        assert cost(lambda: store.read("small", 3, 4)) == {"GetObject": 1}
        assert cost(lambda: store.read("large", 300_000, 4)) == {"GetObject": 2, "HeadObject": 1}
        assert cost(lambda: store.read("large", -4)) == {"GetObject": 2, "HeadObject": 1}
        assert cost(lambda: store.read("large", -300_000, 4)) == {"GetObject": 3, "HeadObject": 1}
        assert cost(lambda: store.open("small").read()) == {"GetObject": 1, "HeadObject": 1}
        assert cost(lambda: store.open("large").read()) == {"GetObject": 2, "HeadObject": 1}
        with store.open("large") as file:
            assert file.read() == MEGABYTE
