"""Compression of values by gzip: slower than zstd and with larger results, but readable everywhere."""

import zlib
from collections.abc import Iterator

from holdall.middleware._streams.decoded import PART, STEP, Read
from holdall.middleware.compress import Compress, Encoder
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
        size    = 4 OCTET                            ; its length; of a larger value, the last 32 bits

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

    def _encoder(self) -> Encoder:
        return _Encoder(self._level)

    def decode(self, key: str, data: bytes, /) -> bytes:
        if not data.startswith(_HEAD):
            raise _wrong_head()
        stream = zlib.decompressobj(wbits=_GZIP)
        value = stream.decompress(data, self._max_size + 1)
        if len(value) > self._max_size:
            raise self._too_large(key)
        if not stream.eof or stream.unused_data:
            raise _wrong_end()
        return value

    def _decompress(self, read: Read) -> Iterator[bytes]:
        data = read(STEP)
        if not data.startswith(_HEAD):
            raise _wrong_head()
        stream = zlib.decompressobj(wbits=_GZIP)
        while data:
            yield stream.decompress(data, PART)
            data = b"" if stream.eof else stream.unconsumed_tail or read(STEP)
        if not stream.eof or stream.unused_data or read(1):
            raise _wrong_end()


class _Encoder:
    """Makes one gzip file."""

    def __init__(self, level: int) -> None:
        self._deflate = zlib.compressobj(level, wbits=-zlib.MAX_WBITS)
        self._head = _HEAD
        self._crc = 0
        self._size = 0

    def compress(self, data: bytes, /) -> bytes:
        self._crc = zlib.crc32(data, self._crc)
        self._size += len(data)
        head, self._head = self._head, b""
        return head + self._deflate.compress(data)

    def flush(self) -> bytes:
        tail = _word(self._crc) + _word(self._size & 0xFFFFFFFF)
        return self._head + self._deflate.flush() + tail


def _word(number: int) -> bytes:
    return number.to_bytes(4, "little")


def _wrong_head() -> ValueError:
    return ValueError("it does not begin with the gzip header that this layer writes")


def _wrong_end() -> ValueError:
    return ValueError("it is cut off, or has data after its end")
