"""The raw view of the store below a cache; writes through it drop the cache's entries."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from holdall.middleware.cache.coordinator import is_plain
from holdall.middleware.interceptor import Interceptor
from holdall.store import Store

if TYPE_CHECKING:  # the cache creates this view of itself
    from holdall.middleware.cache.layer import Cache

T = TypeVar("T")

_READS = {"get", "contains", "get_tagged", "tag", "len", "bool", "at"}
_SEVERAL = {"set_many", "delete_many", "transact", "popitem", "clear"}


class RawView(Interceptor[bytes]):
    """The raw view below ``cache``: a write drops its key from the cache first, a bulk write drops all keys.

    >>> from holdall import Cache, Memory
    >>> cache = Cache(Memory(), max_age=60)
    >>> cache["a"] = b"1"
    >>> cache.raw()["a"] = b"2"
    >>> cache["a"]
    b'2'
    """

    def __init__(self, cache: "Cache", prefix: str = "") -> None:
        super().__init__(cache.inner.raw(prefix))
        self._cache = cache
        self._prefix = prefix

    def _call(self, name: str, call: Callable[..., T], /, *args: Any) -> T:
        if name in _READS:
            return call(*args)
        here = self._cache._here()
        with here.bulk():
            if name in _SEVERAL:
                here.clear()
            elif is_plain(key := self._prefix + args[0]):
                here.drop(key)
            return call(*args)

    def raw(self, prefix: str = "") -> Store[bytes]:
        return self._cache.raw(self._prefix + prefix)
