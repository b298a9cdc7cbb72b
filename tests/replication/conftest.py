"""The servers that the tests of replication share."""

from tests.servers.gcs import fake_gcs
from tests.servers.s3 import credentials, moto_server, seaweed

__all__ = ["credentials", "fake_gcs", "moto_server", "seaweed"]
