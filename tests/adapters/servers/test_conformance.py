"""The whole suite over each database server."""

from collections.abc import Callable

import pytest

from holdall.adapters.redis import Redis
from holdall.store import Store
from holdall.testing import StoreTests
from tests.servers.redis import PASSWORD, Server

SERVERS = ["redis_server"]


@pytest.mark.parametrize("server", SERVERS, scope="class")
class TestServers(StoreTests[bytes]):
    names = {"Redis": Redis}
    secrets = (PASSWORD,)
    points = 8

    @pytest.fixture
    def open_store(self, server: str, request: pytest.FixtureRequest) -> Callable[[], Store[bytes]]:
        running: Server = request.getfixturevalue(server)
        return running.store
