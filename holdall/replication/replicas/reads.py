"""The reads of a layer that goes to replicas if the primary does not answer."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import TypeVar, cast

from holdall.errors import Unavailable
from holdall.middleware.passthrough import PassThrough
from holdall.replication.replicas.failover import Failover
from holdall.store import ABSENT, Missing, Store, Tag, Tagged

V = TypeVar("V")
T = TypeVar("T")


class Reads(PassThrough[V]):
    """Forwards reads to ``primary``, or by a `Failover` to ``others``. It does not change other operations."""

    def __init__(
        self, primary: Store[V], others: tuple[Store[V], ...], *, allows: bool, timeout: float | None
    ) -> None:
        super().__init__(primary)
        self._failover = Failover(primary, others, allows=allows, timeout=timeout)

    # ---- One key -----------------------------------------------------------------------------------------

    def __getitem__(self, key: str, /) -> V:
        if self._failover.active:
            return self._failover.read(lambda store: store[key], key)
        try:
            return self._inner[key]
        except Unavailable as error:
            return self._failover.read(lambda store: store[key], key, error)

    def _find(self, key: str, /) -> V | Missing:
        if self._failover.active:
            return self._failover.read(lambda store: store._find(key), key)
        try:
            return self._inner._find(key)
        except Unavailable as error:
            return self._failover.read(lambda store: store._find(key), key, error)

    def __contains__(self, key: object, /) -> bool:
        if self._failover.active:
            return self._failover.read(lambda store: key in store, str(key))
        try:
            return key in self._inner
        except Unavailable as error:
            return self._failover.read(lambda store: key in store, str(key), error)

    def __len__(self) -> int:
        return self._failover.read(len, "len")

    def __bool__(self) -> bool:
        return self._failover.read(bool, "bool")

    def get_tagged(self, key: str, /) -> Tagged[V]:
        if self._failover.active:
            return self._failover.read(lambda store: self._get_tagged(store, key), key)
        try:
            return self._inner.get_tagged(key)
        except Unavailable as error:
            return self._failover.read(lambda store: self._get_tagged(store, key), key, error)

    def _get_tagged(self, store: Store[V], key: str) -> Tagged[V]:
        value, tag = store.get_tagged(key)
        return Tagged(value, self._tag(store, tag))

    def tag(self, key: str, /) -> Tag:
        if self._failover.active:
            return self._failover.read(lambda store: self._tag(store, store.tag(key)), key)
        try:
            return self._inner.tag(key)
        except Unavailable as error:
            return self._failover.read(lambda store: self._tag(store, store.tag(key)), key, error)

    def _tag(self, store: Store[V], tag: Tag) -> Tag:
        """Return ``tag`` so that no swap at the primary succeeds with it by chance, if it is of a replica."""
        return tag if store is self._inner or tag == ABSENT else Tag(f"replica {tag}")

    def read(self, key: str, /, start: int = 0, length: int | None = None) -> bytes:
        return self._failover.read(lambda store: store.read(key, start, length), key)

    def size(self, key: str, /) -> int:
        return self._failover.read(lambda store: store.size(key), key)

    # ---- Many keys -----------------------------------------------------------------------------

    def get_many(self, keys: Iterable[str], /) -> Iterator[tuple[str, V]]:
        taken = _Taken(keys)
        found = self._stream(lambda store: store.get_many(taken.again()), "get_many")
        return chain.from_iterable(taken.forgetting(found))

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return self._stream(lambda store: store.scan(prefix, start=start, stop=stop), prefix)

    def __iter__(self) -> Iterator[str]:
        return self._stream(iter, "")

    def scan_items(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, V]]:
        return self._stream(lambda store: store.scan_items(prefix, start=start, stop=stop), prefix)

    def scan_tags(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, Tag]]:
        def ask(store: Store[V]) -> Iterator[tuple[str, Tag]]:
            found = store.scan_tags(prefix, start=start, stop=stop)
            if store is self._inner:
                return found
            return ((key, self._tag(store, tag)) for key, tag in found)

        return self._stream(ask, prefix)

    def _stream(self, ask: Callable[[Store[V]], Iterator[T]], what: str) -> Iterator[T]:
        """Return what ``ask`` yields of the first store that yields its first item, or nothing."""
        first = ask(self._inner)  # it refuses a wrong argument at once

        def begin(store: Store[V]) -> Iterator[T]:
            return _begun(first if store is self._inner else ask(store))

        def parts() -> Iterator[Iterator[T]]:
            yield self._failover.read(begin, what, timed=False)

        return chain.from_iterable(parts())


def _begun(items: Iterator[T]) -> Iterator[T]:
    """Ask for the first item, and return all items."""
    for first in items:
        return chain((first,), items)
    return cast(Iterator[T], iter(()))


class _Taken:
    """Keys that can be iterated again, until `forgetting` yields."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._rest = iter(keys)
        self._taken: list[str] | None = []

    def again(self) -> Iterator[str]:
        """Yield the keys that were taken, and then the others."""
        yield from self._taken or ()
        for key in self._rest:
            if self._taken is not None:
                self._taken.append(key)
            yield key

    def forgetting(self, found: Iterator[T]) -> Iterator[Iterator[T]]:
        """Yield ``found`` in two parts, and forget the keys after its first item."""
        yield islice(found, 1)
        self._taken = None
        yield found
