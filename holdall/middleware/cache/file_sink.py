"""A value that is written as a file through a cache."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from holdall.files import Sink, ValueWriter
from holdall.store import Tag


class FileSink(Sink):
    """Writes ``file``, a file of the store below a cache, and closes it in the context that ``write`` returns."""

    def __init__(self, file: ValueWriter, write: Callable[[], AbstractContextManager[object]]) -> None:
        self._file = file
        self._write = write

    def write(self, data: bytes) -> None:
        self._file.write(data)

    def commit(self) -> Tag | None:
        try:
            with self._write():
                self._file.close()
        finally:
            self._file.discard()  # if the near store could not drop the old value; otherwise it does nothing
        return self._file.tag

    def discard(self) -> None:
        self._file.discard()
