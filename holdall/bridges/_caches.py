"""The entries of a cache in any store: opened once in a process, with a serializer that is safe by default."""

import json
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, cast

from holdall import registry
from holdall.errors import Conflict, Invalid
from holdall.middleware.codec import Codec
from holdall.middleware.expires import Expires
from holdall.middleware.pickle import Pickle
from holdall.middleware.prefix import Prefix
from holdall.store import ABSENT

_REMEDY: Final = "change it, or give the cache the serializer pickle if you trust all writers of the store"
_lock = threading.Lock()
_opened: "dict[tuple[str, str, str, Any], Entries]" = {}


class Entries:
    """The entries of a cache: ``values`` reads them, ``data`` keeps their bytes until they expire.

    Bytes are written to ``data`` rather than through ``values``, so that a value that cannot be encoded raises the
    error of its serializer, as the callers of other caches expect.
    """

    def __init__(self, values: Codec[Any, bytes]) -> None:
        self.values = values
        self.data = cast(Expires, values.inner)
        self.encode = values.encode

    def set_many(self, values: Mapping[str, Any], seconds: float | None) -> None:
        rows = {name: self.encode(name, value) for name, value in values.items()}
        self.data.lasting(seconds).update(rows)

    def add(self, name: str, value: Any, seconds: float | None) -> bool:
        """Set ``name`` unless it has a value, and return whether it was set. Needs SWAP."""
        try:
            self.data.lasting(seconds).swap(name, self.encode(name, value), ABSENT)
        except Conflict:
            return False
        return True

    def delete(self, name: str) -> bool:
        """Delete ``name``, and return whether it had a value."""
        try:
            del self.data[name]
        except KeyError:
            return False
        return True

    def increase(self, name: str, delta: Any) -> Any:
        """Add ``delta`` to the value of ``name``, which expires when it would have, and return the sum. Needs SWAP.

        Raises KeyError if ``name`` has no value.
        """
        while True:
            value, tag = self.values.get_tagged(name)
            data = self.data.lasting(self.data.remaining(name))
            with suppress(Conflict):  # another writer was first
                data.swap(name, self.encode(name, value + delta), tag)
                return value + delta


def open_entries(address: str, folder: str, serializer: str = "json", sign: Any = None) -> Entries:
    """Return the entries under ``folder`` at ``address``. All threads of the process share their store.

    Raises Invalid if ``serializer`` is not "json" or "pickle". ``sign`` is that of `Pickle`.
    """
    asked = address, folder, serializer, sign
    with _lock:
        if asked not in _opened:
            data = Expires(Prefix(registry.open(address), folder))
            _opened[asked] = Entries(_serialize(data, serializer, sign))
        return _opened[asked]


def _serialize(data: Expires, serializer: str, sign: Any) -> Codec[Any, bytes]:
    if serializer == "pickle":
        return Pickle(data, trust=True, sign=sign)
    if serializer != "json":
        raise Invalid(f"{serializer!r} is not a serializer of a cache; give json or pickle")
    if sign is not None:
        raise Invalid("the serializer json does not sign; give pickle, or omit sign")
    return ExactJson(data)


class ExactJson(Codec[Any, bytes]):
    """Values as JSON. It refuses values that JSON would change, such as tuples and dicts with numbers as keys.

    >>> from holdall import Memory
    >>> ExactJson(Memory())["a"] = (1, 2)
    Traceback (most recent call last):
      ...
    holdall.errors.Invalid: ExactJson cannot keep the value of ...
    """

    def encode(self, key: str, value: Any, /) -> bytes:
        try:
            data = json.dumps(value, separators=(",", ":")).encode()
        except (TypeError, ValueError) as error:
            raise TypeError(f"the value of {key!r} is not JSON: {error}; {_REMEDY}") from error
        if json.loads(data) != value:
            raise TypeError(f"JSON would change the value of {key!r}, as a tuple into a list; {_REMEDY}")
        return data

    def decode(self, key: str, data: bytes, /) -> Any:
        return json.loads(data)
