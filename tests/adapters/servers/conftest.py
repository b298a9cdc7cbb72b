"""The servers, and fewer examples: each is many requests."""

from collections.abc import Iterator

import pytest

from tests.examples import few, share
from tests.servers.dynamodb import dynamodb
from tests.servers.files import azurite, ftp_server, sftp_server
from tests.servers.gcs import fake_gcs
from tests.servers.mortal import mortal
from tests.servers.redis import redis_server, saving_redis
from tests.servers.s3 import credentials, moto_server, seaweed
from tests.servers.sql import mysql, postgresql
from tests.servers.tls import secure

collect_ignore = ["prefork_app.py"]  # the app of a web server, which has a store in its environment

__all__ = [
    "azurite",
    "credentials",
    "dynamodb",
    "fake_gcs",
    "ftp_server",
    "mortal",
    "moto_server",
    "mysql",
    "postgresql",
    "redis_server",
    "saving_redis",
    "seaweed",
    "secure",
    "sftp_server",
]


@pytest.fixture(scope="package", autouse=True)
def few_examples() -> Iterator[None]:
    """A tenth of the examples, and none made smaller where it fails."""
    with few(share(10), shrinks=False):
        yield
