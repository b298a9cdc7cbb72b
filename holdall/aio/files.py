"""Asynchronous files: a value that is read or written a part at a time, in the threads of its store."""

from collections.abc import Callable
from functools import partial
from io import SEEK_SET, BufferedReader
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from anyio.lowlevel import checkpoint_if_cancelled

from holdall.aio.threads import Pools, Waited, run_apart
from holdall.files import ValueWriter
from holdall.store import Tag

if TYPE_CHECKING:
    from typing_extensions import Buffer

F = TypeVar("F", bound=BufferedReader | ValueWriter)
T = TypeVar("T")


class _AsyncFile(Generic[F]):
    """A file that a thread opens when ``async with`` begins.

    A call that was cancelled stays in ``_call``, because nobody knows how much of it happens. Then the only call that
    is still made is that of `_end`, which waits in its thread for the cancelled call.
    """

    def __init__(self, pools: Pools, open: Callable[[], F], leave: Callable[[F], object]) -> None:
        self._pools = pools
        self._open = open
        self._leave = leave  # closes a file whose content does not count
        self._file: F | None = None
        self._call: Waited[Any] | None = None
        self._busy = False

    async def __aenter__(self) -> Self:
        def open() -> None:
            self._file = self._open()

        try:
            await self._run(open)
        except BaseException:
            await self._end()  # it may have been opened for a task that was cancelled
            raise
        return self

    async def _use(self, function: Callable[[F], T]) -> T:
        """Return ``function(file)``, called in a thread."""
        file = self._file
        if file is None:
            raise ValueError("the file is not open; use it inside its 'async with'")
        return await self._run(partial(function, file))

    async def _run(self, function: Callable[[], T]) -> T:
        self._require_idle()
        if self._call:
            raise RuntimeError(
                "a call of this file was cancelled, so its state is not known; open the file again"
            )
        await checkpoint_if_cancelled()
        call = Waited(function)
        self._pools.calls.submit(call)
        self._call, self._busy = call, True
        try:
            result = await call.wait()
        except Exception:
            self._call = None
            raise
        finally:
            self._busy = False
            call.cancel()
        self._call = None
        return result

    async def _end(self) -> None:
        """Close the file if it is open. If this task is cancelled, a thread closes the file nevertheless."""
        self._require_idle()
        last = self._call

        def end() -> None:
            if last:
                last.end()
            file, self._file = self._file, None
            if file is not None:
                self._leave(file)

        closing = Waited(end)
        try:
            self._pools.calls.submit(closing)
        except RuntimeError:  # the store is closed
            await run_apart(end)
        else:
            await closing.wait()

    def _require_idle(self) -> None:
        if self._busy:
            raise RuntimeError("another task uses this file; open a file for each task")


class AsyncReader(_AsyncFile[BufferedReader]):
    """A file that reads one version of a value, inside ``async with``. One task at a time may use it.

    If a call is cancelled, the position of the file is not known any more, and further calls raise RuntimeError.
    """

    def __init__(self, pools: Pools, open: Callable[[], BufferedReader]) -> None:
        super().__init__(pools, open, BufferedReader.close)

    async def read(self, size: int = -1, /) -> bytes:
        """Return the next ``size`` bytes, or fewer at the end; without ``size``, all that are left."""
        return await self._use(lambda file: file.read(size))

    async def readinto(self, buffer: "Buffer", /) -> int:
        """Fill ``buffer`` with the next bytes, and return how many there were."""
        view = memoryview(buffer).cast("B")
        data = await self.read(len(view))  # not by the thread, which a cancelled task does not wait for
        view[: len(data)] = data
        return len(data)

    async def seek(self, offset: int, whence: int = SEEK_SET, /) -> int:
        """Go to the position ``offset``, counted from ``whence`` as in `io.IOBase.seek`, and return the position."""
        return await self._use(lambda file: file.seek(offset, whence))

    async def tell(self) -> int:
        """Return the position."""
        return await self._use(BufferedReader.tell)

    async def aclose(self) -> None:
        """Close the file. If this task is cancelled, a thread closes the file nevertheless."""
        await self._end()

    async def __aexit__(self, *exc: object) -> None:
        await self._end()


class AsyncWriter(_AsyncFile[ValueWriter]):
    """A file whose content becomes a value when ``async with`` ends, wholly, or not at all.

    The key keeps its old value if the block ends with an exception, also if its task is cancelled. If a call is
    cancelled and the block goes on, its end raises RuntimeError, and writes nothing. Only a cancellation while the
    file is being closed is like that of any write: the value may be written. One task at a time may use the file.
    """

    tag: Tag | None
    """The tag of the new value after the file was closed; None before that, or if the store does not tell it."""

    def __init__(self, pools: Pools, open: Callable[[], ValueWriter]) -> None:
        super().__init__(pools, open, ValueWriter.discard)
        self.tag = None

    async def write(self, data: "Buffer", /) -> int:
        """Add ``data``, and return how many bytes it has."""
        return await self._use(lambda file: file.write(data))

    async def tell(self) -> int:
        """Return how many bytes were written."""
        return await self._use(ValueWriter.tell)

    async def aclose(self) -> None:
        """Make the content the value of the key. Raises Conflict if the key does not have the expected tag."""
        if self._file is None:
            return
        try:
            self.tag = await self._use(_commit)
        except BaseException:
            await self._end()
            raise
        self._file = None

    async def discard(self) -> None:
        """Close the file without writing the value."""
        await self._end()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            await self.aclose()
        else:
            await self.discard()


def _commit(file: ValueWriter) -> Tag | None:
    file.close()
    return file.tag
