"""Counters to which many threads add at once without a lock."""

import threading
from collections import Counter, deque
from collections.abc import Hashable
from typing import Generic, TypeVar

from holdall.handles import PerProcess, PerThread

K = TypeVar("K", bound=Hashable)


class ThreadCounter(Generic[K]):
    """One Counter per thread, and their sum.

    `own` returns the Counter of the calling thread. A forked child starts with the counts of its parent.

    >>> counter = ThreadCounter()
    >>> counter.own()["hits"] += 2
    >>> counter.total()
    Counter({'hits': 2})
    """

    def __init__(self) -> None:
        # Re-entrant, because a finalizer may run, and count, while the lock is held.
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
        """Add the counts of threads that have ended to the total."""
        while self._ended:
            counts = self._ended.popleft()
            del self._alive[id(counts)]
            self._past.update(counts)

    def total(self) -> Counter[K]:
        """The sum of all counts; it may or may not include counts that other threads are just adding."""
        with self._lock():
            self._settle()
            total = self._past.copy()
            for counts in list(self._alive.values()):
                total.update(dict.copy(counts))  # atomic: its thread may be adding a name
        return total
