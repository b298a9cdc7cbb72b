"""Django's cache interface over any store: for cached values, and for sessions."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from holdall.bridges._caches import open_entries
from holdall.bridges._names import encode
from holdall.extras import needs

with needs("django"):
    from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache, InvalidCacheBackendError

_FOLDER: Final = "django-cache"
_OPTIONS: Final = ("serializer", "sign")


class StoreCache(BaseCache):  # type: ignore[misc]  # Django has no types
    """A cache of Django whose LOCATION is the address of a store of bytes.

    Each entry is one value, under the key ``django-cache/`` and Django's key, percent-encoded. So the store may keep
    other data too, which `clear` leaves alone. An expired entry is missing at once, and takes up space until `sweep`.
    The cache is unbounded: it drops no entry that has not expired.

    OPTIONS may name the ``serializer``. "json", the default, keeps the values that JSON returns unchanged, and raises
    TypeError for all others. "pickle" keeps almost every Python object, but whoever can write to the store can then
    run code in your app, unless ``sign`` names the source of a key, as in `holdall.Pickle`.

    `add`, `incr` and `touch` are decided by compare-and-swap, so they need SWAP, and two callers never both add a key.
    `incr` keeps the time at which the entry expires. All caches of a process with the same LOCATION and serializer
    share one store, which stays open when a request ends.

    >>> cache = StoreCache("memory://", {"TIMEOUT": 60})
    >>> cache.set("visits", 1)
    >>> cache.add("visits", 0), cache.incr("visits"), cache.get("visits")
    (False, 2, 2)
    """

    def __init__(self, location: str, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        options = params.get("OPTIONS", {})
        if unknown := options.keys() - _OPTIONS:
            raise InvalidCacheBackendError(f"{unknown.pop()!r} is not an option of a cache; give {_OPTIONS}")
        self._entries = open_entries(location, _FOLDER, **options)

    def sweep(self) -> int:
        """Remove the expired entries, and return how many were removed. Needs REMOVE."""
        return self._entries.data.sweep()

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        name, seconds = self._name(key, version), self._seconds(timeout)
        if _is_over(seconds):
            return name not in self._entries.data
        return self._entries.add(name, value, seconds)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return self._entries.values.get(self._name(key, version), default)

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self.set_many({key: value}, timeout, version)

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        name, seconds = self._name(key, version), self._seconds(timeout)
        if _is_over(seconds):
            return self._entries.delete(name)
        try:
            self._entries.data.touch(name, seconds)
        except KeyError:
            return False
        return True

    def delete(self, key: str, version: int | None = None) -> bool:
        return self._entries.delete(self._name(key, version))

    def has_key(self, key: str, version: int | None = None) -> bool:
        return self._name(key, version) in self._entries.data

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> Any:
        try:
            return self._entries.increase(self._name(key, version), delta)
        except KeyError:
            raise ValueError(f"Key {key!r} not found") from None

    def get_many(self, keys: Iterable[str], version: int | None = None) -> dict[str, Any]:
        names = {self._name(key, version): key for key in keys}
        return {names[name]: value for name, value in self._entries.values.get_many(names)}

    def set_many(
        self, data: Mapping[str, Any], timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> list[str]:
        values, seconds = (
            {self._name(key, version): value for key, value in data.items()},
            self._seconds(timeout),
        )
        if _is_over(seconds):
            self._entries.data.delete_many(values)
        else:
            self._entries.set_many(values, seconds)
        return []

    def delete_many(self, keys: Iterable[str], version: int | None = None) -> None:
        self._entries.data.delete_many([self._name(key, version) for key in keys])

    def clear(self) -> None:
        self._entries.data.clear()

    def _name(self, key: str, version: int | None) -> str:
        return encode(str(self.make_and_validate_key(key, version=version)))

    def _seconds(self, timeout: Any) -> float | None:
        seconds: float | None = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        return seconds


def _is_over(seconds: float | None) -> bool:
    return seconds is not None and seconds <= 0
