"""The operations of an asynchronous store that are a single call of the store."""

import inspect
from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from typing import Final, TypeVar, cast, overload

from holdall.aio.batches import each_batch
from holdall.aio.face import Face
from holdall.keys import Foreign
from holdall.store import MISSING, Feature, Missing, Operation, Tag, Tagged

V = TypeVar("V")
D = TypeVar("D")

_BATCH: Final = 128  # pairs that are written at once


class Calls(Face[V]):
    """The methods of `Store` that return one result, as coroutines."""

    # ---- Reading -------------------------------------------------------------------------------

    async def features(self) -> Feature:
        """Return the promises of the store."""
        return await self._run(lambda: self._store.features)

    async def info(self) -> dict[str, str]:
        """Return information about the store, for people."""
        return await self._run(self._store.info)

    async def __getitem__(self, key: str, /) -> V:
        """Return the value of ``key``, as in ``await store[key]``. Raises KeyError if ``key`` is missing."""
        return await self._run(self._store.__getitem__, key)

    # Without these, `in` and iteration would fall back to __getitem__, and never end.
    __contains__: None = None
    __iter__: None = None

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

    async def get_foreign(self, name: Foreign, /) -> V:
        """Return the value of ``name``, which `scan_names` of this store yielded."""
        return await self._run(self._store.get_foreign, name)

    async def at(self, key: str, revision: int, /) -> V:
        """Return the value of ``key`` at ``revision``. Needs HISTORY."""
        return await self._run(self._store.at, key, revision)

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
            async for batch in each_batch(items, _BATCH):
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

    async def remaining(self, key: str, /) -> float | None:
        """Return in how many seconds the value of ``key`` expires; None if it never does."""
        return await self._run(self._store.remaining, key)

    async def touch(self, key: str, ttl: float | None, /) -> None:
        """Let the value of ``key`` expire in ``ttl`` seconds from now, or never if that is None. Needs SWAP."""
        await self._run(self._store.touch, key, ttl)

    async def sweep(self, prefix: str = "") -> int:
        """Delete the expired values under ``prefix``, and return how many were deleted. Needs REMOVE."""
        return await self._run(self._store.sweep, prefix)
