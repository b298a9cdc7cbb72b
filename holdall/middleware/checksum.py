"""A checksum for each value, for stores that have none: reading a damaged value raises Corrupt."""

from typing import Literal

from holdall.errors import Invalid
from holdall.extras import needs
from holdall.middleware._secrets.binding import encode_key
from holdall.middleware.codec import Codec
from holdall.store import Store, to_bytes

with needs("checksum"):
    import google_crc32c
    import xxhash

_CRC32C = b"\xf9"  # UTF-8 text never begins with this byte
_XXH3 = b"\xfa"
_LENGTHS = {_CRC32C: 4, _XXH3: 8}


class Checksum(Codec[bytes, bytes]):
    """Stores a checksum over key and value before each value.

        value  = ( %xF9 crc32c / %xFA xxh3 ) content
        crc32c = 4 OCTET      ; CRC-32C (RFC 3720, appendix B.4), big-endian
        xxh3   = 8 OCTET      ; XXH3 64, big-endian
        both over: bytes in the key (8, big-endian), the key in UTF-8, content

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
    holdall.errors.Corrupt: the value of 'b' is not what Checksum writes: its checksum does not match
    """

    def __init__(self, store: Store[bytes], algorithm: Literal["crc32c", "xxh3"] = "crc32c") -> None:
        super().__init__(store)
        if algorithm not in ("crc32c", "xxh3"):
            raise Invalid(f"there is no checksum {algorithm!r}; choose crc32c or xxh3")
        self._kind = _CRC32C if algorithm == "crc32c" else _XXH3

    def encode(self, key: str, value: bytes, /) -> bytes:
        value = to_bytes(value)
        return b"".join((self._kind, _digest(self._kind, key, value), value))

    def decode(self, key: str, data: bytes, /) -> bytes:
        kind = data[:1]
        start = 1 + _LENGTHS.get(kind, len(data))
        value = data[start:]
        if start > len(data) or data[1:start] != _digest(kind, key, value):
            raise ValueError("its checksum does not match")
        return value


def _digest(kind: bytes, key: str, value: bytes) -> bytes:
    named = encode_key(key)
    if kind == _CRC32C:
        crc: int = google_crc32c.extend(google_crc32c.value(named), value)
        return crc.to_bytes(4, "big")
    hash = xxhash.xxh3_64(named)
    hash.update(value)
    return hash.digest()
