"""The space that a store on a server tells."""

import pytest

from holdall.server.room import space_of

pytestmark = pytest.mark.servers


def test_redis_tells_its_memory_and_what_maxmemory_leaves(redis_server):
    with redis_server.store() as store:
        assert space_of(store).used > 0
        assert space_of(store).free is None
        store._link.command("CONFIG", "SET", "maxmemory", "1gb")
        try:
            used, free = space_of(store)
        finally:
            store._link.command("CONFIG", "SET", "maxmemory", "0")
    assert used + free == 1 << 30
