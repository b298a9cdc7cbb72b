"""A layer that sees every operation: the base of layers that count, time or stop operations."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from holdall.changes import Changes
from holdall.history import Revision
from holdall.layer import Layer
from holdall.middleware.passthrough import PassThrough
from holdall.store import MISSING, Missing, Operation, Store, Tag, Tagged

if TYPE_CHECKING:
    from typing_extensions import TypeForm

V = TypeVar("V")
T = TypeVar("T")


class Interceptor(PassThrough[V]):
    """Passes each operation of the store below to `_call`, or to `_stream` if the operation yields items.

    The name of an operation is its name in the interface. The operators are named get, set, delete, contains,
    len and bool, and iteration over a store is named scan. The stores that `raw`, `typed` and `as_of` return
    are intercepted too.

    >>> from holdall import Memory
    >>> class Loud(Interceptor):
    ...     def _call(self, name, call, /, *args):
    ...         print(name)
    ...         return call(*args)
    >>> Loud(Memory()).get("a")
    get
    """

    def _call(self, name: str, call: Callable[..., T], /, *args: Any) -> T:
        """Return the result of ``call(*args)``, which is the operation ``name``."""
        return call(*args)

    def _stream(self, name: str, items: Iterable[T], /) -> Iterator[T]:
        """Yield ``items``, the results of the operation ``name``."""
        return iter(items)

    def _feed(self, name: str, items: Iterable[T], /) -> Iterator[T]:
        """Yield ``items``, the input of the operation ``name``; `_call` sees when that begins and ends."""
        return iter(items)

    # ---- Reading -------------------------------------------------------------------------------

    def __getitem__(self, key: str, /) -> V:
        return self._call("get", self._inner.__getitem__, key)

    def _find(self, key: str, /) -> V | Missing:
        return self._call("get", self._inner._find, key)

    def __contains__(self, key: object, /) -> bool:
        return self._call("contains", self._inner.__contains__, key)

    def get_tagged(self, key: str, /) -> Tagged[V]:
        return self._call("get_tagged", self._inner.get_tagged, key)

    def tag(self, key: str, /) -> Tag:
        return self._call("tag", self._inner.tag, key)

    def read(self, key: str, /, start: int = 0, length: int | None = None) -> bytes:
        return self._call("read", self._inner.read, key, start, length)

    def open(self, key: str, /, mode: str = "rb", *, expected: Tag | None = None) -> Any:
        return self._call("open", partial(self._inner.open, mode=cast(Any, mode), expected=expected), key)

    def size(self, key: str, /) -> int:
        return self._call("size", self._inner.size, key)

    def get_many(self, keys: Iterable[str], /) -> Iterator[tuple[str, V]]:
        return self._stream("get_many", self._inner.get_many(keys))

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return self._stream("scan", self._inner.scan(prefix, start=start, stop=stop))

    def scan_names(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return self._stream("scan_names", self._inner.scan_names(prefix, start=start, stop=stop))

    def scan_items(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, V]]:
        return self._stream("scan_items", self._inner.scan_items(prefix, start=start, stop=stop))

    def scan_tags(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, Tag]]:
        return self._stream("scan_tags", self._inner.scan_tags(prefix, start=start, stop=stop))

    def __iter__(self) -> Iterator[str]:
        return self._stream("scan", iter(self._inner))

    def __len__(self) -> int:
        return self._call("len", self._inner.__len__)

    def __bool__(self) -> bool:
        return self._call("bool", self._inner.__bool__)

    # ---- Writing -------------------------------------------------------------------------------

    def __setitem__(self, key: str, value: V, /) -> None:
        self._call("set", self._inner.__setitem__, key, value)

    def set_many(self, items: Iterable[tuple[str, V]], /) -> None:
        self._call("set_many", self._inner.set_many, self._feed("set_many", items))

    def __delitem__(self, key: str, /) -> None:
        self._call("delete", self._inner.__delitem__, key)

    def discard(self, key: str, /) -> None:
        self._call("discard", self._inner.discard, key)

    def delete_many(self, keys: Iterable[str], /) -> None:
        self._call("delete_many", self._inner.delete_many, self._feed("delete_many", keys))

    def delete_prefix(self, prefix: str, /) -> None:
        self._call("delete_prefix", self._inner.delete_prefix, prefix)

    def clear(self) -> None:
        self._call("clear", self._inner.clear)

    def sweep(self, prefix: str = "") -> int:
        return self._call("sweep", self._inner.sweep, prefix)

    # ---- Compare-and-swap ----------------------------------------------------------------------

    def swap(self, key: str, value: V, /, expected: Tag) -> Tag:
        return self._call("swap", self._inner.swap, key, value, expected)

    def remove(self, key: str, /, expected: Tag) -> None:
        self._call("remove", self._inner.remove, key, expected)

    def transact(self, changes: Iterable[Operation[V]], /) -> None:
        self._call("transact", self._inner.transact, self._feed("transact", changes))

    def modify(self, key: str, function: Callable[[V], V], /, default: V | Missing = MISSING) -> V:
        return self._call("modify", self._inner.modify, key, function, default)

    def _take(self, key: str, /) -> V | Missing:
        return self._call("pop", self._inner._take, key)

    def popitem(self) -> tuple[str, V]:
        return self._call("popitem", self._inner.popitem)

    def _setdefault(self, key: str, default: V, /) -> V:
        return self._call("setdefault", self._inner._setdefault, key, default)

    # ---- Other views of the store ---------------------------------------------------------------

    _expiring = Layer._expiring_below

    def history(self, key: str, /) -> Iterator[Revision]:
        return self._stream("history", self._inner.history(key))

    def at(self, key: str, revision: int, /) -> V:
        return self._call("at", self._inner.at, key, revision)

    def changes(self, since: str | None = None, *, prefix: str = "") -> Changes:
        changes = self._inner.changes(since, prefix=prefix)
        return changes.through(lambda each: self._stream("changes", each))

    def watch(self, since: str, *, prefix: str = "", timeout: float | None = None) -> bool:
        return self._call("watch", partial(self._inner.watch, since, prefix=prefix, timeout=timeout))

    def raw(self, prefix: str = "") -> Store[bytes]:
        return cast(Store[bytes], self.over(self._inner.raw(prefix)))

    def typed(self, type: "TypeForm[T]", /) -> Store[T]:
        return cast(Store[T], self.over(self._inner.typed(type)))

    def over(self, store: Store[Any]) -> Self:
        """This layer, with everything that it has counted, over ``store``, another view of its store."""
        args, kwargs = self._made_with
        options = {name: option for name, option in kwargs.items() if name != "store"}
        other = Store.__new__(type(self), store, *args[1:], **options)
        other.__dict__ |= {**self.__dict__, "_inner": store, "_made_with": other._made_with}
        return other
