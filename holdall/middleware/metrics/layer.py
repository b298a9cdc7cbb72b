"""A layer that counts and times the operations on a store."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from time import perf_counter_ns
from typing import Any, TypeVar

from holdall.errors import Conflict
from holdall.middleware.interceptor import Interceptor
from holdall.middleware.metrics.counter import ThreadCounter
from holdall.middleware.metrics.measured import Measured, bucket
from holdall.middleware.metrics.telemetry import recorder
from holdall.store import MISSING, Missing, Store

V = TypeVar("V")
T = TypeVar("T")

_END = object()


class Metrics(Interceptor[V]):
    """Counts the operations on ``store`` by the names of `Interceptor`, and their bytes if the values are bytes.

    `stats` returns the counts. If OpenTelemetry is installed, each operation is reported to it when the
    operation ends (see `holdall.middleware.metrics.telemetry`); ``name`` is the store's name in these reports. A scan
    is one operation. It ends when its reader stops, and its time is the time spent waiting for its items.
    Threads add to the same counts and wait for no lock. Neither the counts nor the reports contain keys or
    values.

    The position in the stack decides which operations are counted: below a cache those of the cache, above it
    those of the app.

    >>> from holdall import Memory
    >>> store = Metrics(Memory())
    >>> store["a"] = b"12"
    >>> store.get("a"), store.get("b")
    (b'12', None)
    >>> measured = store.stats()["get"]
    >>> measured.calls, measured.missing, measured.received
    (2, 1, 2)
    """

    def __init__(self, store: Store[V], *, name: str = "") -> None:
        super().__init__(store)
        self._counter: ThreadCounter[tuple[str, str | int]] = ThreadCounter()
        self._counts = self._counter.own
        self._record = recorder(name)

    def stats(self) -> dict[str, Measured]:
        """The counts since this layer was created, by the name of the operation, in order."""
        by_name: dict[str, Counter[str | int]] = {}
        for (name, what), count in sorted(self._counter.total().items(), key=lambda item: item[0][0]):
            by_name.setdefault(name, Counter())[what] = count
        return {name: Measured.of(counts) for name, counts in by_name.items()}

    def _call(self, name: str, call: Callable[..., T], /, *args: Any) -> T:
        began = perf_counter_ns()
        try:
            result = call(*args)
        except BaseException as error:
            self._record_end(name, perf_counter_ns() - began, error)
            raise
        self._record_end(name, perf_counter_ns() - began, None)
        self._count_bytes(name, args, result)
        return result

    def _count_bytes(self, name: str, args: tuple[Any, ...], result: object) -> None:
        counts = self._counts()
        if result is MISSING:
            counts[name, "missing"] += 1
        elif received := _bytes(result):
            counts[name, "received"] += received
        if len(args) > 1 and (sent := _bytes(args)):  # an operation with only a key sends no value
            counts[name, "sent"] += sent

    def _record_end(self, name: str, took: int, error: BaseException | None) -> None:
        counts = self._counts()
        counts[name, bucket(took)] += 1
        counts[name, "nanoseconds"] += took
        if error is not None:
            counts[name, _kind(error)] += 1
        if self._record is not None:
            self._record(name, took, error)

    def _stream(self, name: str, items: Iterable[T], /) -> Iterator[T]:
        took = received = count = 0
        failed: BaseException | None = None
        iterator = iter(items)
        try:
            while True:
                began = perf_counter_ns()
                try:
                    item = next(iterator, _END)
                except BaseException as error:
                    failed = error
                    raise
                finally:
                    took += perf_counter_ns() - began
                if item is _END:
                    return
                count += 1
                received += _bytes(item)
                yield item  # type: ignore[misc]  # it is not _END
        finally:
            self._record_end(name, took, failed)
            self._count_items(name, count, "received", received)

    def _feed(self, name: str, items: Iterable[T], /) -> Iterator[T]:
        sent = count = 0
        try:
            for item in items:
                count += 1
                sent += _bytes(item)
                yield item
        finally:
            self._count_items(name, count, "sent", sent)

    def _count_items(self, name: str, items: int, way: str, size: int) -> None:
        counts = self._counts()
        counts[name, "items"] += items
        counts[name, way] += size

    def modify(self, key: str, function: Callable[[V], V], /, default: V | Missing = MISSING) -> V:
        tries = itertools.count()

        def attempt(value: V) -> V:
            if next(tries):
                self._counts()["modify", "retries"] += 1
            return function(value)

        return super().modify(key, attempt, default)


def _bytes(found: object) -> int:
    """The number of bytes in a value, or in a tuple that contains one."""
    if isinstance(found, bytes):
        return len(found)
    return sum(map(_bytes, found)) if isinstance(found, tuple) else 0


def _kind(error: BaseException) -> str:
    if isinstance(error, KeyError):
        return "missing"
    return "conflicts" if isinstance(error, Conflict) else "errors"
