"""The entries of py-key-value in a store, for `KeyValue`, which makes these calls in threads."""

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import groupby, islice
from typing import TYPE_CHECKING, Final

from holdall.bridges._names import decode, encode, join
from holdall.errors import Conflict
from holdall.store import Store

if TYPE_CHECKING:
    from key_value.aio._utils.managed_entry import ManagedEntry
    from key_value.aio._utils.serialization import SerializationAdapter

_FIELDS: Final = ("collection", "key")


class Entries:
    """The entries in ``store``, which ``adapter`` loads and dumps as JSON documents."""

    def __init__(self, store: Store[bytes], adapter: "SerializationAdapter") -> None:
        self._store = store
        self._adapter = adapter

    def get(self, collection: str, key: str) -> "ManagedEntry | None":
        data = self._store.get(join(collection, key))
        return None if data is None else self._load(data)

    def get_many(self, collection: str, keys: Sequence[str]) -> "list[ManagedEntry | None]":
        names = [join(collection, key) for key in keys]
        found = {name: self._load(data) for name, data in self._store.get_many(names)}
        return [found.get(name) for name in names]

    def put(self, collection: str, key: str, entry: "ManagedEntry") -> None:
        self._store[join(collection, key)] = self._dump(collection, key, entry)

    def put_many(self, collection: str, entries: "Iterable[tuple[str, ManagedEntry]]") -> None:
        """Write ``entries``, or none of them if one cannot be dumped."""
        self._store.update(
            [(join(collection, key), self._dump(collection, key, entry)) for key, entry in entries]
        )

    def delete_many(self, collection: str, keys: Iterable[str]) -> int:
        """Delete the entries of ``keys``, and return how many of them existed."""
        count = 0
        for key in keys:
            with suppress(KeyError):
                del self._store[join(collection, key)]
                count += 1
        return count

    def keys(self, collection: str, limit: int | None) -> list[str]:
        names = list(islice(self._store.scan(_folder(collection)), limit))
        return [self._read(name, 1) for name in names]

    def collections(self, limit: int | None) -> list[str]:
        groups = groupby(self._store.scan(), lambda name: name.split("/")[0])
        return [self._read(next(names), 0) for _, names in islice(groups, limit)]

    def delete_collection(self, collection: str) -> bool:
        """Delete every entry of ``collection``, and return whether there was one."""
        names = list(self._store.scan(_folder(collection)))
        self._store.delete_many(names)
        return bool(names)

    def cull(self) -> None:
        """Delete the expired entries. Needs REMOVE."""
        for name, data in self._store.scan_items():
            if self._load(data).is_expired:
                with suppress(KeyError, Conflict):  # another writer was first
                    value, tag = self._store.get_tagged(name)
                    if self._load(value).is_expired:
                        self._store.remove(name, tag)

    def _read(self, name: str, index: int) -> str:
        """Return the collection (0) or the key (1) of ``name``; "" if its text is long and it was deleted."""
        text = decode(name.split("/")[index])
        return json.loads(self._store.get(name, b"{}")).get(_FIELDS[index], "") if text is None else text

    def _load(self, data: bytes) -> "ManagedEntry":
        return self._adapter.load_json(json_str=data.decode())

    def _dump(self, collection: str, key: str, entry: "ManagedEntry") -> bytes:
        return self._adapter.dump_json(entry=entry, key=key, collection=collection).encode()


def _folder(collection: str) -> str:
    return f"{encode(collection)}/"
