"""The whole suite over fake-gcs-server."""

from collections.abc import Callable, Iterator

import pytest

from holdall.adapters.gcs import GCS
from holdall.store import Store
from holdall.testing import StoreTests
from tests.conformance.planting import told
from tests.examples import few
from tests.servers.gcs import Server

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module", autouse=True)
def few_examples() -> Iterator[None]:
    """Few examples, as each is many requests."""
    with few(6):
        yield


class TestGCS(StoreTests[bytes]):
    names = {"GCS": GCS}
    many, points = 80, 8
    streamed = 9 << 20  # a part has 8 MiB

    @pytest.fixture
    def open_store(self, fake_gcs: Server) -> Callable[[], GCS]:
        return fake_gcs.view

    def plant(self, store: Store[bytes]) -> dict[str, bytes]:
        assert isinstance(store, GCS)
        planted = told([b"a//b", b"b/", b"C:\\path", b"a/../b", b"x" * 490])
        for name, value in planted.items():
            store.client.bucket(store._bucket.name).blob(store._bucket.root + name).upload_from_string(value)
        return planted
