"""The newest value of every key: reads of a store of stamped values, at the cost of plain reads."""

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from holdall.changes import Changes
from holdall.keys import Foreign
from holdall.layer import Wrapper, with_foreign
from holdall.middleware.versions.stamp import SIZES, is_deletion, strip, strip_items
from holdall.middleware.versions.tombstones import TombstoneMarks
from holdall.store import MISSING, Feature, Missing, Store, Tag, Tagged

T = TypeVar("T")


class StampedReads(Wrapper[bytes, bytes]):
    """Reads ``store`` without the stamps; values that were written without versions are returned unchanged.

    If the store has no conditional deletes, deletions stay under their keys, and this class leaves them out.
    """

    def __init__(self, store: Store[bytes]) -> None:
        super().__init__(store)
        self._store = store
        self._tombstones = TombstoneMarks(store)
        self._hiding: bool | None = None  # None: not known yet, as the features may cost a request

    def _hides(self) -> bool:
        if self._hiding is None:
            self._hiding = not self._store.features & (Feature.REMOVE | Feature.ATOMIC)
        return self._hiding

    def __getitem__(self, key: str, /) -> bytes:
        data = self._store[key]
        size = SIZES.get(data[:7])  # not strip(), to save a call on the hottest path
        return data[size:] if size is not None and size <= len(data) else strip(key, data)

    def _find(self, key: str, /) -> bytes | Missing:
        data = self._store._find(key)
        return MISSING if data is MISSING or is_deletion(data) else strip(key, data)

    def get_tagged(self, key: str, /) -> Tagged[bytes]:
        data, tag = self._store.get_tagged(key)
        return Tagged(strip(key, data), tag)

    def tag(self, key: str, /) -> Tag:
        return super().tag(key) if self._hides() else self._store.tag(key)

    def __contains__(self, key: object, /) -> bool:
        if self._hides():
            return super().__contains__(key)
        return key in self._store

    def __len__(self) -> int:
        return super().__len__() if self._hides() else len(self._store)

    def __bool__(self) -> bool:
        return super().__bool__() if self._hides() else bool(self._store)

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        keys = self._store.scan(prefix, start=start, stop=stop)
        if not self._hides():
            return keys
        pairs = self._tombstones.without_deletions(((key, key) for key in keys), prefix)
        return (key for key, _ in pairs)

    def scan_tags(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, Tag]]:
        tags = self._store.scan_tags(prefix, start=start, stop=stop)
        return self._tombstones.without_deletions(tags, prefix) if self._hides() else tags

    def changes(self, since: str | None = None, *, prefix: str = "") -> Changes:
        changes = self._store.changes(since, prefix=prefix)
        return changes.retag(self.tag, since) if self._hides() else changes

    def watch(self, since: str, *, prefix: str = "", timeout: float | None = None) -> bool:
        return self._store.watch(since, prefix=prefix, timeout=timeout)

    def scan_items(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, bytes]]:
        return strip_items(self._store.scan_items(prefix, start=start, stop=stop))

    def scan_names(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        bounds: dict[str, Any] = {"start": start, "stop": stop}
        if not self._hides():
            return self._store.scan_names(prefix, **bounds)
        return with_foreign(self.scan(prefix, **bounds), self._store.scan_names(prefix, **bounds))

    def get_foreign(self, name: Foreign, /) -> bytes:
        return self._store.get_foreign(name)

    def get_many(self, keys: Iterable[str], /) -> Iterator[tuple[str, bytes]]:
        return strip_items(self._store.get_many(keys))
