"""Values as files in a bucket: in bounded memory, and by a known number of requests."""

from collections import Counter
from typing import Any

import pytest

from holdall import Unsupported
from holdall.adapters.gcs import GCS
from holdall.store import ABSENT
from tests.adapters.streaming import ROOM, SIZE, copy
from tests.faults.proxy import Proxy
from tests.servers.gcs import Server

PART = 8 << 20


@pytest.mark.servers
@pytest.mark.timeout(1500)
def test_a_value_of_any_size_takes_little_memory(fake_gcs: Server) -> None:
    size = min(SIZE, 300_000_000)  # the server copies the whole value for each request
    assert copy(f"gs://large/here?create=1&endpoint_url={fake_gcs.endpoint}", size) < ROOM


def write(store: GCS, size: int, *, discard: bool = False, **options: Any) -> None:
    file = store.open("key", "wb", **options)
    file.write(bytes(size))
    file.discard() if discard else file.close()


def test_how_many_requests_a_file_costs(fake_gcs: Server) -> None:
    with Proxy(fake_gcs.endpoint) as proxy, Server(proxy.endpoint).store() as store:
        store["other"] = b"1"

        def cost(size: int, **options: Any) -> Counter[str]:
            proxy.counts.clear()
            write(store, size, **options)
            return proxy.counts.copy()

        assert cost(9) == cost(0) == {"POST": 1}
        assert cost(PART + 1) == {"POST": 1, "PUT": 2}
        assert store.size("key") == PART + 1
        assert cost(2 * PART + 1, discard=True) == {"POST": 1, "PUT": 2, "DELETE": 1}
        assert store.size("key") == PART + 1
        proxy.counts.clear()
        assert store.open("key").read(10) == bytes(10)
        assert proxy.counts == {"GET": 2}


def test_a_swap_in_parts_needs_a_server_that_honours_its_condition(fake_gcs: Server) -> None:
    with fake_gcs.store() as store, pytest.raises(Unsupported, match="ignores conditions"):
        write(store, PART + 1, expected=ABSENT)
