"""The base of the compressing layers: bytes to bytes, with a limit on the decompressed size."""

import io
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from holdall.errors import Corrupt, HoldallError, TooLarge, Unsupported
from holdall.files import ValueWriter, is_to_write
from holdall.middleware._streams.decoded import Read, open_decoded
from holdall.middleware._streams.encoded import Encoded
from holdall.middleware.codec import Codec
from holdall.store import Feature, Store, Tag, to_bytes


class Encoder(Protocol):
    """Compresses one value, part by part, as the objects of zlib, lzma and zstandard do."""

    def compress(self, data: bytes, /) -> bytes:
        """Take the next bytes of the value, and return the next bytes to store, which may be none."""
        ...

    def flush(self) -> bytes:
        """Return the last bytes to store."""
        ...


class Compress(Codec[bytes, bytes]):
    """Compresses values by ``level``; a value may have at most ``max_size`` bytes before compression.

    Writing a larger value raises TooLarge. Reading one raises Corrupt before the value takes that much
    memory, so a few stored bytes cannot exhaust the memory of the process.

    ``max_size`` does not limit files, because only a part of a file is in memory. If a value that was written
    as a file is larger, only `open` reads it. A file that reads returns the bytes while it decompresses. It
    checks the checksum of the value at the end, so it raises Corrupt there at the latest. Do not rely on the
    first bytes of a value before you have read all of it. A seek backwards decompresses from the beginning
    again, and a seek relative to the end decompresses the whole value.

    A subclass supplies ``_encoder``, a ``decode`` that raises an exception unless the data is exactly one
    compressed value, and ``_decompress``, which does the same for a file.
    """

    def __init__(self, store: Store[bytes], level: int, max_size: int) -> None:
        super().__init__(store)
        self._level = level
        self._max_size = max_size

    @abstractmethod
    def _encoder(self) -> Encoder:
        """Return a new encoder of one value."""

    @abstractmethod
    def _decompress(self, read: Read) -> Iterator[bytes]:
        """Yield the parts of the value that ``read`` reads. Each is small, whatever the data is."""

    def _pack(self, value: bytes) -> bytes:
        encoder = self._encoder()
        return encoder.compress(value) + encoder.flush()

    def encode(self, key: str, value: bytes, /) -> bytes:
        value = to_bytes(value)
        if len(value) > self._max_size:
            message = f"the value of {key!r} is {len(value):,} bytes; max_size is {self._max_size:,}"
            raise TooLarge(f"{message}; write it as a file, or give a larger max_size", key=key)
        return self._pack(value)

    def read(self, key: str, /, start: int = 0, length: int | None = None) -> bytes:
        raise Unsupported(
            f"{self!r} cannot read a part of {key!r}: it has to decompress the value from its beginning; "
            "read the whole value by store[key], or seek in the file store.open(key)",
            key=key,
        )

    def open(self, key: str, /, mode: str = "rb", *, expected: Tag | None = None) -> Any:
        if is_to_write(mode, expected):
            encoder = self._encoder()
            file = self._inner.open(key, "wb", expected=expected)
            return ValueWriter(Encoded(file, encoder.compress, encoder.flush))
        return open_decoded(self._inner.open(key), lambda read: self._decode_file(key, read))

    def _decode_file(self, key: str, read: Read) -> Iterator[bytes]:
        try:
            yield from self._decompress(read)
        except (HoldallError, MemoryError, OSError):
            raise
        except Exception as error:
            raise self._corrupt(key, error) from error

    @property
    def features(self) -> Feature:
        return self._inner.features & ~Feature.RANGES

    def size(self, key: str, /) -> int:
        try:
            file: io.BufferedReader = self.open(key)
        except Unsupported:  # the store below has no files
            return len(self[key])
        with file:
            return file.seek(0, io.SEEK_END)

    def _join(self, key: str, parts: Iterable[bytes]) -> bytes:
        """Return the parts as one value. Raises Corrupt as soon as it is larger than ``max_size``."""
        held: list[bytes] = []
        left = self._max_size
        for part in parts:
            left -= len(part)
            if left < 0:
                raise self._too_large(key)
            held.append(part)
        return b"".join(held)

    def _too_large(self, key: str) -> Corrupt:
        return Corrupt(
            f"the value of {key!r} is or may be larger than max_size, which is {self._max_size:,} bytes; "
            "read it as a file, as in store.open(key), or give a larger max_size",
            key=key,
        )
