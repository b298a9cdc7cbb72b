"""The base of the compressing layers: bytes to bytes, with a limit on the decompressed size."""

from abc import abstractmethod

from holdall.errors import TooLarge
from holdall.middleware.codec import Codec
from holdall.store import Store, to_bytes


class Compress(Codec[bytes, bytes]):
    """Compresses values by ``level``; a value may have at most ``max_size`` bytes before compression.

    Writing a larger value raises TooLarge. Reading one raises Corrupt before the value takes that much
    memory, so a few stored bytes cannot exhaust the memory of the process.

    A subclass supplies ``_pack``, and a ``decode`` that raises an exception unless the data is exactly what
    one call of ``_pack`` returned.
    """

    def __init__(self, store: Store[bytes], level: int, max_size: int) -> None:
        super().__init__(store)
        self._level = level
        self._max_size = max_size

    @abstractmethod
    def _pack(self, value: bytes) -> bytes: ...

    def encode(self, key: str, value: bytes, /) -> bytes:
        value = to_bytes(value)
        if len(value) > self._max_size:
            message = f"the value of {key!r} is {len(value):,} bytes; max_size is {self._max_size:,}"
            raise TooLarge(message, key=key)
        return self._pack(value)

    def _too_large(self) -> ValueError:
        return ValueError(f"it is or may be larger than max_size, which is {self._max_size:,} bytes")
