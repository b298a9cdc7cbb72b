"""The parts of the suite, and one class with all of them."""

from typing import TypeVar

from holdall.testing.suite.broken import BrokenStoreTests
from holdall.testing.suite.bulk import BulkTests
from holdall.testing.suite.contents import ContentTests
from holdall.testing.suite.feeds import FeedTests
from holdall.testing.suite.foreign import ForeignTests
from holdall.testing.suite.keys import KeyTests
from holdall.testing.suite.layers import LayerTests
from holdall.testing.suite.lifetime import LifetimeTests
from holdall.testing.suite.mapping import MappingTests
from holdall.testing.suite.operations import OperationTests
from holdall.testing.suite.parts import PartTests
from holdall.testing.suite.processes import ProcessTests
from holdall.testing.suite.races import RaceTests
from holdall.testing.suite.reserved import ReservedTests
from holdall.testing.suite.scans import ScanTests
from holdall.testing.suite.streams import StreamTests
from holdall.testing.suite.swaps import SwapTests
from holdall.testing.suite.tags import TagTests
from holdall.testing.suite.threads import ThreadTests
from holdall.testing.suite.transactions import TransactionTests

__all__ = ["BrokenStoreTests", "LayerTests", "StoreTests"]

V = TypeVar("V")


class StoreTests(
    MappingTests[V],
    KeyTests[V],
    ContentTests[V],
    PartTests[V],
    StreamTests[V],
    ScanTests[V],
    BulkTests[V],
    ReservedTests[V],
    ForeignTests[V],
    TagTests[V],
    SwapTests[V],
    TransactionTests[V],
    OperationTests[V],
    FeedTests[V],
    RaceTests[V],
    ThreadTests[V],
    ProcessTests[V],
    LifetimeTests[V],
):
    """Tests for every store. Subclass it, override `open_store` to open one, and run pytest.

    >>> import pytest
    >>> from holdall import Memory
    >>> class TestMemory(StoreTests[bytes]):
    ...     @pytest.fixture
    ...     def open_store(self):
    ...         return Memory
    """
