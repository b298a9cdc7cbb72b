"""The servers of objects that workers of other processes read."""

from tests.servers.s3 import credentials, seaweed

__all__ = ["credentials", "seaweed"]
