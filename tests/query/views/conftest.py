"""The servers, as fixtures of these tests."""

from tests.servers.s3 import credentials, moto

__all__ = ["credentials", "moto"]
