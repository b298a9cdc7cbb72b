"""Lets threads watch a feed that lists its store, and ends their listings before the store is closed."""

import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import TypeVar

from holdall.bell import Bell
from holdall.changes import Change, Changes, Found
from holdall.errors import Unavailable

T = TypeVar("T")


class Watching(Bell):
    """The threads of one process that watch.

    >>> from holdall import Memory
    >>> store = Memory()
    >>> Watching().wait_for(store.changes, store.changes().position, 0, 60)
    False
    """

    def __init__(self) -> None:
        super().__init__()
        self._listing: set[int] = set()  # the threads that list the store at this moment

    def wait_for(
        self, feed: Callable[[str], Changes], since: str, timeout: float | None, interval: float
    ) -> bool:
        """Wait until ``feed(since)`` yields a change, as `Bell.watch` does."""
        closings = self._closings

        def look(since: str) -> Changes:
            thread = threading.get_ident()
            try:
                self._listing.add(thread)
                self._check(closings)
                changes = feed(since)
                first = next(changes, None)
                return Changes(since, _tell(first, changes.position))
            finally:
                self._listing.discard(thread)

        try:
            return self.watch(look, since, timeout, interval)
        except Unavailable:
            if closings == self._closings:
                raise
            return False

    def _check(self, closings: int) -> None:
        if closings != self._closings:
            raise Unavailable("the store was closed while its keys were listed; open it again")

    def until_closed(self, listing: Iterable[T]) -> Iterator[T]:
        """Yield ``listing``. Raises Unavailable after `close`."""
        closings = self._closings
        try:
            for listed in listing:
                self._check(closings)
                yield listed
        finally:
            if isinstance(listing, Generator):
                listing.close()  # now: an exception can keep it alive, and so open, for a while

    def close(self) -> None:
        """End every `watch`, and wait until no other thread lists the store for one."""
        super().close()
        while self._listing - {threading.get_ident()}:
            time.sleep(0.001)


def _tell(change: Change | None, position: str) -> Found:
    if change is not None:
        yield change
    return position
