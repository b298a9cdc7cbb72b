"""A file that decodes another file while it is read: forwards only, so a seek backwards starts again."""

import io
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, Final

from holdall.files import BUFFER

if TYPE_CHECKING:
    from typing_extensions import Buffer

Read = Callable[[int], bytes]
"""Returns the next bytes of a file, as many as its argument says, or fewer at the end of the file."""

STEP: Final = 1 << 16
"""The bytes that a decoder reads at once."""

PART: Final = 1 << 18
"""The most bytes that a decoder should yield at once."""


class _DecodedReader(io.RawIOBase):
    """Reads ``file`` through ``decode``, which yields the decoded parts from its beginning to its end.

    After an error, the next read decodes from the beginning again. So an error is never followed by an end of
    the file that was not checked.
    """

    def __init__(self, file: BinaryIO, decode: Callable[[Read], Iterator[bytes]]) -> None:
        self._file = file
        self._decode = decode
        self._at = 0  # the position of the reader
        self._parts = decode(file.read)
        self._part = memoryview(b"")
        self._start = 0  # the position of ``_part``

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        if whence == io.SEEK_END:
            self._at = self._find_end()
        at = offset if whence == io.SEEK_SET else self._at + offset
        if at < 0:
            raise ValueError(f"the position {at} is negative")
        self._at = at
        return at

    def readinto(self, buffer: "Buffer", /) -> int:
        view = memoryview(buffer).cast("B")
        data = self._take(len(view))
        view[: len(data)] = data
        return len(data)

    def readall(self) -> bytes:
        return b"".join(iter(partial(self._take, sys.maxsize), b""))

    def _take(self, most: int) -> memoryview:
        """Return 1 to ``most`` bytes from the position on, or none at the end."""
        if self._at < self._start:
            self._start_again()
        while self._at >= self._start + len(self._part):
            if not self._advance():
                return self._part
        first = self._at - self._start
        data = self._part[first : first + most]
        self._at += len(data)
        return data

    def _find_end(self) -> int:
        while self._advance():
            pass
        return self._start

    def _advance(self) -> bool:
        """Go on to the next part, and return whether there is one."""
        self._start += len(self._part)
        self._part = memoryview(b"")
        try:
            self._part = memoryview(next(filter(None, self._parts), b""))
        except BaseException:
            self._start_again()
            raise
        return bool(self._part)

    def _start_again(self) -> None:
        self._file.seek(0)
        self._parts = self._decode(self._file.read)
        self._part = memoryview(b"")
        self._start = 0

    def close(self) -> None:
        super().close()
        self._file.close()


def open_decoded(file: BinaryIO, decode: Callable[[Read], Iterator[bytes]]) -> io.BufferedReader:
    """Return a file that reads what ``decode`` yields for ``file``, which is closed with it."""
    return io.BufferedReader(_DecodedReader(file, decode), BUFFER)
