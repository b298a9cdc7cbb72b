"""The raw view of the store below a cache; writes through it drop the cache's entries."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar, cast

from holdall.files import Passed, ValueWriter
from holdall.middleware.cache.coordinator import Coordinator, is_plain
from holdall.middleware.interceptor import Interceptor
from holdall.store import Store, Tag

T = TypeVar("T")

_READS = {"get", "contains", "get_tagged", "tag", "len", "bool", "at", "watch", "size", "read"}
_SEVERAL = {"set_many", "delete_many", "transact", "popitem", "clear", "delete_prefix"}


class RawView(Interceptor[bytes]):
    """Passes each operation to ``store``, the raw view at ``prefix`` of the store below a cache.

    A write drops its key from the cache first, and a bulk write drops all keys. ``here`` returns the
    coordinator of the cache in this process, and ``raw`` the raw view of the cache at a prefix.

    >>> from holdall import Cache, Memory
    >>> cache = Cache(Memory(), max_age=60)
    >>> cache["a"] = b"1"
    >>> cache.raw()["a"] = b"2"
    >>> cache["a"]
    b'2'
    """

    def __init__(
        self,
        store: Store[bytes],
        here: Callable[[], Coordinator],
        raw: Callable[[str], Store[bytes]],
        prefix: str,
    ) -> None:
        super().__init__(store)
        self._here = here
        self._raw = raw
        self._prefix = prefix

    def __repr__(self) -> str:
        return f"RawView({self._inner!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return self._raw, (self._prefix,)

    def open(self, key: str, /, mode: str = "rb", *, expected: Tag | None = None) -> Any:
        file: Any = self._inner.open(key, cast(Any, mode), expected=expected)
        return file if mode == "rb" else ValueWriter(Passed(file, partial(self._drop_and, key)))

    def _drop_and(self, key: str, write: Callable[..., T], /, *args: Any) -> T:
        """Drop the entry of ``key``, and return ``write(*args)``, which writes the key."""
        here = self._here()
        with here.bulk():
            if is_plain(key := self._prefix + key):
                here.drop(key)
            return write(*args)

    def _call(self, name: str, call: Callable[..., T], /, *args: Any) -> T:
        if name in _READS:
            return call(*args)
        if name not in _SEVERAL:
            return self._drop_and(args[0], call, *args)
        here = self._here()
        with here.bulk():
            here.clear()
            return call(*args)

    def raw(self, prefix: str = "") -> Store[bytes]:
        return self._raw(self._prefix + prefix)
