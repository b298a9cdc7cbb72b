"""`AsyncStore`: the interface of `holdall.Store`, with a coroutine in the place of each method."""

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, overload

from holdall.aio.calls import Calls
from holdall.aio.files import AsyncReader, AsyncWriter
from holdall.aio.rows import Rows
from holdall.aio.threads import run_apart
from holdall.store import Store, Tag

if TYPE_CHECKING:
    from typing_extensions import TypeForm

V = TypeVar("V")
T = TypeVar("T")


class AsyncStore(Calls[V], Rows[V]):
    """``store`` for programs of asyncio or trio. Its methods do what the methods of `holdall.Store` do.

    Up to ``threads`` calls of the store run at the same time, each in a thread. Further calls wait, and begin in the
    order in which they were made. So the store makes no more connections than that, apart from those of its bulk
    operations and of `watch`, for which there are four more threads. Several tasks, and several event loops, may
    share an AsyncStore.

    *Cancellation*, also by a time limit such as ``anyio.fail_after``, ends the wait at once. A call that still
    waited for a thread is never made. A call that has begun goes on in its thread, because a thread cannot be
    stopped: **a write that was cancelled may happen, completely or not at all**, also after the task went on. So
    after a cancelled write, read the key, or use `swap`, which cannot overwrite a later value. Until its end, such a
    call keeps its thread; how long that takes is up to the timeouts of the store.

    *Closing*: ``async with`` and `aclose` wait for the calls that were made, and close the store. Ctrl-C cancels
    tasks, so it is a cancellation. If the interpreter exits before a call has ended, the call is stopped as by a
    kill. *Fork*: an event loop does not survive a fork. A new event loop in the child may use the AsyncStore.

    >>> import anyio
    >>> from holdall import Memory
    >>> async def main():
    ...     async with AsyncStore(Memory()) as store:
    ...         await store.set("a", b"1")
    ...         await store.modify("a", lambda value: value + b"!")
    ...         return [row async for row in store.scan_items()]
    >>> anyio.run(main)
    [('a', b'1!')]
    """

    # ---- Files ---------------------------------------------------------------------------------

    @overload
    def open(self, key: str, /, mode: Literal["rb"] = "rb", *, expected: None = None) -> AsyncReader: ...
    @overload
    def open(self, key: str, /, mode: Literal["wb"], *, expected: Tag | None = None) -> AsyncWriter: ...
    def open(
        self, key: str, /, mode: str = "rb", *, expected: Tag | None = None
    ) -> AsyncReader | AsyncWriter:
        """Return a file that reads the value of ``key``, or with the mode "wb" writes a new one. Needs STREAMS.

        ``async with`` opens the file, raises the errors of `Store.open`, and closes it. The new value is there after
        the block, wholly. If the block ends with an exception, such as a cancellation, the key keeps its old value.
        With ``expected``, the end of the block is a `swap`.
        """
        store: Any = self._store
        open = partial(store.open, key, mode, expected=expected)
        return AsyncWriter(self._pools(), open) if mode == "wb" else AsyncReader(self._pools(), open)

    # ---- Views ---------------------------------------------------------------------------------

    def typed(self, type: "TypeForm[T]", /) -> "AsyncStore[T]":
        """Return a read-only view that decodes only the part of each document that ``type`` declares."""
        return self._view(self._store.typed(type))

    def _view(self, store: Store[T]) -> "AsyncStore[T]":
        """Return ``store``, a view of the store, with the same threads."""
        view = AsyncStore(store)
        view._pools = self._pools
        return view

    async def lasting(self, ttl: float | None, /) -> "AsyncStore[V]":
        """Return the same store, but values that are written through it expire after ``ttl`` seconds."""
        return self._view(await self._run(self._store.lasting, ttl))

    async def as_of(self, time: datetime, /) -> "AsyncStore[V]":
        """Return a read-only view of the store as it was at ``time``. Needs HISTORY."""
        return self._view(await self._run(self._store.as_of, time))

    # ---- The store itself ----------------------------------------------------------------------

    async def aclose(self) -> None:
        """Close the store, when the calls that were made have ended. It may be called twice.

        If this task is cancelled, a thread goes on with it.
        """
        pools = self._pools()
        pools.end()

        def close() -> None:
            pools.calls.join()
            self._store.close()
            pools.watches.join()

        await run_apart(close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"AsyncStore({self._store!r})"
