"""The suite on values that could expire and do not, beside others that have expired already.

`make soak` takes files as well.
"""

from collections.abc import Callable

import pytest

from holdall import Expires, File, SQLite
from holdall.store import Store
from holdall.testing import StoreTests
from holdall.testing.suite.bulk import BulkTests
from holdall.testing.suite.keys import KeyTests
from holdall.testing.suite.mapping import MappingTests
from holdall.testing.suite.operations import OperationTests
from holdall.testing.suite.races import RaceTests
from holdall.testing.suite.scans import ScanTests
from holdall.testing.suite.swaps import SwapTests
from holdall.testing.suite.tags import TagTests
from holdall.testing.suite.transactions import TransactionTests
from tests.conformance.layered import FewFeedTests
from tests.conformance.minimal import Minimal
from tests.conformance.test_conformance import STORES
from tests.soak import SOAK

HOUR = 3600.0
LONG_AGO = 1e9
NAMES = {kind.__name__: kind for kind in (Expires, File, Minimal, SQLite)}


def once() -> float:
    """The time when what has expired was written."""
    return LONG_AGO


def littered(store: Store[bytes]) -> Store[bytes]:
    """A store in which keys that the suite uses have held something, long ago."""
    Expires(store, HOUR, clock=once).update(
        (key, b"old") for key in ("a", "a/b", "b", "c", "k00007", "k0", "new")
    )
    return Expires(store, HOUR)


class TestExpires(FewFeedTests[bytes], StoreTests[bytes]):
    many = 250
    names = NAMES

    @pytest.fixture(params=["minimal", "sqlite"])
    def open_store(self, request: pytest.FixtureRequest) -> Callable[[], Store[bytes]]:
        return lambda: Expires(STORES[request.param](request), HOUR)


class TestLittered(
    MappingTests[bytes],
    KeyTests[bytes],
    ScanTests[bytes],
    BulkTests[bytes],
    TagTests[bytes],
    SwapTests[bytes],
    TransactionTests[bytes],
    OperationTests[bytes],
    RaceTests[bytes],
):
    """All that is asked of keys and values; what `raw` shows is the litter too."""

    names = NAMES

    @pytest.fixture(params=["memory-named", "file"] if SOAK else ["memory-named"])
    def open_store(self, request: pytest.FixtureRequest) -> Callable[[], Store[bytes]]:
        return lambda: littered(STORES[request.param](request))
