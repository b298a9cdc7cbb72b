"""Lets threads watch a feed that lists its store, and ends their listings before the store is closed."""

import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import TypeVar

from holdall.bell import Bell
from holdall.changes import Change, Changes, Found
from holdall.errors import Unavailable

T = TypeVar("T")


class Watching:
    """The threads of one process that watch.

    >>> from holdall import Memory
    >>> store = Memory()
    >>> Watching().watch(store.changes, store.changes().position, 0, 60)
    False
    """

    def __init__(self) -> None:
        self._bell = Bell()
        self._closings = 0
        self._listing: set[int] = set()  # the threads that list the store at this moment

    def watch(
        self, feed: Callable[[str], Changes], since: str, timeout: float | None, interval: float
    ) -> bool:
        """Wait until ``feed(since)`` yields a change, as `Bell.watch` does."""
        closings = self._closings

        def look(since: str) -> Changes:
            thread = threading.get_ident()
            try:
                self._listing.add(thread)
                return self._look(feed, since, closings)
            finally:
                self._listing.discard(thread)

        return self._bell.watch(look, since, timeout, interval)

    def _look(self, feed: Callable[[str], Changes], since: str, closings: int) -> Changes:
        """Return the first change of ``feed(since)``; no change if the store is or gets closed."""
        if closings != self._closings:
            return Changes(since, _tell(None, since))
        try:
            changes = feed(since)
            first = next(changes, None)
        except Exception:
            if closings == self._closings:
                raise
            return Changes(since, _tell(None, since))
        return Changes(since, _tell(first, changes.position))

    def until_closed(self, listing: Iterable[T]) -> Iterator[T]:
        """Yield ``listing``. Raises Unavailable after `close`."""
        closings = self._closings
        try:
            for listed in listing:
                if closings != self._closings:
                    raise Unavailable("the store was closed while its keys were listed; open it again")
                yield listed
        finally:
            if isinstance(listing, Generator):
                listing.close()  # now: an exception can keep it alive, and so open, for a while

    def close(self) -> None:
        """End every `watch`, and wait until no other thread lists the store for one."""
        self._closings += 1
        self._bell.close()
        while self._listing - {threading.get_ident()}:
            time.sleep(0.001)


def _tell(change: Change | None, position: str) -> Found:
    if change is not None:
        yield change
    return position
