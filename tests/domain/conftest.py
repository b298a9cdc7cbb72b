"""The server that the tests of payments use."""

from tests.servers.s3 import credentials, seaweed

__all__ = ["credentials", "seaweed"]
