"""The whole suite over each database server."""

from collections.abc import Callable

import pytest

from holdall.adapters.mysql import MySQL
from holdall.adapters.postgresql import PostgreSQL
from holdall.adapters.redis import Redis
from holdall.store import Store
from holdall.testing import StoreTests
from tests.servers import redis, sql

SERVERS = ["mysql", "postgresql", "redis_server"]


@pytest.mark.parametrize("server", SERVERS, scope="class")
class TestServers(StoreTests[bytes]):
    names = {"MySQL": MySQL, "PostgreSQL": PostgreSQL, "Redis": Redis}
    secrets = (redis.PASSWORD, sql.PASSWORD)
    points = 8

    @pytest.fixture
    def open_store(self, server: str, request: pytest.FixtureRequest) -> Callable[[], Store[bytes]]:
        running: redis.Server | sql.Server = request.getfixturevalue(server)
        return running.store
