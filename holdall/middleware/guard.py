"""The layer that compares a stack with its store's manifest, once, when the store is first used."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar, cast

from holdall.errors import Conflict, Mismatch, Unsupported
from holdall.layer import below, layers
from holdall.middleware.manifest import RECORD, Manifest, create, read_manifest, record
from holdall.middleware.passthrough import PassThrough
from holdall.middleware.prefix import Prefix
from holdall.store import MISSING, Feature, Missing, Operation, Store, Tag

V = TypeVar("V")


class Guard(PassThrough[V]):
    """Checks that the manifest of ``store`` matches ``manifest``; if not, every operation raises Mismatch.

    The first operation reads the manifest, which costs one request. If there is none, the first write checks
    whether the store (or the part of it under a prefix) is empty, and if so records ``manifest`` there. If
    other programs wrote data without a manifest, the data can be used and no manifest is recorded; with
    ``required`` this raises Mismatch instead. If only the schema differs, only writes raise Mismatch. After a
    Mismatch every operation raises it again until the store's manifest has changed. `raw`, `close`,
    `features` and `info` are not guarded. A store that keeps no records (an HTTP service that does not show
    reserved keys) has no manifest.

    After the first operations, each operation costs as much as in the store below.

    >>> from holdall import Json, Memory
    >>> below = Memory()
    >>> Json(Guard(below, Manifest(("serializer=json",))))["a"] = 1
    >>> Guard(below, Manifest(("serializer=yaml",)))["a"]
    Traceback (most recent call last):
      ...
    holdall.errors.Mismatch: Memory() was written with serializer=json and is opened with serializer=yaml; ...
    """

    def __init__(self, store: Store[V], manifest: Manifest, *, required: bool = False) -> None:
        self._store = below(store, Guard)
        self.manifest = manifest
        self._required = required
        self._seen: Manifest | None = None

    # Each is computed once as a cached property, and is a plain attribute from then on.

    @cached_property
    def _inner(self) -> Store[V]:  # type: ignore[override]
        """The store. The first use compares its manifest, and raises Mismatch if it does not match."""
        self._seen = self._read()
        if self._seen is None and self._required and not self._is_empty():
            raise Mismatch(f"{self._below!r} has data, but no manifest; {RECORD}")
        if self._seen is not None and not self.manifest.reads(self._seen):
            raise self._mismatch(self._seen)
        return self._store

    @cached_property
    def _writable(self) -> Store[V]:
        """The store, for writes. The first use records the manifest, or compares it."""
        store = self._inner
        seen = self._seen or (self._record() if self._is_empty() else self._read())
        if seen is not None and not self.manifest.writes(seen):
            raise self._mismatch(seen)
        return store

    def _read(self) -> Manifest | None:
        """Return the manifest of the store; None if it has none, or keeps no records unless one is required."""
        try:
            return read_manifest(self._store)
        except Unsupported:
            if self._required:
                raise
            return None

    def _record(self) -> Manifest | None:
        """Record the manifest, unless another writer was faster; return the one that is recorded then."""
        with suppress(Unsupported):
            return self._create()
        return None

    def _create(self) -> Manifest | None:
        if Feature.SWAP not in self._store.features:
            record(self._store, self.manifest)
            return self.manifest
        try:
            create(self._store, self.manifest)
        except Conflict:
            return read_manifest(self._store)
        return self.manifest

    def _is_empty(self) -> bool:
        """Whether the lowest store is empty, or the part of it under the prefix of a `Prefix` layer."""
        prefixes = (layer for layer in layers(self._store) if isinstance(layer, Prefix))
        return not next(prefixes, self._below)

    @property
    def _below(self) -> Store[object]:
        return list(layers(self._store))[-1]

    def _mismatch(self, recorded: Manifest) -> Mismatch:
        return Mismatch(
            f"{self._below!r} was written with {recorded} but is opened with {self.manifest}; "
            "name the layers that it was written with in its address, or convert it to another store with "
            f"`holdall convert`; if the record is wrong, {RECORD}"
        )

    # ---- Writes: PassThrough forwards all other operations through _inner ----------------------------

    def __setitem__(self, key: str, value: V, /) -> None:
        self._writable[key] = value

    def set_many(self, items: Iterable[tuple[str, V]], /) -> None:
        self._writable.set_many(items)

    def swap(self, key: str, value: V, /, expected: Tag) -> Tag:
        return self._writable.swap(key, value, expected)

    def open(self, key: str, /, mode: str = "rb", *, expected: Tag | None = None) -> Any:
        store = self._inner if mode == "rb" else self._writable
        return store.open(key, cast(Any, mode), expected=expected)

    def transact(self, changes: Iterable[Operation[V]], /) -> None:
        self._writable.transact(changes)

    def modify(self, key: str, function: Callable[[V], V], /, default: V | Missing = MISSING) -> V:
        return self._writable.modify(key, function, default)

    def _setdefault(self, key: str, default: V, /) -> V:
        return self._writable._setdefault(key, default)

    def lasting(self, ttl: float | None, /) -> Store[V]:
        return self._writable.lasting(ttl)

    def _expiring(self, deadline: Callable[[], float | None], /) -> Store[V]:
        return self._writable._expiring(deadline)

    def as_of(self, time: datetime, /) -> Store[V]:
        return self._inner.as_of(time)  # its manifest is compared already, so it needs no guard of its own

    # ---- Operations that need no manifest ----------------------------------------------------------

    @property
    def inner(self) -> Store[V]:
        return self._store

    @property
    def features(self) -> Feature:
        return self._store.features

    def raw(self, prefix: str = "") -> Store[bytes]:
        return self._store.raw(prefix)

    def info(self) -> dict[str, str]:
        return self._store.info()

    def close(self) -> None:
        self._store.close()
