"""The suite over a real socket: a part of it through waitress in this process, and all of it through each server."""

from collections.abc import Callable, Iterator

import pytest

from holdall.adapters.http import HTTP
from holdall.store import Store
from holdall.testing import StoreTests
from holdall.testing.suite.bulk import BulkTests
from holdall.testing.suite.contents import ContentTests
from holdall.testing.suite.keys import KeyTests
from holdall.testing.suite.lifetime import LifetimeTests
from holdall.testing.suite.mapping import MappingTests
from holdall.testing.suite.operations import OperationTests
from holdall.testing.suite.parts import PartTests
from holdall.testing.suite.reserved import ReservedTests
from holdall.testing.suite.scans import ScanTests
from holdall.testing.suite.streams import StreamTests
from holdall.testing.suite.swaps import SwapTests
from holdall.testing.suite.tags import TagTests
from holdall.testing.suite.transactions import TransactionTests
from tests.adapters.http.service import Service, running
from tests.conformance.layered import FewFeedTests
from tests.examples import few, share


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with running(raw=True) as service:
        yield service


class TestWaitress(
    MappingTests[bytes],
    KeyTests[bytes],
    ContentTests[bytes],
    ScanTests[bytes],
    BulkTests[bytes],
    ReservedTests[bytes],
    TagTests[bytes],
    SwapTests[bytes],
    TransactionTests[bytes],
    OperationTests[bytes],
    PartTests[bytes],
    StreamTests[bytes],
    FewFeedTests[bytes],
    LifetimeTests[bytes],
):
    """One request at a time, few examples and short scans, because each test is many requests."""

    many = 60
    names = {"HTTP": HTTP}
    test_a_follower_and_a_store_stay_equal = None
    test_any_valid_key = None
    test_bounds_are_whole_keys_and_combine = None
    test_changing_a_read_value_changes_nothing_stored = None
    test_deleting_a_key_deletes_no_other = None
    test_special_values_are_equal_for_every_way_of_reading = None
    test_start_is_inclusive_and_stop_exclusive = None
    test_valid_keys_do_not_collide = None
    test_a_prefix_may_end_within_a_segment = None
    test_tag_equals_the_tag_of_get_tagged = None
    test_a_follower_goes_on_after_any_change = None
    test_changing_a_swapped_value_changes_nothing_stored = None
    test_changing_a_written_value_changes_nothing_stored = None

    @pytest.fixture(autouse=True)
    def few_examples(self) -> Iterator[None]:
        with few(share(15), shrinks=False):
            yield

    @pytest.fixture
    def open_store(self, service: Service) -> Callable[[], Store[bytes]]:
        return service.open


@pytest.mark.servers
class TestHTTP(StoreTests[bytes]):
    names = {"HTTP": HTTP}

    @pytest.fixture
    def open_store(self, service: Service) -> Callable[[], Store[bytes]]:
        return service.open
