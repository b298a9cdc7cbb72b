"""The S3 that moto answers in this process, as a fixture of these tests."""

from tests.servers.s3 import credentials, moto

__all__ = ["credentials", "moto"]
