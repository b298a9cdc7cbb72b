"""The suite on layers above a store that passes all of it by itself."""

from collections.abc import Iterator
from typing import TypeVar

import pytest

from holdall.testing import StoreTests
from holdall.testing.interleave import POINTS
from tests.examples import few, share
from tests.soak import SOAK

V = TypeVar("V")


class LayeredTests(StoreTests[V]):
    """A fifth of the examples, a third of the places for interrupts, and no races or kills of processes.

    The store below passes all of these by itself.

    `make soak` runs all of it.
    """

    many = 250
    points = POINTS if SOAK else 20

    if not SOAK:
        test_processes_count_together = None
        test_a_finished_write_survives_a_kill = None
        test_a_follower_misses_nothing_of_another_process = None
        test_a_follower_misses_nothing_of_several_threads = None
        test_a_write_in_the_midst_of_which_another_follows = None
        test_a_delete_in_the_midst_of_which_another_follows = None
        test_a_follower_and_a_store_stay_equal = None

        @pytest.fixture(autouse=True)
        def few_examples(self) -> Iterator[None]:
            with few(share(5)):
                yield
