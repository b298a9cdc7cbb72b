"""`AsyncStore`: the interface of `holdall.Store`, with a coroutine in the place of each method."""

import inspect
import time
from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypeVar, cast, overload

from holdall.aio.batches import each_batch
from holdall.aio.scan import AsyncChanges, AsyncScan
from holdall.aio.threads import Pools, run_apart
from holdall.batches import BATCH
from holdall.handles import PerProcess
from holdall.history import Revision
from holdall.keys import Foreign
from holdall.layer import below
from holdall.store import MISSING, Feature, Missing, Operation, Store, Tag, Tagged

if TYPE_CHECKING:
    from typing_extensions import TypeForm

V = TypeVar("V")
T = TypeVar("T")
D = TypeVar("D")

THREADS: Final = 16
"""The most calls of a store that run at the same time, unless its opener says otherwise."""

_WATCHING: Final = 4  # threads that wait in `Store.watch`
_SLICE: Final = 5.0  # seconds after which a `watch` gives its thread to the next one that waits
_VALUES: Final = 128  # the most rows of a page with values
_REVISIONS: Final = 16  # the most revisions of a page: each may cost a request


class AsyncStore(Generic[V]):
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

    def __init__(self, store: Store[V], *, threads: int = THREADS) -> None:
        if threads < 1:
            raise ValueError(f"threads={threads} is not a number of threads; give 1 or more")
        self._store = below(store, AsyncStore)
        self._pools = PerProcess(lambda: Pools(threads, _WATCHING))

    @property
    def store(self) -> Store[V]:
        """The store whose methods the threads call."""
        return self._store

    async def call(self, function: Callable[[Store[V]], T], /) -> T:
        """Return ``function(store)``, called in a thread, for example of a query or of several steps."""
        return await self._run(function, self._store)

    async def _run(self, function: Callable[..., T], /, *args: Any, **options: Any) -> T:
        return await self._pools().calls.run(function, *args, **options)

    def _scan(self, start: Callable[[], Iterator[T]], most: int) -> AsyncScan[T]:
        return AsyncScan(self._pools(), start, most)

    # ---- Reading -------------------------------------------------------------------------------

    async def features(self) -> Feature:
        """Return the promises of the store."""
        return await self._run(lambda: self._store.features)

    async def __getitem__(self, key: str, /) -> V:
        """Return the value of ``key``, as in ``await store[key]``. Raises KeyError if ``key`` is missing."""
        return await self._run(self._store.__getitem__, key)

    @overload
    async def get(self, key: str, /) -> V | None: ...
    @overload
    async def get(self, key: str, /, default: V) -> V: ...
    @overload
    async def get(self, key: str, /, default: D) -> V | D: ...
    async def get(self, key: str, /, default: object = None) -> object:
        """Return the value of ``key``, or ``default`` if it is missing."""
        return await self._run(cast(Callable[..., object], self._store.get), key, default)

    async def contains(self, key: str, /) -> bool:
        """Return whether ``key`` exists."""
        return await self._run(self._store.__contains__, key)

    async def count(self) -> int:
        """Return the number of keys. This lists the store."""
        return await self._run(self._store.__len__)

    async def read(self, key: str, /, start: int = 0, length: int | None = None) -> bytes:
        """Return ``store[key][start:][:length]`` without reading the rest of the value. Needs RANGES."""
        return await self._run(self._store.read, key, start, length)

    async def size(self, key: str, /) -> int:
        """Return how many bytes the value of ``key`` has. Raises KeyError if ``key`` is missing."""
        return await self._run(self._store.size, key)

    def get_many(self, keys: Iterable[str], /) -> AsyncScan[tuple[str, V]]:
        """Yield ``(key, value)`` for each of ``keys`` that exists, in their order.

        A thread reads ``keys``, a page ahead.
        """
        return self._scan(lambda: self._store.get_many(keys), _VALUES)

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> AsyncScan[str]:
        """Yield the keys that begin with ``prefix``, from ``start`` on and before ``stop``, in order."""
        return self._scan(partial(self._store.scan, prefix, start=start, stop=stop), BATCH)

    def __aiter__(self) -> AsyncScan[str]:
        return self.scan()

    def scan_items(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> AsyncScan[tuple[str, V]]:
        """Yield keys and values in the order of `scan`."""
        return self._scan(partial(self._store.scan_items, prefix, start=start, stop=stop), _VALUES)

    def scan_tags(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> AsyncScan[tuple[str, Tag]]:
        """Yield keys and tags in the order of `scan`, without reading values. Needs TAGS."""
        return self._scan(partial(self._store.scan_tags, prefix, start=start, stop=stop), BATCH)

    def scan_names(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> AsyncScan[str]:
        """Yield the keys of `scan`, and among them the foreign names: see `Store.scan_names`."""
        return self._scan(partial(self._store.scan_names, prefix, start=start, stop=stop), BATCH)

    async def get_foreign(self, name: Foreign, /) -> V:
        """Return the value of ``name``, which `scan_names` of this store yielded."""
        return await self._run(self._store.get_foreign, name)

    def typed(self, type: "TypeForm[T]", /) -> "AsyncStore[T]":
        """Return a read-only view that decodes only the part of each document that ``type`` declares."""
        return self._view(self._store.typed(type))

    def _view(self, store: Store[T]) -> "AsyncStore[T]":
        """Return ``store``, a view of the store, with the same threads."""
        view = AsyncStore(store)
        view._pools = self._pools
        return view

    # ---- Writing -------------------------------------------------------------------------------

    async def set(self, key: str, value: V, /, *, ttl: float | None = None) -> None:
        """Set ``key`` to ``value``, completely or not at all. The value is durable when this returns.

        With ``ttl``, it expires after that many seconds. Raises Unsupported if no layer `Expires` lets values
        expire.
        """
        if ttl is None:
            await self._run(self._store.__setitem__, key, value)
        else:
            await self._run(lambda: self._store.lasting(ttl).__setitem__(key, value))

    async def delete(self, key: str, /) -> None:
        """Delete ``key``. Raises KeyError if ``key`` is missing."""
        await self._run(self._store.__delitem__, key)

    async def discard(self, key: str, /) -> None:
        """Delete ``key`` if it exists."""
        await self._run(self._store.discard, key)

    async def update(
        self, items: Mapping[str, V] | Iterable[tuple[str, V]] | AsyncIterable[tuple[str, V]], /
    ) -> None:
        """Write every pair of ``items``. The batch may be written in part, for example if this is cancelled.

        A thread reads ``items`` while it writes. If ``items`` is asynchronous, such as a scan of another store, this
        task reads it, and a thread writes 128 pairs at a time.
        """
        if isinstance(items, AsyncIterable):
            async for batch in each_batch(items, _VALUES):
                await self._run(self._store.set_many, batch)
        else:
            await self._run(self._store.update, items)

    async def delete_many(self, keys: Iterable[str], /) -> None:
        """Delete those of ``keys`` that exist. A thread reads ``keys``."""
        await self._run(self._store.delete_many, keys)

    async def delete_prefix(self, prefix: str, /) -> None:
        """Delete every key that ``scan(prefix)`` yields. An empty prefix deletes every key."""
        await self._run(self._store.delete_prefix, prefix)

    async def clear(self) -> None:
        """Delete every key that a scan yields."""
        await self._run(self._store.clear)

    # ---- Compare-and-swap ----------------------------------------------------------------------

    async def get_tagged(self, key: str, /) -> Tagged[V]:
        """Return the value of ``key`` and its tag, read together. Needs TAGS."""
        return await self._run(self._store.get_tagged, key)

    async def tag(self, key: str, /) -> Tag:
        """Return the tag of ``key``, or ABSENT if it is missing. Needs TAGS."""
        return await self._run(self._store.tag, key)

    async def swap(self, key: str, value: V, /, expected: Tag) -> Tag:
        """Write ``value`` if ``key`` still has the tag ``expected``, and return the new tag. Needs SWAP."""
        return await self._run(self._store.swap, key, value, expected)

    async def remove(self, key: str, /, expected: Tag) -> None:
        """Delete ``key`` if it still has the tag ``expected``. Needs REMOVE."""
        await self._run(self._store.remove, key, expected)

    async def transact(self, changes: Iterable[Operation[V]], /) -> None:
        """Apply all of ``changes`` or none of them. Needs ATOMIC."""
        await self._run(self._store.transact, changes)

    async def modify(self, key: str, function: Callable[[V], V], /, default: V | Missing = MISSING) -> V:
        """Replace the value of ``key`` by ``function(value)``, and return the new value. Needs SWAP.

        ``function`` runs in a thread, and again each time another writer was first. Raises TypeError if it is a
        coroutine function. To await between the read and the write, use `get_tagged` and `swap`.
        """
        if inspect.iscoroutinefunction(function):
            raise TypeError(
                "modify takes a function that does not await; to await between the read and the write, "
                "use get_tagged and swap"
            )
        return await self._run(self._store.modify, key, function, default)

    @overload
    async def pop(self, key: str, /) -> V: ...
    @overload
    async def pop(self, key: str, /, default: V) -> V: ...
    @overload
    async def pop(self, key: str, /, default: D) -> V | D: ...
    async def pop(self, key: str, /, default: object = MISSING) -> object:
        """Delete ``key`` and return exactly the value that was deleted. Needs REMOVE.

        If ``key`` is missing, this returns ``default``; without a default, it raises KeyError.
        """
        return await self._run(cast(Callable[..., object], self._store.pop), key, default)

    async def popitem(self) -> tuple[str, V]:
        """Delete the first key and return it with its value. Needs REMOVE."""
        return await self._run(self._store.popitem)

    async def setdefault(self, key: str, default: V, /) -> V:
        """Return the value of ``key``; if ``key`` is missing, first set it to ``default``. Needs SWAP."""
        return await self._run(self._store.setdefault, key, default)

    # ---- Expiry --------------------------------------------------------------------------------

    async def lasting(self, ttl: float | None, /) -> "AsyncStore[V]":
        """Return the same store, but values that are written through it expire after ``ttl`` seconds."""
        return self._view(await self._run(self._store.lasting, ttl))

    async def remaining(self, key: str, /) -> float | None:
        """Return in how many seconds the value of ``key`` expires; None if it never does."""
        return await self._run(self._store.remaining, key)

    async def touch(self, key: str, ttl: float | None, /) -> None:
        """Let the value of ``key`` expire in ``ttl`` seconds from now, or never if that is None. Needs SWAP."""
        await self._run(self._store.touch, key, ttl)

    async def sweep(self, prefix: str = "") -> int:
        """Delete the expired values under ``prefix``, and return how many were deleted. Needs REMOVE."""
        return await self._run(self._store.sweep, prefix)

    # ---- History and changes -------------------------------------------------------------------

    def history(self, key: str, /) -> AsyncScan[Revision]:
        """Yield the revisions of ``key``, newest first. Needs HISTORY.

        Their authors, messages and ids are read already, up to 16 revisions ahead. Raises KeyError at the first
        revision if ``key`` never existed.
        """
        return self._scan(lambda: map(_read_whole, self._store.history(key)), _REVISIONS)

    async def at(self, key: str, revision: int, /) -> V:
        """Return the value of ``key`` at ``revision``. Needs HISTORY."""
        return await self._run(self._store.at, key, revision)

    async def as_of(self, time: datetime, /) -> "AsyncStore[V]":
        """Return a read-only view of the store as it was at ``time``. Needs HISTORY."""
        return self._view(await self._run(self._store.as_of, time))

    async def changes(self, since: str | None = None, *, prefix: str = "") -> AsyncChanges:
        """Return the keys under ``prefix`` that changed since the position ``since``. Needs CHANGES.

        Read them with ``async for change in await store.changes(since)``.
        """
        changes = await self._run(self._store.changes, since, prefix=prefix)
        return AsyncChanges(self._pools(), changes, BATCH)

    async def watch(self, since: str, *, prefix: str = "", timeout: float | None = None) -> bool:
        """Wait until a key under ``prefix`` changes after the position ``since``. Needs CHANGES.

        Returns False after ``timeout`` seconds, or when the store is closed. Up to four tasks are told of a change
        at once. If more tasks watch the store, they take turns of five seconds.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        threads = self._pools().watches
        while not threads.ending:
            rest = _SLICE if deadline is None else max(0.0, min(_SLICE, deadline - time.monotonic()))
            if await threads.run(self._store.watch, since, prefix=prefix, timeout=rest):
                return True
            if deadline is not None and time.monotonic() >= deadline:
                break
        return False

    # ---- The store itself ----------------------------------------------------------------------

    async def info(self) -> dict[str, str]:
        """Return information about the store, for people."""
        return await self._run(self._store.info)

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


def _read_whole(revision: Revision) -> Revision:
    """Return ``revision`` with its note and id, which may cost a request."""
    note, id = revision.note, revision.id
    return Revision(revision.number, revision.time, revision.deleted, lambda: note, lambda: id)
