"""Counts that many threads add to at once without a lock."""

import threading
from collections import Counter, deque
from collections.abc import Hashable
from typing import Generic, TypeVar

from holdall.handles import PerProcess, PerThread

K = TypeVar("K", bound=Hashable)


class Tally(Generic[K]):
    """A Counter for each thread, and their sum.

    `own` gives that of the thread which asks. A forked child goes on from what its parent had counted.

    >>> tally = Tally()
    >>> tally.own()["hits"] += 2
    >>> tally.total()
    Counter({'hits': 2})
    """

    def __init__(self) -> None:
        # Re-entrant: a finalizer may run, and count, while it is held.
        self._lock = PerProcess(threading.RLock)
        self._alive: dict[int, Counter[K]] = {}
        self._ended: deque[Counter[K]] = deque()
        self._past: Counter[K] = Counter()
        self.own = PerThread(self._begin, self._ended.append).__call__

    def _begin(self) -> Counter[K]:
        counts: Counter[K] = Counter()
        with self._lock():
            self._settle()
            self._alive[id(counts)] = counts
        return counts

    def _settle(self) -> None:
        """Add up what threads that have ended had counted."""
        while self._ended:
            counts = self._ended.popleft()
            del self._alive[id(counts)]
            self._past.update(counts)

    def total(self) -> Counter[K]:
        """The sum of all; what other threads are about to add may or may not be in it."""
        with self._lock():
            self._settle()
            total = self._past.copy()
            for counts in list(self._alive.values()):
                total.update(dict.copy(counts))  # at once: its thread may add a name meanwhile
        return total
