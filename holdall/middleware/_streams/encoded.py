"""The sink of a file that is encoded while it is written."""

from typing import Protocol

from holdall.files import Sink, ValueWriter
from holdall.store import Tag


class Encoder(Protocol):
    """Encodes one value, part by part."""

    def compress(self, data: bytes, /) -> bytes:
        """Take the next part of the value, and return the next bytes to store, which may be none."""
        ...

    def flush(self) -> bytes:
        """Return the last bytes to store. Nothing follows."""
        ...


class Encoded(Sink):
    """Writes to ``file``, a file of the store below, what ``encoder`` makes of the value."""

    def __init__(self, file: ValueWriter, encoder: Encoder) -> None:
        self._file = file
        self._encoder = encoder

    def write(self, data: bytes) -> None:
        self._file.write(self._encoder.compress(data))

    def commit(self) -> Tag | None:
        with self._file as file:
            file.write(self._encoder.flush())
        return file.tag

    def discard(self) -> None:
        self._file.discard()
