"""A store that can be read but not written."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, cast

from holdall.changes import Changes
from holdall.errors import PermissionDenied
from holdall.history import Revision
from holdall.keys import Foreign
from holdall.layer import Wrapper
from holdall.prefixed import Raw
from holdall.store import MISSING, Feature, Missing, Operation, Store, Tag, Tagged

if TYPE_CHECKING:
    from typing_extensions import TypeForm

V = TypeVar("V")
T = TypeVar("T")

_READS = (
    Feature.SEEK
    | Feature.BATCH
    | Feature.TAGS
    | Feature.UNIQUE_TAGS
    | Feature.HISTORY
    | Feature.CHANGES
    | Feature.SHARED
    | Feature.DURABLE
    | Feature.RANGES
    | Feature.STREAMS
)


class ReadOnly(Wrapper[V, V]):
    """Reads ``store``; every write raises PermissionDenied before it reaches the store.

    The class forwards only the reads, each explicitly. So if the interface gets a new write operation, this
    layer refuses it too.

    >>> from holdall import Memory
    >>> ReadOnly(Memory())["a"] = b"1"
    Traceback (most recent call last):
      ...
    holdall.errors.PermissionDenied: 'a' cannot be written: Memory() was opened read-only
    """

    def __getitem__(self, key: str, /) -> V:
        return self._inner[key]

    def _find(self, key: str, /) -> V | Missing:
        return self._inner._find(key)

    def __contains__(self, key: object, /) -> bool:
        return key in self._inner

    def __len__(self) -> int:
        return len(self._inner)

    def __bool__(self) -> bool:
        return bool(self._inner)

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return self._inner.scan(prefix, start=start, stop=stop)

    def scan_items(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, V]]:
        return self._inner.scan_items(prefix, start=start, stop=stop)

    def scan_tags(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, Tag]]:
        return self._inner.scan_tags(prefix, start=start, stop=stop)

    def scan_names(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return self._inner.scan_names(prefix, start=start, stop=stop)

    def get_foreign(self, name: Foreign, /) -> V:
        return self._inner.get_foreign(name)

    def get_many(self, keys: Iterable[str], /) -> Iterator[tuple[str, V]]:
        return self._inner.get_many(keys)

    def get_tagged(self, key: str, /) -> Tagged[V]:
        return self._inner.get_tagged(key)

    def tag(self, key: str, /) -> Tag:
        return self._inner.tag(key)

    def read(self, key: str, /, start: int = 0, length: int | None = None) -> bytes:
        return self._inner.read(key, start, length)

    def open(self, key: str, /, mode: str = "rb", *, expected: Tag | None = None) -> Any:
        if mode != "rb":
            self._refuse(repr(key))
        return self._inner.open(key, expected=cast(None, expected))

    def size(self, key: str, /) -> int:
        return self._inner.size(key)

    def history(self, key: str, /) -> Iterator[Revision]:
        return self._inner.history(key)

    def at(self, key: str, revision: int, /) -> V:
        return self._inner.at(key, revision)

    def remaining(self, key: str, /) -> float | None:
        return self._inner.remaining(key)

    def as_of(self, time: datetime, /) -> Store[V]:
        return ReadOnly(self._inner.as_of(time))

    def changes(self, since: str | None = None, *, prefix: str = "") -> Changes:
        return self._inner.changes(since, prefix=prefix)

    def watch(self, since: str, *, prefix: str = "", timeout: float | None = None) -> bool:
        return self._inner.watch(since, prefix=prefix, timeout=timeout)

    def typed(self, type: "TypeForm[T]", /) -> Store[T]:
        return ReadOnly(self._inner.typed(type))

    def raw(self, prefix: str = "") -> Store[bytes]:
        return ReadOnly(self._inner.raw(prefix))

    @property
    def features(self) -> Feature:
        return self._inner.features & _READS

    def info(self) -> dict[str, str]:
        return self._inner.info()

    def close(self) -> None:
        self._inner.close()

    def __setitem__(self, key: str, value: V, /) -> None:
        self._refuse(self._named(key))

    def __delitem__(self, key: str, /) -> None:
        self._refuse(self._named(key))

    def set_many(self, items: Iterable[tuple[str, V]], /) -> None:
        self._refuse("a batch")

    def discard(self, key: str, /) -> None:
        self._refuse(self._named(key))

    def delete_many(self, keys: Iterable[str], /) -> None:
        self._refuse("a batch")

    def delete_prefix(self, prefix: str, /) -> None:
        self._refuse(f"a key under {prefix!r}")

    def sweep(self, prefix: str = "") -> int:
        self._refuse(f"a key under {prefix!r}")

    def clear(self) -> None:
        self._refuse("the store")

    def swap(self, key: str, value: V, /, expected: Tag) -> Tag:
        self._refuse(self._named(key))

    def remove(self, key: str, /, expected: Tag) -> None:
        self._refuse(self._named(key))

    def transact(self, changes: Iterable[Operation[V]], /) -> None:
        self._refuse("a transaction")

    def modify(self, key: str, function: Callable[[V], V], /, default: V | Missing = MISSING) -> V:
        self._refuse(self._named(key))

    def _take(self, key: str, /) -> V | Missing:
        self._refuse(self._named(key))

    def popitem(self) -> tuple[str, V]:
        self._refuse("the first key")

    def _setdefault(self, key: str, default: V, /) -> V:
        self._refuse(self._named(key))

    def _named(self, key: str) -> str:
        return repr(self._inner.prefix + key if isinstance(self._inner, Raw) else key)

    def _refuse(self, named: str) -> NoReturn:
        store = self._inner.inner if isinstance(self._inner, Raw) else self._inner
        raise PermissionDenied(f"{named} cannot be written: {store!r} was opened read-only")
