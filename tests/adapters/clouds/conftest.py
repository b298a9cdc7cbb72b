"""The servers, as fixtures of these tests, and the address of a bucket on each."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from tests.servers.gcs import fake_gcs
from tests.servers.s3 import credentials, localstack, moto_server, rclone, seaweed

__all__ = ["credentials", "fake_gcs", "localstack", "moto_server", "rclone", "seaweed"]


@pytest.fixture
def address(server: str, request: pytest.FixtureRequest) -> Callable[[str], str]:
    """The address of a prefix in a bucket of the test's own, which the first use creates."""
    endpoint = request.getfixturevalue(server).endpoint
    scheme, bucket = "gs" if server == "fake_gcs" else "s3", f"b{uuid4().hex}"
    return lambda prefix: f"{scheme}://{bucket}/{prefix}?create=yes&endpoint_url={endpoint}"
