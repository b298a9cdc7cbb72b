"""What every transform has in common: it forwards whatever carries no value."""

from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar

from holdall.store import Feature, Store, Tag

V = TypeVar("V")
W = TypeVar("W")


class Layer(Store[V], Generic[V, W]):
    """Shows a ``Store[W]`` as a ``Store[V]``, key by key; tags, features and costs are the store's below.

    Here are the operations without a value. `PassThrough` and `Codec` add the others; there is no
    ``__getattr__``, for a forwarded bulk method would skip the transform.
    """

    def __init__(self, store: Store[W]) -> None:
        self._inner = store

    def __delitem__(self, key: str, /) -> None:
        del self._inner[key]

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return self._inner.scan(prefix, start=start, stop=stop)

    def scan_tags(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, Tag]]:
        return self._inner.scan_tags(prefix, start=start, stop=stop)

    def __contains__(self, key: object, /) -> bool:
        return key in self._inner

    def __iter__(self) -> Iterator[str]:
        return iter(self._inner)

    def __len__(self) -> int:
        return len(self._inner)

    def __bool__(self) -> bool:
        return bool(self._inner)

    def discard(self, key: str, /) -> None:
        self._inner.discard(key)

    def delete_many(self, keys: Iterable[str], /) -> None:
        self._inner.delete_many(keys)

    def clear(self) -> None:
        self._inner.clear()

    def remove(self, key: str, /, expected: Tag) -> None:
        self._inner.remove(key, expected)

    @property
    def features(self) -> Feature:
        return self._inner.features

    def raw(self, prefix: str = "") -> Store[bytes]:
        return self._inner.raw(prefix)

    def facts(self) -> dict[str, str]:
        return self._inner.facts()

    def close(self) -> None:
        self._inner.close()


def layers(store: Store[Any]) -> Iterator[Store[Any]]:
    """``store``, the store below it, and so on down to one that stands on none.

    A layer's first argument is the store that it stands on.

    >>> from holdall import Json, Memory, Prefix
    >>> [type(each).__name__ for each in layers(Json(Prefix(Memory(), "a")))]
    ['Json', 'Prefix', 'Memory']
    """
    below: object = store
    while isinstance(below, Store):
        yield below
        arguments = below._made_with[0]
        below = arguments[0] if arguments else None
