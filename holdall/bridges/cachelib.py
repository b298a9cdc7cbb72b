"""cachelib's cache interface over any store, for Flask-Session, Flask-Caching and other programs that take one."""

from collections.abc import Mapping
from typing import Any

from holdall.bridges._caches import open_entries
from holdall.bridges._names import encode
from holdall.extras import needs

with needs("cachelib"):
    from cachelib.base import BaseCache


class StoreCache(BaseCache):
    """A cache of cachelib in the store of bytes at ``address``.

    Entries are under ``cachelib/``. ``serializer`` and ``sign`` are those of `holdall.bridges.django.StoreCache`:
    values are JSON, unless you ask for pickles. `add`, `inc` and `dec` are atomic, and need SWAP. A counter keeps
    the time at which it expires. With a timeout of 0, a value never expires.

    >>> cache = StoreCache("memory://", default_timeout=60)
    >>> cache.set("visits", 1), cache.add("visits", 0), cache.inc("visits"), cache.get("visits")
    (True, False, 2, 2)
    """

    def __init__(
        self,
        address: str,
        default_timeout: int = 300,
        *,
        serializer: str = "json",
        sign: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(default_timeout, **options)
        self._entries = open_entries(address, "cachelib", serializer, sign)

    def get(self, key: str) -> Any:
        return self._entries.values.get(encode(key))

    def get_many(self, *keys: str) -> list[Any]:
        found = dict(self._entries.values.get_many([encode(key) for key in keys]))
        return [found.get(encode(key)) for key in keys]

    def has(self, key: str) -> bool:
        return encode(key) in self._entries.data

    def set(self, key: str, value: Any, timeout: Any = None) -> bool:
        return bool(self.set_many({key: value}, timeout))

    def set_many(self, mapping: Mapping[str, Any], timeout: Any = None) -> list[str]:
        self._entries.set_many({encode(key): value for key, value in mapping.items()}, self._seconds(timeout))
        return list(mapping)

    def add(self, key: str, value: Any, timeout: Any = None) -> bool:
        return self._entries.add(encode(key), value, self._seconds(timeout))

    def delete(self, key: str) -> bool:
        return self._entries.delete(encode(key))

    def inc(self, key: str, delta: int = 1) -> int:
        while not self.add(key, delta):
            try:
                return int(self._entries.increase(encode(key), delta))
            except KeyError:  # it expired, or was deleted, in the meantime
                continue
        return delta

    def dec(self, key: str, delta: int = 1) -> int:
        return self.inc(key, -delta)

    def clear(self) -> bool:
        self._entries.data.clear()
        return True

    def sweep(self) -> int:
        """Remove the expired entries, and return how many were removed. Needs REMOVE."""
        return self._entries.data.sweep()

    def _seconds(self, timeout: Any) -> int | None:
        seconds = self._normalize_timeout(timeout)
        return seconds if seconds > 0 else None
