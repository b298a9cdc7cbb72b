"""The servers, as fixtures of these tests."""

from tests.servers.dynamodb import dynamodb
from tests.servers.gcs import fake_gcs
from tests.servers.redis import redis_server
from tests.servers.s3 import credentials, moto, seaweed
from tests.servers.sql import mysql, postgresql

__all__ = ["credentials", "dynamodb", "fake_gcs", "moto", "mysql", "postgresql", "redis_server", "seaweed"]
