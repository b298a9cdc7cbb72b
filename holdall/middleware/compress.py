"""What the compressing layers have in common: bytes to bytes, and a bound on what comes out."""

from abc import abstractmethod

from holdall.errors import TooLarge
from holdall.middleware.codec import Codec
from holdall.store import Store, to_bytes


class Compress(Codec[bytes, bytes]):
    """Values compressed by ``level``, none of them over ``max_size`` bytes before compression.

    A larger one is TooLarge when it is written. When it is read it is Corrupt, found out before it takes
    the memory: a few bytes in a store cannot exhaust the process.

    A subclass supplies ``_pack``, and a ``decode`` that raises for anything but the whole of what one
    ``_pack`` returned.
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
        return ValueError(f"it holds or may hold more than max_size, which is {self._max_size:,} bytes")
