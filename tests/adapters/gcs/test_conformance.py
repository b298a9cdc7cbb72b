"""The whole suite over fake-gcs-server."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import settings

from holdall.adapters.gcs import GCS
from holdall.testing import StoreTests
from tests.servers.gcs import Server


@pytest.fixture(scope="module", autouse=True)
def few_examples() -> Iterator[None]:
    """Few examples, as each is many requests."""
    profile = settings.get_current_profile_name()
    settings.register_profile("remote", max_examples=6)
    settings.load_profile("remote")
    yield
    settings.load_profile(profile)


class TestGCS(StoreTests[bytes]):
    names = {"GCS": GCS}
    many, points = 80, 8

    @pytest.fixture
    def open_store(self, fake_gcs: Server) -> Callable[[], GCS]:
        return fake_gcs.view
