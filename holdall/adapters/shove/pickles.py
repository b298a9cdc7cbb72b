"""Convert keys and values from and to the form in which Shove stores them, without running any pickle."""

import pickle
import zlib
from typing import Any, Literal

from holdall.adapters._shared.plain import load
from holdall.errors import Corrupt

Values = Literal["bytes", "pickle"]
VALUES = ("bytes", "pickle")

_MOST = 1 << 26  # bytes of memory that a value may take, compressed or not


class Pickles:
    """Replaces the methods ``dumps`` and ``loads`` of one Shove ``store``.

    With "bytes", a value is a bytes object to Shove, and the same bytes here. With "pickle", a value is any
    object to Shove, and the pickle of this object here, which is never loaded.

    Some stores also keep keys as pickles, and find a key by the bytes of its pickle. Another Python or
    another protocol pickles the same key as other bytes, and then Shove does not find it. So the caller
    first gives the stored form of each key to `remember_forms`.
    """

    def __init__(self, store: Any, values: Values) -> None:
        self._dumps = store.dumps
        self._level = store._compress
        self._raw = values == "pickle"
        self._stored_forms: dict[str, bytes] = {}
        store.dumps, store.loads = self.dumps, self.loads

    def dumps(self, thing: Any) -> bytes:
        """Return the stored form of a key (a str) or of a value (bytes)."""
        if isinstance(thing, str):
            found: bytes = self._stored_forms.get(thing) or self._dumps(thing)
            return found
        return self._compress(thing) if self._raw else self._dumps(thing)

    def loads(self, data: bytes) -> Any:
        """Return the key or the value for a stored form. Raises Corrupt if it can be neither."""
        data = self._decompress(data)
        if self._raw:
            return data
        try:
            return load(data, "bytes")
        except pickle.UnpicklingError as error:
            remedy = "if it is not bytes, open the store with ?values=pickle"
            raise Corrupt(f"a value cannot be read as bytes: {error}; {remedy}") from error

    def key(self, stored: Any) -> str | None:
        """Return the key that the store lists as ``stored``, or None if it is not text."""
        if isinstance(stored, bytes):
            try:
                stored = load(self._decompress(stored), "utf-8")
            except (pickle.UnpicklingError, Corrupt):
                return None
        return stored if isinstance(stored, str) else None

    def remember_forms(self, stored: list[bytes]) -> None:
        """Remember the stored form of each key for which Shove would look under another form."""
        known = set(stored)
        for each in stored:
            key = self.key(each)
            if key is not None and self._dumps(key) not in known:
                self._stored_forms[key] = each

    def _compress(self, data: bytes) -> bytes:
        return zlib.compress(data, 9 if self._level is True else self._level) if self._level else data

    def _decompress(self, data: bytes) -> bytes:
        if not self._level:
            return data
        stream = zlib.decompressobj()
        try:
            plain = stream.decompress(data, _MOST)
        except zlib.error:
            return data  # the value was written without compression
        if not stream.eof:
            raise Corrupt(f"a compressed value is cut short, or is more than {_MOST:,} bytes")
        return plain
