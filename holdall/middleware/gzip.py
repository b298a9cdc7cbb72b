"""Compression of values by gzip: slower than zstd and with larger results, but readable everywhere."""

import zlib

from holdall.middleware.compress import Compress
from holdall.middleware.documents.memory import LARGEST
from holdall.store import Store

_HEAD = b"\x1f\x8b\x08" + bytes(5) + b"\x00\xff"
_GZIP = 16 + zlib.MAX_WBITS


class Gzip(Compress):
    """Stores each value as a gzip file (RFC 1952), which any program can read.

        value   = head deflate crc size
        head    = %x1F.8B.08.00.00.00.00.00.00.FF    ; no name, no time, no system: equal values, equal bytes
        deflate = RFC 1951
        crc     = 4 OCTET                            ; CRC-32 of the value
        size    = 4 OCTET                            ; its length

    A file with another head was damaged, or written by another program; reading it raises Corrupt. ``level``
    is 1 (fast) to 9 (small); it affects only writing. For ``max_size`` see `Compress`.

    >>> from holdall import Memory
    >>> store = Gzip(Memory())
    >>> store["a"] = b"holdall " * 1000
    >>> len(store["a"]), len(store.raw()["a"]) < 100
    (8000, True)
    """

    def __init__(self, store: Store[bytes], level: int = 6, *, max_size: int = LARGEST) -> None:
        super().__init__(store, level, max_size)

    def _pack(self, value: bytes) -> bytes:
        deflated = zlib.compress(value, self._level, wbits=-zlib.MAX_WBITS)
        return b"".join((_HEAD, deflated, _word(zlib.crc32(value)), _word(len(value) & 0xFFFFFFFF)))

    def decode(self, key: str, data: bytes, /) -> bytes:
        if not data.startswith(_HEAD):
            raise ValueError("it does not begin with the gzip header that this layer writes")
        stream = zlib.decompressobj(wbits=_GZIP)
        value = stream.decompress(data, self._max_size + 1)
        if len(value) > self._max_size:
            raise self._too_large()
        if not stream.eof or stream.unused_data:
            raise ValueError("it is cut off, or has data after its end")
        return value


def _word(number: int) -> bytes:
    return number.to_bytes(4, "little")
