"""Tombstones: marks of the keys that may hold a hidden deletion, on stores without conditional deletes.

On such a store a deletion stays under its key, as a stamp without a value. A scan must leave it out without
reading every value. So before a deletion is written, its key is marked under ``.holdall/deleted/``. A mark is
never removed; it only says that the head must be read.
"""

from collections.abc import Iterator
from typing import TypeVar

from holdall.keys import RawKey
from holdall.middleware._reserved import Called, Reserved
from holdall.middleware.versions.stamp import is_deletion
from holdall.store import Store

T = TypeVar("T")

ROOT = ".holdall/deleted/"


class TombstoneMarks:
    """The marks of ``store``.

    >>> from holdall import Memory
    >>> TombstoneMarks(Memory()).add("a")
    """

    def __init__(self, store: Store[bytes]) -> None:
        self._store = store
        self._raw = Reserved(store, ROOT, lambda key: Called("the mark of a deletion", key))

    def add(self, key: str) -> None:
        """Mark ``key``; call this before a deletion is written to it."""
        self._raw[key] = b""

    def without_deletions(self, items: Iterator[tuple[str, T]], prefix: str) -> Iterator[tuple[str, T]]:
        """Yield ``items``, sorted by key, without those whose key holds a deletion. One more listing."""
        marks = self._raw.scan(prefix)
        mark = next(marks, None)
        for key, item in items:
            while mark is not None and mark < key:
                mark = next(marks, None)
            if mark != key or self._is_there(key):
                yield key, item

    def _is_there(self, key: str) -> bool:
        data = self._store.get(RawKey(key))
        return data is not None and not is_deletion(data)
