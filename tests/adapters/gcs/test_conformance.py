"""The whole suite over fake-gcs-server."""

from collections.abc import Callable

import pytest

from holdall.adapters.gcs import GCS
from holdall.testing import StoreTests
from tests.servers.gcs import Server


class TestGCS(StoreTests[bytes]):
    names = {"GCS": GCS}

    @pytest.fixture
    def open_store(self, fake_gcs: Server) -> Callable[[], GCS]:
        return fake_gcs.view
