"""Google Cloud Storage for tests: fake-gcs-server, a process that lives as long as the test run."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest

from holdall.adapters.gcs import GCS
from holdall.testing import emulators


@dataclass(frozen=True)
class Server:
    """A server of the protocol: where it is, and new stores in it."""

    endpoint: str

    def store(self, prefix: str = "", bucket: str = "", **options: object) -> GCS:
        """A new and empty store: a bucket of its own, unless one is named."""
        bucket = bucket or f"b{uuid4().hex}"
        return GCS(bucket, prefix, **{"endpoint_url": self.endpoint, "create": True} | options)

    def view(self) -> GCS:
        """A new and empty store, under a prefix of its own in a bucket that others use too."""
        return self.store(prefix=f"tests/{uuid4().hex}", bucket="holdall-shared")


@pytest.fixture(scope="session")
def fake_gcs() -> Iterator[Server]:
    """fake-gcs-server: it honours conditions on uploads in one request only, and has no batches."""
    with emulators.gcs_server() as endpoint:
        yield Server(endpoint)
