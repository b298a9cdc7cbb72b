"""Runs two calls at the same time: the second call runs in the middle of the first one, at each line in turn.

A race between a check and a write is visible only if another writer writes in between. So the first call runs
once, to count the lines of Python that it executes. Then it runs many times more. Each time, it stops at one
of these lines until the second call, in another thread, has ended (or seems to wait for a lock that the first
call holds). A store that decides a compare-and-swap itself passes this test at every line.
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
"""The number of lines that are tried. If a call has more lines, these are evenly spread over it."""


class Met(NamedTuple, Generic[A, B]):
    """The number of a round, and the outcome of both calls in it: a result or an exception."""

    round: int
    first: Future[A]
    second: Future[B]


def interleave(
    first: Callable[[int], A], second: Callable[[int], B], points: int = POINTS
) -> Iterator[Met[A, B]]:
    """Run ``second(round)`` in the middle of ``first(round)``, from round 1 on one line later in each round.

    Round 0 runs one call after the other. The caller should use another key in each round.

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
            yield _let_meet(left, right, number, line, patience, first, second)


class _Hand:
    """A thread that makes one call after another.

    It is not an executor, because all executors share a lock. If the first call stops inside an executor of
    its own, submitting the second call would wait for this lock for ever.
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
            except BaseException as error:  # noqa: BLE001 - the caller gets it
                future.set_exception(error)

        self._calls.put(call)
        return future

    def __enter__(self) -> "_Hand":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._calls.put(None)
        self._thread.join()


def _let_meet(
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
    if not entered:  # this time the call executed fewer lines
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
