"""The suite on layers above a store that passes all of it by itself."""

from collections.abc import Iterator
from typing import TypeVar

import pytest

from holdall.testing import StoreTests
from holdall.testing.interleave import POINTS
from holdall.testing.suite.feeds import FeedTests
from tests.examples import few, share
from tests.soak import SOAK

V = TypeVar("V")


class FewFeedTests(FeedTests[V]):
    """A part of the checks of feeds, for stores without one, and for layers that forward the one below.

    Such layers change keys and tags, and neither order nor positions. `make soak` runs all checks.
    """

    if not SOAK:
        test_a_feed_ends_while_another_writes = None
        test_a_feed_goes_on_with_the_changes = None
        test_a_feed_without_changes_is_empty = None
        test_a_delete_in_the_midst_of_which_another_follows = None
        test_a_follower_misses_nothing_of_another_process = None
        test_a_follower_misses_nothing_of_several_threads = None
        test_a_position_does_not_survive_a_restored_backup = None
        test_a_position_of_another_store_is_refused = None
        test_a_position_survives_a_restart = None
        test_a_text_that_is_not_a_position_is_refused = None
        test_a_write_in_the_midst_of_which_another_follows = None
        test_watch_wakes_for_a_write = None


class LayeredTests(FewFeedTests[V], StoreTests[V]):
    """A fifth of the examples, a third of the places for interrupts, and no races or kills of processes.

    The store below passes all of these by itself.

    `make soak` runs all of it.
    """

    many = 250
    points = POINTS if SOAK else 20

    if not SOAK:
        test_processes_count_together = None
        test_a_finished_write_survives_a_kill = None
        test_a_follower_and_a_store_stay_equal = None

        @pytest.fixture(autouse=True)
        def few_examples(self) -> Iterator[None]:
            with few(share(5)):
                yield
