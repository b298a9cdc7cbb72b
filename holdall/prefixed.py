"""Layers that show the keys under a prefix as a store of their own, and the view that `Store.raw` returns."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar, cast

from holdall.changes import Changes
from holdall.history import Revision
from holdall.keys import Foreign, RawKey, check_bounds, check_key, no_str, raw_key
from holdall.layer import Layer
from holdall.store import (
    MISSING,
    Missing,
    Operation,
    Store,
    Tag,
    Tagged,
    key_of,
)

V = TypeVar("V")
T = TypeVar("T")


class Prefixed(Layer[V, V]):
    """Shows the keys of ``store`` that begin with ``prefix`` as a store of their own, without the prefix.

    ``_down`` adds the prefix to a key, ``_bound`` adds it to the prefix of a scan, and ``_up`` removes it. A
    subclass may override these and change keys in another way, if the order of the keys stays the same.
    """

    def __init__(self, store: Store[V], prefix: str) -> None:
        super().__init__(store)
        self._prefix = prefix
        self._length = len(prefix)

    @property
    def prefix(self) -> str:
        """The text that is added before each key."""
        return self._prefix

    def _down(self, key: str) -> str:
        check_key(key)
        down = self._prefix + key
        # A hundred characters are at most 400 bytes. A longer key is marked as checked already.
        return down if len(down) <= 100 and type(key) is not RawKey else RawKey(down)

    def _bound(self, prefix: str) -> str:
        bound = self._prefix + prefix
        return RawKey(bound) if type(prefix) is RawKey else bound

    def _up(self, key: str) -> str:
        return key[self._length :]

    def _range(self, prefix: str, start: str, stop: str | None) -> dict[str, Any]:
        check_bounds(prefix, start, stop)  # first, because with the prefix a wrong bound may look right
        return {
            "prefix": self._bound(prefix),
            "start": self._prefix + start,
            "stop": None if stop is None else self._prefix + stop,
        }

    def __getitem__(self, key: str, /) -> V:
        down = self._down(key)
        try:
            return self._inner[down]
        except KeyError:
            raise KeyError(key) from None

    def _find(self, key: str, /) -> V | Missing:
        return self._inner._find(self._down(key))

    def __contains__(self, key: object, /) -> bool:
        return self._down(key) in self._inner  # type: ignore[arg-type]  # `_down` refuses other types

    def __setitem__(self, key: str, value: V, /) -> None:
        self._inner[self._down(key)] = value

    def __delitem__(self, key: str, /) -> None:
        down = self._down(key)
        try:
            del self._inner[down]
        except KeyError:
            raise KeyError(key) from None

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return map(self._up, self._inner.scan(**self._range(prefix, start, stop)))

    def scan_names(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return map(self._up_name, self._inner.scan_names(**self._range(prefix, start, stop)))

    def _up_name(self, name: str) -> str:
        if isinstance(name, Foreign):
            return Foreign(name.removeprefix(self._prefix), name.stored)
        return self._up(name)

    def get_foreign(self, name: Foreign, /) -> V:
        return self._inner.get_foreign(name)

    def scan_items(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, V]]:
        return self._up_items(self._inner.scan_items(**self._range(prefix, start, stop)))

    def scan_tags(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, Tag]]:
        return self._up_items(self._inner.scan_tags(**self._range(prefix, start, stop)))

    def _up_items(self, items: Iterable[tuple[str, T]]) -> Iterator[tuple[str, T]]:
        length = self._length
        return ((key[length:], item) for key, item in items)

    # The store below would answer these for all of its keys, so they scan the keys under the prefix instead.
    __iter__ = Store.__iter__
    __len__ = Store.__len__
    __bool__ = Store.__bool__
    clear = Store.clear  # by delete_prefix
    popitem = Store.popitem

    def get_many(self, keys: Iterable[str], /) -> Iterator[tuple[str, V]]:
        return self._up_items(self._inner.get_many(map(self._down, keys)))

    def set_many(self, items: Iterable[tuple[str, V]], /) -> None:
        self._inner.set_many((self._down(key), value) for key, value in items)

    def discard(self, key: str, /) -> None:
        self._inner.discard(self._down(key))

    def delete_many(self, keys: Iterable[str], /) -> None:
        self._inner.delete_many(map(self._down, keys))

    def delete_prefix(self, prefix: str, /) -> None:
        check_bounds(prefix, "", None)
        self._inner.delete_prefix(self._bound(prefix))

    def read(self, key: str, /, start: int = 0, length: int | None = None) -> bytes:
        down = self._down(key)
        try:
            return self._inner.read(down, start, length)
        except KeyError:
            raise KeyError(key) from None

    def open(self, key: str, /, mode: str = "rb", *, expected: Tag | None = None) -> Any:
        down = self._down(key)
        try:
            return self._inner.open(down, cast(Any, mode), expected=expected)
        except KeyError:
            raise KeyError(key) from None

    def size(self, key: str, /) -> int:
        down = self._down(key)
        try:
            return self._inner.size(down)
        except KeyError:
            raise KeyError(key) from None

    def get_tagged(self, key: str, /) -> Tagged[V]:
        down = self._down(key)
        try:
            return self._inner.get_tagged(down)
        except KeyError:
            raise KeyError(key) from None

    def tag(self, key: str, /) -> Tag:
        return self._inner.tag(self._down(key))

    def swap(self, key: str, value: V, /, expected: Tag) -> Tag:
        return self._inner.swap(self._down(key), value, expected)

    def remove(self, key: str, /, expected: Tag) -> None:
        self._inner.remove(self._down(key), expected)

    def transact(self, changes: Iterable[Operation[V]], /) -> None:
        self._inner.transact(map(self._change, changes))

    def _change(self, change: Operation[V]) -> Operation[V]:
        key = self._down(key_of(change))
        return change._replace(key=key)

    def modify(self, key: str, function: Callable[[V], V], /, default: V | Missing = MISSING) -> V:
        down = self._down(key)
        try:
            return self._inner.modify(down, function, default)
        except KeyError as error:
            raise self._rename_key(error, down, key) from error.__cause__

    def _take(self, key: str, /) -> V | Missing:
        return self._inner._take(self._down(key))

    def _setdefault(self, key: str, default: V, /) -> V:
        return self._inner._setdefault(self._down(key), default)

    def history(self, key: str, /) -> Iterator[Revision]:
        down = self._down(key)
        try:
            return self._inner.history(down)
        except KeyError:
            raise KeyError(key) from None

    def at(self, key: str, revision: int, /) -> V:
        down = self._down(key)
        try:
            return self._inner.at(down, revision)
        except KeyError:
            raise KeyError(key) from None

    def remaining(self, key: str, /) -> float | None:
        down = self._down(key)
        try:
            return self._inner.remaining(down)
        except KeyError:
            raise KeyError(key) from None

    def sweep(self, prefix: str = "") -> int:
        return self._inner.sweep(self._range(prefix, "", None)["prefix"])

    _expiring = Layer._expiring_below

    def changes(self, since: str | None = None, *, prefix: str = "") -> Changes:
        return self._inner.changes(since, prefix=self._range(prefix, "", None)["prefix"]).rename(self._up)

    def watch(self, since: str, *, prefix: str = "", timeout: float | None = None) -> bool:
        return self._inner.watch(since, prefix=self._range(prefix, "", None)["prefix"], timeout=timeout)

    @staticmethod
    def _rename_key(error: KeyError, down: str, key: str) -> KeyError:
        """Return a KeyError with the caller's ``key`` for ``error``.

        If ``error`` came from the caller's function and not from the store below, return it unchanged.
        """
        return KeyError(key) if error.args == (down,) else error


class Raw(Prefixed[bytes]):
    """The view that `Store.raw` returns: every key under ``prefix``, including the reserved keys."""

    def _down(self, key: str) -> str:
        if not isinstance(key, str):
            raise no_str(key)
        return raw_key(self._prefix + key)

    def _bound(self, prefix: str) -> str:
        return RawKey(self._prefix + prefix)

    def raw(self, prefix: str = "") -> Store[bytes]:
        return Raw(self._inner, self._prefix + prefix)
