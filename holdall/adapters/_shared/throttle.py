"""Many requests at once: results in order, bounded memory, and no more requests than the server accepts."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextvars import copy_context
from functools import partial
from typing import TypeVar

from holdall.batches import split
from holdall.handles import PerProcess
from holdall.threads import Call, Workers

A = TypeVar("A")
B = TypeVar("B")

_ROOM = 64 * 2**20  # bytes of results that may wait to be yielded; estimated, as later sizes are unknown
_AHEAD = 4  # pending calls per concurrent request; with fewer, one slow request soon blocks the others


class Pace:
    """How many requests may run at once: at most ``most``, and fewer while the server throttles.

    The pace follows additive increase and multiplicative decrease (RFC 5681, section 3.1). A throttled
    request halves the pace, but only once for all requests that were running at that time. After each full
    round of requests of which none was throttled, one more may run.

    >>> pace = Pace(16)
    >>> pace.slower()
    >>> pace.now
    8
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._now = float(most)
        self._due = 0  # answers still to come from requests that ran when the pace was last halved
        self._lock = PerProcess(threading.Lock)

    @property
    def now(self) -> int:
        """How many requests may run now, at least 1."""
        return int(self._now)

    @property
    def waiting(self) -> int:
        """How many calls may be pending: queued, running, or ended with a result that waits to be yielded."""
        return self.most * _AHEAD if self._now == self.most else self.now

    def faster(self) -> None:
        """Record that a request was answered."""
        if self._now == self.most and self._due <= 0:
            return  # nothing would change, so many threads need not wait for the lock
        with self._lock():
            self._due -= 1
            self._now = min(self.most, self._now + 1 / self._now)

    def slower(self) -> None:
        """Record that a request was throttled."""
        with self._lock():
            self._due -= 1
            if self._due < 0:
                self._due = self.now - 1
                self._now = max(1.0, self._now / 2)


def map_ordered(
    function: Callable[[A], B],
    items: Iterable[A],
    pace: Pace,
    size: Callable[[B], int] = lambda result: 0,
) -> Iterator[B]:
    """Yield the result of ``function`` for each of ``items``, in order; several calls run at once, at ``pace``.

    ``items`` is read only as far as `Pace.waiting` allows. ``size`` returns the number of bytes that a result
    holds; if results are large, fewer calls are pending. Each call runs in a copy of the caller's context.
    The first exception is raised when its result would be yielded. Calls that have not begun by then are
    cancelled, and the others are waited for, so no call is running once the iterator is exhausted or closed.

    >>> list(map_ordered(str.upper, "abc", Pace(2)))
    ['A', 'B', 'C']
    """
    waiting: deque[Call[B]] = deque()
    largest = 1.0
    opening = 4  # grows with each result: sizes are unknown at first
    with Workers(pace.most) as workers:
        try:
            for item in items:
                work = partial(copy_context().run, function, item)
                waiting.append(Call(work))  # pyright: ignore[reportArgumentType]  # it loses the result's type
                workers.submit(waiting[-1])
                while len(waiting) >= min(pace.waiting, opening, max(1, _ROOM // largest)):
                    result = waiting[0].result()
                    waiting.popleft()  # not earlier: a call that has begun is waited for, even after an interrupt
                    largest = max(size(result), largest * 0.9, 1.0)
                    opening += 1
                    yield result
            while waiting:
                yield waiting[0].result()
                waiting.popleft()
        finally:
            for call in waiting:
                call.end()


def read_ahead(items: Iterable[A], size: int) -> Iterator[A]:
    """Yield ``items``. While the caller uses ``size`` of them, another thread reads the next ``size``.

    >>> list(read_ahead("abc", 2))
    ['a', 'b', 'c']
    """
    batches = split(items, size)
    with Workers(1) as workers:
        coming = _submit_next(workers, batches)
        try:
            while batch := coming.result():
                coming = _submit_next(workers, batches)
                yield from batch
        finally:
            coming.end()


def _submit_next(workers: Workers, batches: Iterator[list[A]]) -> Call[list[A]]:
    none: list[A] = []
    call = Call(lambda: next(batches, none))
    workers.submit(call)
    return call
