"""The servers, and fewer examples: each is many requests."""

from collections.abc import Iterator

import pytest

from tests.examples import few, share
from tests.servers.dynamodb import dynamodb
from tests.servers.mortal import mortal
from tests.servers.redis import redis_server
from tests.servers.s3 import credentials, seaweed
from tests.servers.sql import mysql, postgresql
from tests.servers.tls import secure

__all__ = ["credentials", "dynamodb", "mortal", "mysql", "postgresql", "redis_server", "seaweed", "secure"]


@pytest.fixture(scope="package", autouse=True)
def few_examples() -> Iterator[None]:
    """A tenth of the examples, and none made smaller where it fails."""
    with few(share(10), shrinks=False):
        yield
