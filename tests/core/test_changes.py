"""The base of every feed: refusals that name the remedy, and what ends a watch."""

import pytest

from holdall import Json, Prefix
from holdall.bell import Bell
from holdall.changes import Changes
from holdall.errors import Unavailable, Unsupported
from tests.conformance.minimal import Minimal


@pytest.mark.parametrize("wrap", [lambda store: store, Json, lambda store: Prefix(store, "a")])
def test_a_store_without_a_feed_names_itself_and_the_remedy(wrap: object) -> None:
    store = wrap(Minimal())  # type: ignore[operator]
    for call in (store.changes, lambda: store.watch("a.1", timeout=0)):
        with pytest.raises(
            Unsupported, match=r"Minimal\(\) .* lacks CHANGES; wrap it in holdall\.SnapshotFeed"
        ):
            call()


def test_an_error_of_a_store_that_was_closed_ends_a_watch() -> None:
    bell = Bell()

    def feed(since: str) -> Changes:
        bell.close()
        raise Unavailable("the store is closed")

    assert not bell.watch(feed, "a.1", None)


def test_an_error_of_an_open_store_is_raised_by_watch() -> None:
    def feed(since: str) -> Changes:
        raise Unavailable("the store is away")

    with pytest.raises(Unavailable, match="away"):
        Bell().watch(feed, "a.1", None)
