"""Rates: how many requests each sender may make in a second, by the generic cell rate algorithm (GCRA)."""

import math
import threading
import time
from collections.abc import Callable
from typing import Final

_MOST: Final = 10_000  # senders that are remembered; more only if all of them are active


class Buckets:
    """``rate`` requests a second for each sender; after a pause, those of a second, and at least two, at once.

    >>> buckets = Buckets(1, now=lambda: 0.0)
    >>> [buckets.take("ada") for _ in range(4)], buckets.take("bob")
    ([0, 0, 1, 1], 0)
    """

    def __init__(self, rate: float, *, now: Callable[[], float] = time.monotonic) -> None:
        self._interval = 1 / rate
        self._ahead = max(1.0, self._interval)
        self._now = now
        self._next: dict[str, float] = {}  # when the sender will have paid for its requests
        self._lock = threading.Lock()

    def take(self, sender: str) -> int:
        """Count a request of ``sender`` and return 0, or return the seconds to wait before the next one."""
        with self._lock:
            now = self._now()
            free = max(self._next.get(sender, now), now)
            if free - now > self._ahead:
                return math.ceil(free - now - self._ahead)
            if len(self._next) >= _MOST:
                self._next = {each: when for each, when in self._next.items() if when > now}
            self._next[sender] = free + self._interval
            return 0
