"""Values compressed by LZMA: the smallest and the slowest, for archives."""

from lzma import CHECK_CRC64, FORMAT_XZ, LZMADecompressor, compress

from holdall.middleware.compress import Compress
from holdall.middleware.memory import LARGEST
from holdall.store import Store

_MEMORY = 1 << 27
"""Bytes that reading may take for LZMA's own dictionary: twice what level 9 writes for."""


class Lzma(Compress):
    """Each value is one .xz file (The .xz File Format, 1.2), with its CRC-64, that any program reads.

    ``level`` is 0 (fast) to 9 (small, and 674 MiB to write); it concerns writing alone. For ``max_size``
    see `Compress`. A file that takes more than 128 MiB to read, which no level needs, is Corrupt.

    >>> from holdall import Memory
    >>> store = Lzma(Memory())
    >>> store["a"] = b"holdall " * 1000
    >>> len(store["a"]), len(store.raw()["a"]) < 200
    (8000, True)
    """

    def __init__(self, store: Store[bytes], level: int = 6, *, max_size: int = LARGEST) -> None:
        super().__init__(store, level, max_size)

    def _pack(self, value: bytes) -> bytes:
        return compress(value, FORMAT_XZ, CHECK_CRC64, self._level)

    def decode(self, key: str, data: bytes, /) -> bytes:
        stream = LZMADecompressor(FORMAT_XZ, _MEMORY)
        value = stream.decompress(data, self._max_size + 1)
        if len(value) > self._max_size:
            raise self._too_large()
        # A stream that says it checks nothing would be believed whatever it holds.
        if not stream.eof or stream.unused_data or stream.check != CHECK_CRC64:
            raise ValueError("it is cut off, goes on after its end, or has no CRC-64")
        return value
