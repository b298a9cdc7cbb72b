"""The whole suite over each database server."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from holdall.adapters.dynamodb import DynamoDB
from holdall.adapters.mysql import MySQL
from holdall.adapters.postgresql import PostgreSQL
from holdall.adapters.redis import Redis
from holdall.store import Store
from holdall.testing import BYTES, StoreTests
from tests.servers import dynamodb, redis, sql
from tests.servers.s3 import SECRET

SERVERS = ["dynamodb", "mysql", "postgresql", "redis_server"]


@pytest.mark.parametrize("server", SERVERS, scope="class")
class TestServers(StoreTests[bytes]):
    many = 250
    names = {"DynamoDB": DynamoDB, "MySQL": MySQL, "PostgreSQL": PostgreSQL, "Redis": Redis}
    secrets = (SECRET, redis.PASSWORD, sql.PASSWORD)
    points = 8
    values = replace(BYTES, large=bytes(range(256)) * 1024)  # DynamoDB takes less than 400 KB

    @pytest.fixture
    def open_store(self, server: str, request: pytest.FixtureRequest) -> Callable[[], Store[bytes]]:
        running: dynamodb.Server | redis.Server | sql.Server = request.getfixturevalue(server)
        return running.store
