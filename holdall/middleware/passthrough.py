"""A layer that changes nothing: the base of layers that only watch operations or check writes."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar, cast

from holdall.keys import Foreign
from holdall.layer import Layer
from holdall.store import MISSING, Missing, Operation, Store, Tag, Tagged

if TYPE_CHECKING:
    from typing_extensions import TypeForm

V = TypeVar("V")
T = TypeVar("T")


class PassThrough(Layer[V, V]):
    """Forwards every operation to the store below, unchanged.

    >>> from holdall import Memory
    >>> PassThrough(Memory())
    PassThrough(Memory())
    """

    def __getitem__(self, key: str, /) -> V:
        return self._inner[key]

    def _find(self, key: str, /) -> V | Missing:
        return self._inner._find(key)

    def __setitem__(self, key: str, value: V, /) -> None:
        self._inner[key] = value

    def scan_items(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, V]]:
        return self._inner.scan_items(prefix, start=start, stop=stop)

    def get_foreign(self, name: Foreign, /) -> V:
        return self._inner.get_foreign(name)

    def get_many(self, keys: Iterable[str], /) -> Iterator[tuple[str, V]]:
        return self._inner.get_many(keys)

    def set_many(self, items: Iterable[tuple[str, V]], /) -> None:
        self._inner.set_many(items)

    def get_tagged(self, key: str, /) -> Tagged[V]:
        return self._inner.get_tagged(key)

    def swap(self, key: str, value: V, /, expected: Tag) -> Tag:
        return self._inner.swap(key, value, expected)

    def transact(self, changes: Iterable[Operation[V]], /) -> None:
        self._inner.transact(changes)

    def modify(self, key: str, function: Callable[[V], V], /, default: V | Missing = MISSING) -> V:
        return self._inner.modify(key, function, default)

    def _take(self, key: str, /) -> V | Missing:
        return self._inner._take(key)

    def popitem(self) -> tuple[str, V]:
        return self._inner.popitem()

    def _setdefault(self, key: str, default: V, /) -> V:
        return self._inner._setdefault(key, default)

    def read(self, key: str, /, start: int = 0, length: int | None = None) -> bytes:
        return self._inner.read(key, start, length)

    def open(self, key: str, /, mode: str = "rb", *, expected: Tag | None = None) -> Any:
        return self._inner.open(key, cast(Any, mode), expected=expected)

    def size(self, key: str, /) -> int:
        return self._inner.size(key)

    def at(self, key: str, revision: int, /) -> V:
        return self._inner.at(key, revision)

    def typed(self, type: "TypeForm[T]", /) -> Store[T]:
        return self._inner.typed(type)
