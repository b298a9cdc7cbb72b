"""The servers, as fixtures of these tests."""

import pytest

from holdall.query.views import building
from tests.servers.dynamodb import dynamodb
from tests.servers.gcs import fake_gcs
from tests.servers.redis import redis_server
from tests.servers.s3 import credentials, moto, seaweed
from tests.servers.sql import mysql, postgresql

__all__ = ["credentials", "dynamodb", "fake_gcs", "moto", "mysql", "postgresql", "redis_server", "seaweed"]


@pytest.fixture(autouse=True)
def short_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a refresh go on with a build while the other refresh is stopped inside of a hook."""
    monkeypatch.setattr(building, "TTL", 0.01)
