"""The suite's tests of feeds on `SnapshotFeed`, with its state in the store itself and in another store."""

from collections.abc import Callable
from typing import Any

import pytest

from holdall import File, SnapshotFeed
from holdall.store import Store
from holdall.testing.suite.feeds import FeedTests
from tests.conformance.test_conformance import folder, named
from tests.soak import SOAK

INTERVAL = 0.01
STORES: dict[str, Callable[[pytest.FixtureRequest], Store[Any]]] = {
    "file": lambda request: SnapshotFeed(File(folder(request), durability="os"), interval=INTERVAL),
    "memory": lambda request: SnapshotFeed(named(), named(), interval=INTERVAL),
}


class TestSnapshotFeed(FeedTests[bytes]):
    many = 30
    points = 8

    if not SOAK:  # tests/middleware/snapshots has a machine and processes of its own
        test_a_follower_misses_nothing_of_another_process = None
        test_a_follower_and_a_store_stay_equal = None

    @pytest.fixture(params=STORES)
    def open_store(self, request: pytest.FixtureRequest) -> Callable[[], Store[bytes]]:
        return lambda: STORES[request.param](request)
