"""Arrays of zarr 3, and datasets of xarray, in any store."""

import asyncio
import builtins
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from functools import partial
from typing import Any, Self

from holdall import registry
from holdall.aio import AsyncStore
from holdall.aio.opening import Place
from holdall.aio.threads import run_apart
from holdall.bridges._folders import folder, list_names
from holdall.bridges._parts import read_part
from holdall.errors import Conflict, Unsupported
from holdall.extras import needs
from holdall.store import ABSENT, Store

with needs("zarr"):
    from zarr.abc import store as abc
    from zarr.core.buffer import Buffer, BufferPrototype
    from zarr.core.sync import sync


class HoldallStore(abc.Store):
    """``store``, a store of bytes or its address, as a store of zarr.

    If the store has RANGES, zarr reads a chunk of a shard without the rest of the shard. If it has SWAP,
    `set_if_not_exists` is one conditional write; otherwise zarr looks for the key first. The event loop of zarr never
    waits for the store. If the store can be pickled, other processes can use the arrays, for example workers of Dask.

    `close` closes the store only if it was given as an address.

    >>> import zarr
    >>> from holdall import Memory
    >>> below = Memory()
    >>> array = zarr.create_array(HoldallStore(below), name="t", shape=(4,), chunks=(2,), dtype="i4")
    >>> array[:] = 7
    >>> list(below)
    ['t/c/0', 't/c/1', 't/zarr.json', 'zarr.json']
    """

    # pyright takes a property only for one that `def` makes.
    supports_writes = property(lambda _: True)  # pyright: ignore[reportIncompatibleMethodOverride]
    supports_deletes = supports_listing = supports_writes  # pyright: ignore[reportIncompatibleMethodOverride]

    def __init__(self, store: AsyncStore[bytes] | Store[bytes] | Place, *, read_only: bool = False) -> None:
        super().__init__(read_only=read_only)
        self._owns = not isinstance(store, AsyncStore | Store)
        if not isinstance(store, AsyncStore):
            store = AsyncStore(store if isinstance(store, Store) else registry.open(store))
        self._store = store

    @classmethod
    async def open(cls, *args: Any, **options: Any) -> Self:
        """Return ``HoldallStore(*args, **options)``, which a thread makes."""
        store = await run_apart(partial(cls, *args, **options))
        await store._open()
        return store

    def with_read_only(self, read_only: bool = False) -> Self:
        """Return a HoldallStore of the same store with another ``read_only``."""
        return type(self)(self._store, read_only=read_only)

    def close(self) -> None:
        """Close the store if it was given as an address."""
        super().close()
        if self._owns:
            sync(self._store.aclose())

    async def get(
        self, key: str, prototype: BufferPrototype, byte_range: abc.ByteRequest | None = None
    ) -> Buffer | None:
        try:
            if byte_range is None:
                data = await self._store[key]
            else:
                data = await self._store.call(lambda store: read_part(store, key, byte_range))
        except KeyError:
            return None
        return prototype.buffer.from_bytes(data)

    async def get_partial_values(
        self, prototype: BufferPrototype, key_ranges: Iterable[tuple[str, abc.ByteRequest | None]]
    ) -> builtins.list[Buffer | None]:
        return await asyncio.gather(*(self.get(key, prototype, part) for key, part in key_ranges))

    async def exists(self, key: str) -> bool:
        return await self._store.contains(key)

    async def getsize(self, key: str) -> int:
        try:
            return await self._store.size(key)
        except KeyError:
            raise FileNotFoundError(key) from None

    def list(self) -> AsyncIterator[str]:
        return self._store.scan()

    def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        return self._store.scan(prefix)

    async def list_dir(self, prefix: str) -> AsyncIterator[str]:
        for name in await self._store.call(lambda store: list_names(store, folder(prefix))):
            yield name

    async def set(self, key: str, value: Buffer) -> None:
        self._check_writable()
        await self._store.set(key, value.to_bytes())

    async def set_if_not_exists(self, key: str, value: Buffer) -> None:
        self._check_writable()
        try:
            with suppress(Conflict):  # the key exists
                await self._store.swap(key, value.to_bytes(), ABSENT)
        except Unsupported:
            await super().set_if_not_exists(key, value)

    async def delete(self, key: str) -> None:
        self._check_writable()
        await self._store.discard(key)

    async def delete_dir(self, prefix: str) -> None:
        self._check_writable()
        await self._store.delete_prefix(folder(prefix))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, HoldallStore) or self.read_only != other.read_only:
            return False
        one, two = self._store.store, other._store.store
        with suppress(TypeError):  # a store that cannot be pickled only equals itself
            return one is two or one.__reduce__() == two.__reduce__()
        return False

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), read_only=self.read_only), (self._store.store,)

    def __repr__(self) -> str:
        return f"HoldallStore({self._store.store!r})"
