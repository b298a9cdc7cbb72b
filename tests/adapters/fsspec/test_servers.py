"""The whole suite over SFTP, FTP and Azure's blobs, each on a real server."""

from collections.abc import Callable

import pytest

from holdall.adapters.fsspec import Fsspec
from holdall.testing import StoreTests
from tests.servers.files import PASSWORD

pytestmark = [pytest.mark.servers, pytest.mark.usefixtures("few_examples")]


class TestServers(StoreTests[bytes]):
    names = {"Fsspec": Fsspec}
    many = 30
    points = 8
    secrets = (PASSWORD,)

    @pytest.fixture(params=["sftp_server", "ftp_server", "azurite"])
    def server(self, request: pytest.FixtureRequest) -> object:
        return request.getfixturevalue(request.param)

    @pytest.fixture
    def open_store(self, server: object) -> Callable[[], Fsspec]:
        return server.store
