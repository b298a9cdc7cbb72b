"""py-key-value's protocol over any store, for FastMCP and other programs that keep their state by it."""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any, Final

from holdall.aio import AsyncStore
from holdall.bridges._names import decode, encode, join
from holdall.errors import Conflict
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

_FIELDS: Final = ("collection", "key")


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
        self._store = store if isinstance(store, AsyncStore) else AsyncStore(store)
        super().__init__(default_collection=default_collection, stable_api=True)

    async def _setup(self) -> None:
        self._exit_stack.push_async_callback(self._store.aclose)

    async def _get_managed_entry(self, *, collection: str, key: str) -> "ManagedEntry | None":
        data = await self._store.get(join(collection, key))
        return None if data is None else self._load(data)

    async def _get_managed_entries(
        self, *, collection: str, keys: Sequence[str]
    ) -> "list[ManagedEntry | None]":
        names = [join(collection, key) for key in keys]
        found = {name: self._load(data) async for name, data in self._store.get_many(names)}
        return [found.get(name) for name in names]

    async def _put_managed_entry(self, *, collection: str, key: str, managed_entry: "ManagedEntry") -> None:
        await self._store.set(join(collection, key), self._dump(collection, key, managed_entry))

    async def _put_managed_entries(
        self, *, collection: str, keys: Sequence[str], managed_entries: "Sequence[ManagedEntry]", **times: Any
    ) -> None:
        entries = zip(keys, managed_entries, strict=True)
        rows = [(join(collection, key), self._dump(collection, key, entry)) for key, entry in entries]
        await self._store.update(rows)

    async def _delete_managed_entry(self, *, key: str, collection: str) -> bool:
        return bool(await self._delete_managed_entries(keys=[key], collection=collection))

    async def _delete_managed_entries(self, *, keys: Sequence[str], collection: str) -> int:
        return await self._store.call(lambda store: _delete(store, [join(collection, key) for key in keys]))

    async def _get_collection_keys(self, *, collection: str, limit: int | None = None) -> list[str]:
        names = await self._store.call(
            lambda store: list(islice(store.scan(f"{encode(collection)}/"), limit))
        )
        return await self._store.call(lambda store: [_read(store, name, 1) for name in names])

    async def _get_collection_names(self, *, limit: int | None = None) -> list[str]:
        return await self._store.call(lambda store: list(islice(_collections(store), limit)))

    async def _delete_collection(self, *, collection: str) -> bool:
        keys = await self._store.call(lambda store: list(store.scan(f"{encode(collection)}/")))
        await self._store.delete_many(keys)
        return bool(keys)

    async def _delete_store(self) -> bool:
        await self._store.clear()
        return True

    async def _cull(self) -> None:
        await self._store.call(self._cull_all)

    def _cull_all(self, store: Store[bytes]) -> None:
        for name, data in store.scan_items():
            if self._load(data).is_expired:
                with suppress(KeyError, Conflict):  # another writer was first
                    value, tag = store.get_tagged(name)
                    if self._load(value).is_expired:
                        store.remove(name, tag)

    def _load(self, data: bytes) -> "ManagedEntry":
        return self._serialization_adapter.load_json(json_str=data.decode())

    def _dump(self, collection: str, key: str, entry: "ManagedEntry") -> bytes:
        return self._serialization_adapter.dump_json(entry=entry, key=key, collection=collection).encode()


def _read(store: Store[bytes], name: str, index: int) -> str:
    """Return the collection (0) or the key (1) of the entry ``name``; "" if its text is long and it was deleted."""
    text = decode(name.split("/")[index])
    return json.loads(store.get(name, b"{}")).get(_FIELDS[index], "") if text is None else text


def _collections(store: Store[bytes]) -> Iterator[str]:
    for _, names in groupby(store.scan(), lambda name: name.split("/")[0]):
        yield _read(store, next(names), 0)


def _delete(store: Store[bytes], names: list[str]) -> int:
    """Delete ``names``, and return how many of them existed."""
    count = 0
    for name in names:
        with suppress(KeyError):
            del store[name]
            count += 1
    return count
