"""The servers that these tests fill from dumps."""

from tests.servers.dynamodb import dynamodb
from tests.servers.files import azurite
from tests.servers.gcs import fake_gcs
from tests.servers.redis import redis_server
from tests.servers.s3 import credentials, moto
from tests.servers.sql import mysql, postgresql
from tests.stored.archives import archive

__all__ = [
    "archive",
    "azurite",
    "credentials",
    "dynamodb",
    "fake_gcs",
    "moto",
    "mysql",
    "postgresql",
    "redis_server",
]
