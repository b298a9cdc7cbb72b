"""py-key-value's protocol over any store, for FastMCP and other programs that keep their state by it."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from holdall.aio import AsyncStore
from holdall.bridges._entries import Entries
from holdall.extras import needs
from holdall.store import Store

if TYPE_CHECKING:
    from key_value.aio._utils.managed_entry import ManagedEntry

with needs("py-key-value"):
    from key_value.aio.stores.base import (
        BaseContextManagerStore,
        BaseCullStore,
        BaseDestroyCollectionStore,
        BaseDestroyStore,
        BaseEnumerateCollectionsStore,
        BaseEnumerateKeysStore,
    )

T = TypeVar("T")


class KeyValue(
    BaseContextManagerStore,
    BaseCullStore,
    BaseDestroyCollectionStore,
    BaseDestroyStore,
    BaseEnumerateCollectionsStore,
    BaseEnumerateKeysStore,
):
    """``store``, a store of bytes, as an ``AsyncKeyValue`` of py-key-value, with all of its optional protocols.

    Each entry is one value: the JSON document of py-key-value with the value, the collection, the key, and the times
    of its creation and expiry, under the key ``collection/key``, percent-encoded. An expired entry is missing at
    once, and takes up space until `cull`, which needs REMOVE. `collections` lists the keys of all collections.

    Threads encode and decode the values, so the event loop goes on between two values of a bulk operation. While Python
    encodes or decodes the JSON of a single value, no other thread runs: for about 20 ms per MB.

    `close` and ``async with`` close the store. As with all stores of py-key-value, the event loop is that of asyncio.

    >>> import asyncio
    >>> from holdall import Memory
    >>> async def main():
    ...     async with KeyValue(Memory()) as entries:
    ...         await entries.put("ann", {"role": "admin"}, collection="users", ttl=3600)
    ...         return await entries.get("ann", collection="users"), await entries.collections()
    >>> asyncio.run(main())
    ({'role': 'admin'}, ['users'])
    """

    def __init__(
        self, store: AsyncStore[bytes] | Store[bytes], *, default_collection: str | None = None
    ) -> None:
        super().__init__(default_collection=default_collection, stable_api=True)
        self._store = store if isinstance(store, AsyncStore) else AsyncStore(store)
        self._entries = Entries(self._store.store, self._serialization_adapter)

    async def _call(self, function: Callable[..., T], *args: Any) -> T:
        return await self._store.call(lambda _: function(*args))

    async def _setup(self) -> None:
        self._exit_stack.push_async_callback(self._store.aclose)

    async def _get_managed_entry(self, *, collection: str, key: str) -> "ManagedEntry | None":
        return await self._call(self._entries.get, collection, key)

    async def _get_managed_entries(
        self, *, collection: str, keys: Sequence[str]
    ) -> "list[ManagedEntry | None]":
        return await self._call(self._entries.get_many, collection, keys)

    async def _put_managed_entry(self, *, collection: str, key: str, managed_entry: "ManagedEntry") -> None:
        await self._call(self._entries.put, collection, key, managed_entry)

    async def _put_managed_entries(
        self, *, collection: str, keys: Sequence[str], managed_entries: "Sequence[ManagedEntry]", **times: Any
    ) -> None:
        await self._call(self._entries.put_many, collection, zip(keys, managed_entries, strict=True))

    async def _delete_managed_entry(self, *, key: str, collection: str) -> bool:
        return bool(await self._delete_managed_entries(keys=[key], collection=collection))

    async def _delete_managed_entries(self, *, keys: Sequence[str], collection: str) -> int:
        return await self._call(self._entries.delete_many, collection, keys)

    async def _get_collection_keys(self, *, collection: str, limit: int | None = None) -> list[str]:
        return await self._call(self._entries.keys, collection, limit)

    async def _get_collection_names(self, *, limit: int | None = None) -> list[str]:
        return await self._call(self._entries.collections, limit)

    async def _delete_collection(self, *, collection: str) -> bool:
        return await self._call(self._entries.delete_collection, collection)

    async def _delete_store(self) -> bool:
        await self._store.clear()
        return True

    async def _cull(self) -> None:
        await self._call(self._entries.cull)
