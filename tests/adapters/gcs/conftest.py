"""The servers, as fixtures of these tests."""

from collections.abc import Iterator

import pytest

from tests.faults.proxy import Proxy
from tests.servers.gcs import Server, fake_gcs

__all__ = ["fake_gcs"]


@pytest.fixture
def proxy(fake_gcs: Server) -> Iterator[Proxy]:
    """A proxy before the emulator, which counts requests and can fail them."""
    with Proxy(fake_gcs.endpoint) as proxy:
        yield proxy
