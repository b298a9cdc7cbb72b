"""The sink of a file that is encoded while it is written."""

from collections.abc import Callable

from holdall.files import Sink, ValueWriter
from holdall.store import Tag


class Encoded(Sink):
    """Writes an encoded value to ``file``, a file of the store below.

    ``encode`` takes the next bytes of the value, and returns the next bytes to store, which may be none.
    ``finish`` returns the last bytes to store.
    """

    def __init__(
        self, file: ValueWriter, encode: Callable[[bytes], bytes], finish: Callable[[], bytes]
    ) -> None:
        self._file = file
        self._encode = encode
        self._finish = finish

    def write(self, data: bytes) -> None:
        self._file.write(self._encode(data))

    def commit(self) -> Tag | None:
        with self._file as file:
            file.write(self._finish())
        return file.tag

    def discard(self) -> None:
        self._file.discard()
