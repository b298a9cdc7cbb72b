"""The suite on caches that ask each time, that keep for an hour, and that have hardly any room.

`make soak` also takes a cache below versions, and one that follows a feed.
"""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import pytest

from holdall import Cache, Memory, SQLite, Versions
from holdall.store import Store
from holdall.testing import StoreTests
from tests.conformance.layered import FewFeedTests
from tests.conformance.minimal import Minimal
from tests.conformance.test_conformance import Row, folder, named
from tests.examples import few, share
from tests.soak import SOAK, rows

HOUR = 3600.0

CACHES: dict[str, Row] = {
    "asks-sqlite": lambda request: Cache(SQLite(folder(request) / "far.db", durability="os"), 0),
    "hour-memory": lambda request: Cache(named(), HOUR, misses=True),
    "hour-minimal-near-memory": lambda request: Cache(Minimal(), HOUR, near=Memory(), items=3),
    "hour-above-versions": lambda request: Versions(Cache(named(), HOUR, near=Memory(), misses=True)),
    "feed-memory": lambda request: Cache(named(), "feed", misses=True),
}
MORE = {"feed-memory", "hour-above-versions"}


class TestCaches(FewFeedTests[bytes], StoreTests[bytes]):
    many = 250
    names = {kind.__name__: kind for kind in (Cache, Memory, Minimal, SQLite, Versions)}

    @pytest.fixture(params=rows(CACHES, MORE))
    def open_store(self, request: pytest.FixtureRequest) -> Iterator[Callable[[], Store[Any]]]:
        with few(share(5)) if "sqlite" in request.param and not SOAK else nullcontext():
            yield lambda: CACHES[request.param](request)
