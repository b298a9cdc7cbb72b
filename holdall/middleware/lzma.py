"""Compression of values by LZMA: the smallest results and the slowest layer, for archives."""

from collections.abc import Iterator
from lzma import CHECK_CRC64, FORMAT_XZ, LZMACompressor, LZMADecompressor

from holdall.middleware._streams.decoded import PART, STEP, Read
from holdall.middleware.compress import Compress, Encoder
from holdall.middleware.documents.memory import LARGEST
from holdall.store import Store

_MEMORY = 1 << 27
"""The bytes of memory that reading may use for LZMA's own dictionary: twice as many as level 9 needs."""


class Lzma(Compress):
    """Stores each value as one .xz file (The .xz File Format, 1.2) with a CRC-64, which any program can read.

    ``level`` is 0 (fast) to 9 (small; writing takes 674 MiB of memory); it affects only writing. For
    ``max_size`` see `Compress`. Reading raises Corrupt for a file that would take more than 128 MiB of
    memory; no level writes such a file.

    >>> from holdall import Memory
    >>> store = Lzma(Memory())
    >>> store["a"] = b"holdall " * 1000
    >>> len(store["a"]), len(store.raw()["a"]) < 200
    (8000, True)
    """

    def __init__(self, store: Store[bytes], level: int = 6, *, max_size: int = LARGEST) -> None:
        super().__init__(store, level, max_size)

    def _encoder(self) -> Encoder:
        return LZMACompressor(FORMAT_XZ, CHECK_CRC64, self._level)

    def decode(self, key: str, data: bytes, /) -> bytes:
        stream = LZMADecompressor(FORMAT_XZ, _MEMORY)
        value = stream.decompress(data, self._max_size + 1)
        if len(value) > self._max_size:
            raise self._too_large(key)
        _check_end(stream, b"")
        return value

    def _decompress(self, read: Read) -> Iterator[bytes]:
        stream = LZMADecompressor(FORMAT_XZ, _MEMORY)
        data = read(STEP)
        while data or not stream.needs_input:
            yield stream.decompress(data, PART)
            if stream.eof:
                break
            data = read(STEP) if stream.needs_input else b""
        _check_end(stream, read(1))


def _check_end(stream: LZMADecompressor, more: bytes) -> None:
    # A stream may declare that it has no check. Then the decoder would accept any content.
    if not stream.eof or stream.unused_data or more or stream.check != CHECK_CRC64:
        raise ValueError("it is cut off, has data after its end, or has no CRC-64")
