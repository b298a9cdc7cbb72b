"""Many requests at once: results in order, memory bounded, the pace set by what the server bears."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextvars import copy_context
from functools import partial
from itertools import islice
from typing import TypeVar

from holdall.handles import PerProcess
from holdall.threads import Call, Workers

A = TypeVar("A")
B = TypeVar("B")

_ROOM = 64 * 2**20  # bytes of results that may wait for their turn, as far as sizes can be foreseen
_AHEAD = 4  # times as many results as requests under way: else all wait whenever the first in turn is slow


class Pace:
    """How many requests may be under way at once: at most ``most``, fewer where the server asks for fewer.

    Additive increase, multiplicative decrease (RFC 5681, section 3.1): a request that was throttled
    halves the pace, though only once for all those that were under way together; each full round
    without one lets in one more.

    >>> pace = Pace(16)
    >>> pace.slower()
    >>> pace.now
    8
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._now = float(most)
        self._due = 0  # answers to come of those that were under way when it was last halved
        self._lock = PerProcess(threading.Lock)

    @property
    def now(self) -> int:
        """Requests that may be under way, at least 1."""
        return int(self._now)

    @property
    def waiting(self) -> int:
        """Requests that may be begun or queued, and results that may wait for their turn."""
        return self.most * _AHEAD if self._now == self.most else self.now

    def faster(self) -> None:
        """A request was answered."""
        with self._lock():
            self._due -= 1
            self._now = min(self.most, self._now + 1 / self._now)

    def slower(self) -> None:
        """A request was throttled."""
        with self._lock():
            self._due -= 1
            if self._due < 0:
                self._due = self.now - 1
                self._now = max(1.0, self._now / 2)


def ordered(
    function: Callable[[A], B],
    items: Iterable[A],
    pace: Pace,
    size: Callable[[B], int] = lambda result: 0,
) -> Iterator[B]:
    """``function`` of each of ``items``, in their order, several at once at ``pace``.

    ``items`` is read only as far as there is room: `Pace.waiting`. ``size`` is the bytes that a result
    holds: large ones leave room for fewer. Each call runs in a copy of the caller's context. The first
    exception is raised in its turn; what has not begun by then never will, and what has is waited for, so
    nothing is under way once the iterator is exhausted or closed.

    >>> list(ordered(str.upper, "abc", Pace(2)))
    ['A', 'B', 'C']
    """
    workers = Workers(pace.most)
    waiting: deque[Call[B]] = deque()
    largest = 1.0
    opening = 4  # grows with each result: sizes are unknown at first
    try:
        for item in items:
            waiting.append(Call(partial(copy_context().run, function, item)))
            workers.submit(waiting[-1])
            while len(waiting) >= min(pace.waiting, opening, max(1, _ROOM // largest)):
                result = waiting[0].result()
                waiting.popleft()  # not before: what has begun is waited for, also after an interrupt
                largest = max(size(result), largest * 0.9, 1.0)
                opening += 1
                yield result
        while waiting:
            yield waiting[0].result()
            waiting.popleft()
    finally:
        for call in waiting:
            call.end()


def ahead(items: Iterable[A], size: int) -> Iterator[A]:
    """``items``; while ``size`` of them are used, as many more are read in another thread.

    >>> list(ahead("abc", 2))
    ['a', 'b', 'c']
    """
    iterator = iter(items)
    workers = Workers(1)
    coming = _submitted(workers, iterator, size)
    try:
        while batch := coming.result():
            coming = _submitted(workers, iterator, size)
            yield from batch
    finally:
        coming.end()


def _submitted(workers: Workers, iterator: Iterator[A], size: int) -> Call[list[A]]:
    call = Call(lambda: list(islice(iterator, size)))
    workers.submit(call)
    return call
