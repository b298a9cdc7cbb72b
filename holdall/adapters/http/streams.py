"""Values as files: read in parts of one version, and written by one PUT from a temporary file."""

from collections.abc import Callable
from typing import IO, Final

from holdall.adapters._shared.etags import etag
from holdall.adapters.http import parts
from holdall.adapters.http.answer import Answer
from holdall.errors import Corrupt, TooLarge
from holdall.files import Spool, ValueReader, open_value
from holdall.ranges import ByteRange
from holdall.store import Tag

_PART: Final = ByteRange(0, 8 << 20)
"""The part of a value that one request of a file reads."""


def open_to_read(read: Callable[..., Answer], key: str, where: str) -> ValueReader:
    """Return a file that reads the value of ``key``, by requests ``read(Range=…)``. The first one is sent here."""
    first = read(Range=_PART.header)
    size = parts.size_in(first, where)
    begin = parts.part_in(first, _PART, where)
    condition = {"If_Match": etag(first.tag)}

    def find(part: ByteRange) -> bytes:
        start, length = part.within(size)
        if start + length <= len(begin):
            return begin[start : start + length]
        found = parts.part_in(read(Range=part.header, **condition), part, where)
        if len(found) != length:
            raise Corrupt(f"{where} answered with {len(found):,} bytes of a part of {length:,}", key=key)
        return found

    return open_value(size, find, buffer=_PART.length or 0, tag=first.tag)


class Spooled(Spool):
    """The new value of ``key`` in a temporary file, of at most ``most`` bytes, which ``commit`` sends."""

    def __init__(self, key: str, most: int, commit: Callable[[IO[bytes], int], Tag | None]) -> None:
        super().__init__(commit)
        self._key = key
        self._left = most
        self._most = most

    def write(self, data: bytes) -> None:
        self._left -= len(data)
        if self._left < 0:
            raise TooLarge(
                f"the value of {self._key!r} has more than {self._most:,} bytes, the most that this service takes; "
                "start it with a larger --max-body",
                key=self._key,
            )
        super().write(data)
