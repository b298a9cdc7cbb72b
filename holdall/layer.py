"""A store that stands on another one; and what every transform has in common: it forwards all without a value."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Generic, Self, TypeVar

from holdall.history import Revision
from holdall.keys import Foreign
from holdall.store import Feature, Store, Tag

V = TypeVar("V")
W = TypeVar("W")
S = TypeVar("S", bound=Store[Any])


def below(store: S, layer: type) -> S:
    """``store``; TypeError where what ``layer`` was given to stand on is no store, such as an address."""
    if not isinstance(store, Store):
        raise TypeError(
            f"{layer.__name__} stands on a store, not on a {type(store).__name__}; "
            "holdall.open makes a store of an address"
        )
    return store


class Wrapper(Store[V], Generic[V, W]):
    """A store on a ``Store[W]``, which is its first argument, ``store``. It forwards nothing by itself."""

    def __init__(self, store: Store[W]) -> None:
        self._inner = below(store, type(self))

    @property
    def inner(self) -> Store[W]:
        """The store below."""
        return self._inner

    def over(self, store: Store[Any]) -> Self:
        """The same layer over another store."""
        args, options = self._made_with
        rest = {name: value for name, value in options.items() if name != "store"}
        return type(self)(store, *args[1:], **rest)


class Layer(Wrapper[V, W]):
    """Shows a ``Store[W]`` as a ``Store[V]``, key by key; tags, features and costs are the store's below.

    Here are the operations without a value. `PassThrough` and `Codec` add the others; there is no
    ``__getattr__``, for a forwarded bulk method would skip the transform.
    """

    def __delitem__(self, key: str, /) -> None:
        del self._inner[key]

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return self._inner.scan(prefix, start=start, stop=stop)

    def scan_tags(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, Tag]]:
        return self._inner.scan_tags(prefix, start=start, stop=stop)

    def scan_names(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return self._inner.scan_names(prefix, start=start, stop=stop)

    def tag(self, key: str, /) -> Tag:
        return self._inner.tag(key)

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

    def history(self, key: str, /) -> Iterator[Revision]:
        return self._inner.history(key)

    def as_of(self, time: datetime, /) -> Store[V]:
        return self.over(self._inner.as_of(time))

    @property
    def features(self) -> Feature:
        return self._inner.features

    def raw(self, prefix: str = "") -> Store[bytes]:
        return self._inner.raw(prefix)

    def facts(self) -> dict[str, str]:
        return self._inner.facts()

    def close(self) -> None:
        self._inner.close()


def with_foreign(keys: Iterable[str], names: Iterable[str]) -> Iterator[str]:
    """``keys``, and then the foreign ones of ``names``: for a layer that does not show every key below it."""
    yield from keys
    yield from (name for name in names if isinstance(name, Foreign))


def layers(store: Store[Any]) -> Iterator[Store[Any]]:
    """``store``, the store below it, and so on down to one that stands on none.

    >>> from holdall import Json, Memory, Prefix
    >>> [type(each).__name__ for each in layers(Json(Prefix(Memory(), "a")))]
    ['Json', 'Prefix', 'Memory']
    """
    yield store
    while isinstance(store, Wrapper):
        store = store.inner
        yield store
