"""The whole suite over every S3 server."""

from collections.abc import Callable

import pytest

from holdall.adapters.s3 import S3
from holdall.testing import StoreTests
from tests.servers.s3 import SECRET, Mocked, Server

SERVERS = ["moto", "moto_server", "seaweed", "rclone", "localstack"]


@pytest.mark.parametrize("server", SERVERS, scope="class")
class TestS3(StoreTests[bytes]):
    names = {"Mocked": Mocked, "S3": S3}
    secrets = (SECRET,)

    @pytest.fixture
    def open_store(self, server: str, request: pytest.FixtureRequest) -> Callable[[], S3]:
        running: Server = request.getfixturevalue(server)
        return running.view
