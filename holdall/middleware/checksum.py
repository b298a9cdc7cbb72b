"""A checksum for each value, for stores that have none: reading a damaged value raises Corrupt."""

import os
from typing import Literal

from holdall.errors import Invalid
from holdall.extras import needs
from holdall.middleware._secrets.binding import encode_key
from holdall.middleware._streams.frames import FRAME, Seal, open_sealed, seal_value
from holdall.middleware.framed import Framed
from holdall.store import Store, to_bytes

with needs("checksum"):
    import google_crc32c
    import xxhash

_CRC32C = b"\xf9"  # UTF-8 text never begins with this byte
_XXH3 = b"\xfa"
_LENGTHS = {_CRC32C: 4, _XXH3: 8}
_FRAMED = {b"\xf5": _CRC32C, b"\xf6": _XXH3}
_KINDS = {algorithm: kind for kind, algorithm in _FRAMED.items()}
_ID = 8  # bytes


class Checksum(Framed):
    """Stores a checksum over key and value before each value.

        value  = ( %xF9 crc32c / %xFA xxh3 ) content
               / head 1*frame         ; more than 64 KiB, or written as a file: see `Framed`
        crc32c = 4 OCTET              ; CRC-32C (RFC 3720, appendix B.4), big-endian
        xxh3   = 8 OCTET              ; XXH3 64, big-endian
        both over: key content
        key    = bytes in the key (8, big-endian), the key in UTF-8

        head   = ( %xF5 / %xF6 ) id   ; frames with crc32c / with xxh3
        id     = 8 OCTET              ; random for each write
        frame  = ( crc32c / xxh3 ) content
        both over: head key number last content
        number = 8 OCTET              ; of the frame, from 0 on, big-endian
        last   = %x00 / %x01          ; whether it is the last frame

    Reading raises Corrupt if the value is damaged, or was written under another key. crc32c finds every
    change of up to 32 adjacent bits; xxh3 is faster on large values. Of all other changes, crc32c misses one
    in 2**32 and xxh3 one in 2**64. ``algorithm`` affects only writing; a stored value says which algorithm
    was used. Neither algorithm stops an attacker; use `Encrypt` for that. The compressing layers check their
    values too.

    >>> from holdall import Memory
    >>> store = Checksum(Memory())
    >>> store["a"] = b"holdall"
    >>> store.raw()["b"] = store.raw()["a"]
    >>> store["b"]
    Traceback (most recent call last):
      ...
    holdall.errors.Corrupt: the value of 'b' was not written by Checksum, or is damaged: ...
    """

    def __init__(self, store: Store[bytes], algorithm: Literal["crc32c", "xxh3"] = "crc32c") -> None:
        super().__init__(store)
        if algorithm not in ("crc32c", "xxh3"):
            raise Invalid(f"there is no checksum {algorithm!r}; choose crc32c or xxh3")
        self._kind = _CRC32C if algorithm == "crc32c" else _XXH3

    def encode(self, key: str, value: bytes, /) -> bytes:
        value = to_bytes(value)
        if len(value) > FRAME:
            return seal_value(self._new_seal(key), value)
        return b"".join((self._kind, _digest(self._kind, encode_key(key), value), value))

    def decode(self, key: str, data: bytes, /) -> bytes:
        kind = data[:1]
        if kind in _FRAMED:
            return open_sealed(_Digests(_FRAMED[kind], data[: 1 + _ID], key), data)
        start = 1 + _LENGTHS.get(kind, len(data))
        value = data[start:]
        if start > len(data) or data[1:start] != _digest(kind, encode_key(key), value):
            raise _mismatch()
        return value

    def _new_seal(self, key: str) -> Seal:
        return _Digests(self._kind, _KINDS[self._kind] + os.urandom(_ID), key)

    def _seal_of(self, key: str, data: bytes) -> Seal | None:
        algorithm = _FRAMED.get(data[:1])
        return None if algorithm is None else _Digests(algorithm, data[: 1 + _ID], key)


class _Digests:
    """The seal of a value: a digest before each frame."""

    def __init__(self, algorithm: bytes, head: bytes, key: str) -> None:
        self.head = head
        self.overhead = _LENGTHS[algorithm]
        self._algorithm = algorithm
        self._about = head + encode_key(key)

    def seal(self, number: int, is_last: bool, content: bytes) -> tuple[bytes, ...]:
        return self._digest(number, is_last, content), content

    def open(self, number: int, is_last: bool, frame: memoryview) -> bytes:
        content = bytes(frame[self.overhead :])
        if frame[: self.overhead] != self._digest(number, is_last, content):
            raise _mismatch()
        return content

    def _digest(self, number: int, is_last: bool, content: bytes) -> bytes:
        about = self._about + number.to_bytes(8, "big") + bytes((is_last,))
        return _digest(self._algorithm, about, content)


def _digest(kind: bytes, about: bytes, content: bytes) -> bytes:
    if kind == _CRC32C:
        crc: int = google_crc32c.extend(google_crc32c.value(about), content)
        return crc.to_bytes(4, "big")
    hash = xxhash.xxh3_64(about)
    hash.update(content)
    return hash.digest()


def _mismatch() -> ValueError:
    return ValueError("its checksum does not match")
