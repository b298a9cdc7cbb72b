"""Two calls at once, not by luck: the second runs in the midst of the first, at one line after another.

A race between a check and a write shows only if another writer comes in between. So the first call runs
once to count the lines of Python that it executes; then again and again, and each time it is held at one
of those lines until the second call, in another thread, is done (or seems to wait for a lock that the
first one holds). A store that decides for itself stands this at every line.
"""

import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from queue import SimpleQueue
from threading import Thread
from typing import Any, Generic, NamedTuple, TypeVar

A = TypeVar("A")
B = TypeVar("B")

POINTS = 60
"""How many lines are tried, evenly spread where there are more."""


class Met(NamedTuple, Generic[A, B]):
    """The round in which two calls met, and what came of each: a result or an exception."""

    round: int
    first: Future[A]
    second: Future[B]


def interleave(
    first: Callable[[int], A], second: Callable[[int], B], points: int = POINTS
) -> Iterator[Met[A, B]]:
    """Let ``second(round)`` come into the midst of ``first(round)``, a line later in each round from 1 on.

    Round 0 runs them one after the other. It is for the caller to give each round a key of its own.

    >>> [met.first.result() + met.second.result() for met in interleave(lambda n: n, lambda n: 10)][:3]
    [10, 11]
    """
    with _Hand() as left, _Hand() as right:
        lines = _Lines()
        one = left.submit(lines.run, first, 0)
        wait([one])
        began = time.perf_counter()
        two = right.submit(second, 0)
        wait([two])
        patience = 0.003 + 3 * (time.perf_counter() - began)
        yield Met(0, one, two)
        for number, line in enumerate(_spread(lines.count, points), 1):
            yield _met(left, right, number, line, patience, first, second)


class _Hand:
    """A thread that does one call after another.

    No executor: all executors share a lock, and handing over the second call would wait for it for ever where
    the first one is held inside an executor of its own.
    """

    def __init__(self) -> None:
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = Thread(target=self._work)

    def _work(self) -> None:
        while call := self._calls.get():
            call()

    def submit(self, function: Callable[..., A], *arguments: Any) -> Future[A]:
        future: Future[A] = Future()

        def call() -> None:
            try:
                future.set_result(function(*arguments))
            except BaseException as error:  # noqa: BLE001 - it is the caller's
                future.set_exception(error)

        self._calls.put(call)
        return future

    def __enter__(self) -> "_Hand":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._calls.put(None)
        self._thread.join()


def _met(
    left: _Hand,
    right: _Hand,
    number: int,
    line: int,
    patience: float,
    first: Callable[[int], A],
    second: Callable[[int], B],
) -> Met[A, B]:
    entered: list[Future[B]] = []

    def enter() -> None:
        entered.append(right.submit(second, number))
        wait(entered, patience)

    one = left.submit(_Lines(line, enter).run, first, number)
    wait([one])
    if not entered:  # it took a shorter way than the first time
        entered.append(right.submit(second, number))
    wait(entered)
    return Met(number, one, entered[0])


def _spread(lines: int, points: int) -> list[int]:
    return sorted({1 + step * lines // points for step in range(points)}) if lines else []


class _Lines:
    """Counts the lines that a call executes, and calls ``enter`` before line number ``at``."""

    def __init__(self, at: int = 0, enter: Callable[[], None] = lambda: None) -> None:
        self.count = 0
        self._at = at
        self._enter = enter

    def run(self, call: Callable[[int], A], number: int) -> A:
        before = sys.gettrace()
        sys.settrace(self._trace)
        try:
            return call(number)
        finally:
            sys.settrace(before)

    def _trace(self, frame: Any, event: str, argument: Any) -> Any:
        if event == "line":
            self.count += 1
            if self.count == self._at:
                self._enter()
        return self._trace
