"""A store of four methods, as an adapter's author begins: every default of the interface shows in it."""

from collections.abc import Iterator
from typing import Any

from holdall.keys import Span, check_key
from holdall.store import Store, to_bytes


class Minimal(Store[bytes]):
    """A dict of bytes that overrides nothing it need not.

    >>> store = Minimal()
    >>> store["a"] = b"1"
    >>> store.swap("a", b"2", "")
    Traceback (most recent call last):
      ...
    holdall.errors.Unsupported: Minimal() cannot compare and swap: it lacks SWAP
    """

    def __init__(self) -> None:
        self._held: dict[str, bytes] = {}

    def __getitem__(self, key: str, /) -> bytes:
        check_key(key)
        return self._held[key]

    def __setitem__(self, key: str, value: bytes, /) -> None:
        check_key(key)
        self._held[str.__str__(key)] = to_bytes(value)

    def __delitem__(self, key: str, /) -> None:
        check_key(key)
        del self._held[key]

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        span = Span.of(prefix, start, stop)
        return iter(sorted(key for key in list(self._held) if key in span))

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a private store cannot be pickled: its data would be left behind")
