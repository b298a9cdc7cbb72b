"""Asynchronous scans: a thread reads a page of rows at a time, and between two pages a scan holds no thread."""

from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import Any, Generic, Self, TypeVar

from holdall.aio.threads import Pools, Waited
from holdall.batches import ROOM
from holdall.changes import Change, Changes
from holdall.threads import Call

T = TypeVar("T")


class _Rows(Generic[T]):
    """The rows of a scan of the store, which threads read, one at a time."""

    def __init__(self, start: Callable[[], Iterator[T]], most: int) -> None:
        self._start = start
        self._most = most
        self._size = 1  # so that the first row need not wait for others
        self._rows: Iterator[T] | None = None

    def take(self) -> tuple[deque[T], Exception | None]:
        """Return the next page, and what comes after it: an exception at the end of the rows, None before it."""
        page: deque[T] = deque()
        room = ROOM
        try:
            rows = self._rows = self._rows or self._start()
            while len(page) < self._size and room > 0:
                row = next(rows)
                page.append(row)
                room -= _length(row)
        except StopIteration:
            return page, StopAsyncIteration()
        except Exception as error:  # noqa: BLE001 - the scan raises it after the rows before it
            return page, error
        self._size = min(4 * self._size, self._most)
        return page, None

    def close(self, reading: Call[Any] | None) -> None:
        """Close the scan of the store after the page that a thread is ``reading``."""
        if reading:
            reading.end()
        close = getattr(self._rows, "close", None)
        if close:
            close()


def _length(row: object) -> int:
    """Return the number of bytes of the value in ``row``; 0 if it is not known."""
    value = row[-1] if isinstance(row, tuple) else row
    return len(value) if isinstance(value, bytes | str) else 0


class AsyncScan(AsyncIterator[T]):
    """The rows of a scan, for ``async for``. One task at a time may read it.

    A thread reads the rows ahead in pages, and decodes their values. The first page has one row, and each further
    page up to four times as many, at most ``most`` rows or about 1 MiB of bytes or text. The next page is read when
    the rows of the page before it have been taken.

    If a task is cancelled while it waits for a row, no row is lost: the next ``anext`` returns that row. A scan
    that is left early is closed in a thread when nobody refers to it any more. `aclose`, and ``async with``, wait
    until it is closed.
    """

    def __init__(self, pools: Pools, start: Callable[[], Iterator[T]], most: int) -> None:
        self._pools = pools  # its threads end when nobody refers to it
        self._rows = _Rows(start, most)
        self._page: deque[T] = deque()
        self._after: Exception | None = None  # raised after the rows of the page
        self._call: Waited[tuple[deque[T], Exception | None]] | None = None
        self._reading = False
        self._open = False

    async def __anext__(self) -> T:
        while not self._page:
            if self._after:
                after, self._after = self._after, StopAsyncIteration()
                raise after
            await self._read()
        return self._page.popleft()

    async def _read(self) -> None:
        if self._reading:
            raise RuntimeError("another task reads this scan; make a scan for each task")
        self._reading = self._open = True
        try:
            if not self._call:
                call = Waited(self._rows.take)
                self._pools.calls.submit(call)
                self._call = call
            self._page, self._after = await self._call.wait()
            self._call = None
            self._open = self._after is None
        finally:
            self._reading = False

    async def aclose(self) -> None:
        """Close the scan. If this task is cancelled, a thread closes the scan nevertheless."""
        closing = self._leave()
        if closing:
            await closing.wait()

    def _leave(self) -> Waited[None] | None:
        """Let a thread close the scan of the store, if that is open; return this call."""
        self._page, self._after = deque(), StopAsyncIteration()
        if not self._open:
            return None
        self._open = False
        rows, reading, self._call = self._rows, self._call, None
        closing = Waited(lambda: rows.close(reading))
        try:
            self._pools.calls.submit(closing)
        except RuntimeError:  # the store is closed, so this takes no time
            rows.close(reading)
            return None
        return closing

    def __del__(self) -> None:
        with suppress(AttributeError):  # `__init__` failed
            self._leave()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()


class AsyncChanges(AsyncScan[Change]):
    """The changes that `AsyncStore.changes` returns, as an asynchronous iterator that knows its position.

    ``position`` is the position after every change that was yielded. After the last change, it is the position of
    the feed when `AsyncStore.changes` was called.
    """

    position: str

    def __init__(self, pools: Pools, changes: Changes, most: int) -> None:
        super().__init__(pools, lambda: changes, most)
        self._changes = changes
        self._closed = False
        self.position = changes.position

    async def __anext__(self) -> Change:
        try:
            change = await super().__anext__()
        except StopAsyncIteration:
            if not self._closed:
                self.position = self._changes.position
            raise
        self.position = change.position
        return change

    async def skip(self) -> str:
        """Leave out the rest of the changes, and return the position after them."""
        if self._call:
            await self._read()
        self._page.clear()
        if self._after:
            async for _ in self:  # raises the error with which the changes ended, if there was one
                pass
        else:
            self.position = await self._pools.calls.run(self._changes.skip)
        return self.position

    def _leave(self) -> Waited[None] | None:
        self._closed = True
        return super()._leave()
