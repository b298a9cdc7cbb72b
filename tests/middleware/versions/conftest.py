"""The servers, as fixtures of these tests."""

from tests.servers.gcs import fake_gcs
from tests.servers.s3 import credentials, moto, moto_server, seaweed

__all__ = ["credentials", "fake_gcs", "moto", "moto_server", "seaweed"]
