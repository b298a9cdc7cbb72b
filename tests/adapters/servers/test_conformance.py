"""The whole suite over each database server."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from holdall.adapters.dynamodb import DynamoDB
from holdall.adapters.redis import Redis, scripts
from holdall.adapters.sql.mysql import MySQL
from holdall.adapters.sql.postgresql import PostgreSQL
from holdall.adapters.sql.store import SQL
from holdall.keys import RAW_KEY_BYTES
from holdall.store import Store
from holdall.testing import BYTES, StoreTests
from tests.conformance.planting import NAMES, told
from tests.servers import dynamodb, redis, sql
from tests.servers.s3 import SECRET

pytestmark = pytest.mark.servers
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
        return partial(running.store, feed=True) if isinstance(running, sql.Server) else running.store

    def plant(self, store: Store[bytes]) -> dict[str, bytes]:
        for kind, way in WAYS.items():
            if isinstance(store, kind):
                return way(store)
        raise AssertionError(f"{store!r} is another kind of store")


def in_redis(store: Redis) -> dict[str, bytes]:
    for name in NAMES:
        store._link.write(scripts.PUT, "tag", name, b"foreign " + name)
    return told(NAMES)


def in_sql(store: SQL) -> dict[str, bytes]:
    planted = told(NAMES if isinstance(store, MySQL) else [name for name in NAMES if name.isascii()])
    planted = {name: value for name, value in planted.items() if len(name) <= RAW_KEY_BYTES}
    rows = [{"key": name, "value": value, "tag": "tag"} for name, value in planted.items()]
    store._link.run(lambda connection: connection.execute(store._link.put(), rows))
    return planted


def in_dynamodb(store: DynamoDB) -> dict[str, bytes]:
    planted = told([name for name in NAMES if name.isascii()])
    for name, value in planted.items():
        item = store._table.item(name, value={"B": value}, tag={"S": "tag"})
        store._table.ask("put_item", name, Item=item)
    return planted


WAYS: dict[type, Any] = {Redis: in_redis, SQL: in_sql, DynamoDB: in_dynamodb}
