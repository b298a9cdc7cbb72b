"""Shared by the tests of the change feed of Redis."""

import time
from uuid import uuid4

import pytest
import redis as sdk

from holdall.adapters.redis import feed, log
from tests.servers import redis


@pytest.fixture
def client(redis_server):
    with sdk.Redis("127.0.0.1", redis_server.port, password=redis.PASSWORD) as client:
        yield client


@pytest.fixture
def prefix():
    return f"tests:{uuid4().hex}"


@pytest.fixture
def short(monkeypatch):
    """Logs and pages of two or three changes."""
    monkeypatch.setattr(log, "LOG", 3)
    monkeypatch.setattr(feed, "_PAGE", 2)


def keys(store, since=None, **options):
    return sorted({change.key for change in store.changes(since, **options)})


def end(store):
    return [*store.changes()][-1].position


def redis_client(server):
    return sdk.Redis("127.0.0.1", server.port, password=redis.PASSWORD)


def at_last(holds):
    """Wait until ``holds()``, which another process sees to."""
    for _ in range(6000):
        if holds():
            return
        time.sleep(0.01)  # between two looks at another process: there is nothing to wait on
    raise AssertionError
