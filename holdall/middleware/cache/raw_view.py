"""The raw view of the store below a cache; writes through it drop the cache's entries."""

from collections.abc import Callable
from typing import Any, TypeVar

from holdall.middleware.cache.coordinator import Coordinator, is_plain
from holdall.middleware.interceptor import Interceptor
from holdall.store import Store

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

    def _call(self, name: str, call: Callable[..., T], /, *args: Any) -> T:
        if name in _READS:
            return call(*args)
        here = self._here()
        with here.bulk():
            if name in _SEVERAL:
                here.clear()
            elif is_plain(key := self._prefix + args[0]):
                here.drop(key)
            return call(*args)

    def raw(self, prefix: str = "") -> Store[bytes]:
        return self._raw(self._prefix + prefix)
