"""DynamoDB for tests: moto's server in a thread of this process, one request at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest

from holdall.adapters.dynamodb import DynamoDB
from tests.servers.s3 import serve_moto


@dataclass(frozen=True)
class Server:
    """A server of the protocol: where it is, and new stores in it."""

    endpoint: str

    def store(self, **options: object) -> DynamoDB:
        """A new and empty store, in a table that others use too."""
        named = {"name": uuid4().hex, "endpoint_url": self.endpoint, "create": True}
        return DynamoDB("holdall", **named | options)


@pytest.fixture(scope="session")
def dynamodb(credentials: None) -> Iterator[Server]:
    with serve_moto() as endpoint:
        yield Server(endpoint)
