"""`Wrapper`, a store on top of another store, and `Layer`, the base of all transforms.

`Layer` forwards every operation that involves no value.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, Generic, Self, TypeVar, cast

from holdall.changes import Changes
from holdall.history import Revision
from holdall.keys import Foreign
from holdall.store import Feature, Store, Tag

V = TypeVar("V")
W = TypeVar("W")
S = TypeVar("S", bound=Store[Any])


def below(store: S, layer: type) -> S:
    """Return ``store``. Raises TypeError, which names ``layer``, if it is not a store (an address, say)."""
    if not isinstance(store, Store):
        raise TypeError(
            f"{layer.__name__} needs a store, not a {type(store).__name__}; "
            "holdall.open opens a store at an address"
        )
    return store


class Wrapper(Store[V], Generic[V, W]):
    """A store on top of a ``Store[W]``, its first argument ``store``. It forwards no operation by itself.

    A subclass reads the store below as ``self._inner``, which is faster than the property `inner`.
    """

    def __init__(self, store: Store[W]) -> None:
        self._inner = below(store, type(self))

    @property
    def inner(self) -> Store[W]:
        """The store below."""
        return self._inner

    def over(self, store: Store[Any]) -> Self:
        """Return the same layer over another store."""
        args, options = self._made_with
        rest = {name: value for name, value in options.items() if name != "store"}
        return type(self)(store, *args[1:], **rest)


class Layer(Wrapper[V, W]):
    """A layer that shows a ``Store[W]`` as a ``Store[V]``, key by key.

    Tags, features and costs are those of the store below. This class has the operations that involve no
    value; `PassThrough` and `Codec` add the others. There is no ``__getattr__``, because a forwarded bulk
    method would skip the transform.
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

    def _each(self, write: Callable[[str, V], object], items: Iterable[tuple[str, V]]) -> None:
        # ``write`` is a function of the caller, so the store below need not know the values that it gets.
        self._inner._each(cast("Callable[[str, W], object]", write), cast("Iterable[tuple[str, W]]", items))

    def discard(self, key: str, /) -> None:
        self._inner.discard(key)

    def delete_many(self, keys: Iterable[str], /) -> None:
        self._inner.delete_many(keys)

    def delete_prefix(self, prefix: str, /) -> None:
        self._inner.delete_prefix(prefix)

    def clear(self) -> None:
        self._inner.clear()

    def remove(self, key: str, /, expected: Tag) -> None:
        self._inner.remove(key, expected)

    def history(self, key: str, /) -> Iterator[Revision]:
        return self._inner.history(key)

    def as_of(self, time: datetime, /) -> Store[V]:
        return self.over(self._inner.as_of(time))

    def lasting(self, ttl: float | None, /) -> Store[V]:
        return self.over(self._inner.lasting(ttl))

    def remaining(self, key: str, /) -> float | None:
        return self._inner.remaining(key)

    def sweep(self, prefix: str = "") -> int:
        return self._inner.sweep(prefix)

    def _expiring_below(self, deadline: Callable[[], float | None], /) -> Self:
        """Return this layer, with everything that it holds, over `_expiring` of the store below.

        This is `_expiring` of every layer that writes each value once, at once, and under the same key.
        """
        store = self._inner._expiring(deadline)
        if store is self._inner:
            return self
        made = object.__new__(type(self))
        made.__dict__ |= {**self.__dict__, "_inner": store}
        return made

    def changes(self, since: str | None = None, *, prefix: str = "") -> Changes:
        return self._inner.changes(since, prefix=prefix)

    def watch(self, since: str, *, prefix: str = "", timeout: float | None = None) -> bool:
        return self._inner.watch(since, prefix=prefix, timeout=timeout)

    @property
    def features(self) -> Feature:
        return self._inner.features

    def raw(self, prefix: str = "") -> Store[bytes]:
        return self._inner.raw(prefix)

    def info(self) -> dict[str, str]:
        return self._inner.info()

    def close(self) -> None:
        self._inner.close()


def with_foreign(keys: Iterable[str], names: Iterable[str]) -> Iterator[str]:
    """Yield ``keys``, then the foreign names in ``names``, for a layer that does not show all keys below."""
    yield from keys
    yield from (name for name in names if isinstance(name, Foreign))


def layers(store: Store[Any]) -> Iterator[Store[Any]]:
    """Yield ``store``, the store below it, and so on down to the lowest store.

    >>> from holdall import Json, Memory, Prefix
    >>> [type(each).__name__ for each in layers(Json(Prefix(Memory(), "a")))]
    ['Json', 'Prefix', 'Memory']
    """
    yield store
    while isinstance(store, Wrapper):
        store = store.inner
        yield store
