r"""The stamp before every stored value: the revision, its time, its author and its message.

    stamped = stamp value
    stamp   = magic size kind number time id check author-size note
    note    = author message               UTF-8
            | sealed                       see `holdall.middleware.versions.sealing`; author-size is 0
    magic   = FF "hv1"       no text, JSON, XML or compressed data begins so
    size    = 2 bytes        of the whole stamp; numbers are big-endian
    kind    = "p"            a value that was put
            | "n"            a value put where nothing was; its number is the one it is recorded under
            | "d"            a deletion
            | "f"            a value that was found: a writer without versions put it there
            | "l"            a loss that was found: a writer without versions deleted it
    number  = 8 bytes        0 for "n"
    time    = 8 bytes        microseconds since 1970, by the writer's clock; the time of an "n" is that
                             of the revision before it if that is later
    id      = 8 bytes        makes every stamp unlike every other; a sync gives a revision the same id at each
                             store
    check   = 4 bytes        CRC-32 of the value
    author-size = 1 byte     of the author, which is at most 255 bytes

A head (the newest value, stored under its own key) and the record of the same revision are equal, byte for
byte.
"""

import os
import struct
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple, Self
from zlib import crc32

from holdall.history import NOTE_BYTES, Note, require_moment
from holdall.middleware.versions.errors import corrupt_error

MAGIC: Final = b"\xffhv1"
PUT, NEW, DELETED, FOUND, LOST = b"p", b"n", b"d", b"f", b"l"
GONE: Final = DELETED, LOST
"""The kinds of the revisions at which the key is missing."""
_LAYOUT = struct.Struct(">4sHcQQ8sIB")
_FRONT = struct.Struct(">4sHcQQ")
_FIXED = struct.Struct(">cQQ8s")
_SEALED: Final = b"\xfe"  # UTF-8 text never begins with this byte
_LONGEST: Final = NOTE_BYTES + 128  # a sealed note is longer than its texts
SMALLEST: Final = _LAYOUT.size
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST: Final = 10**12 - 2  # a name has digits for this number and one after it
_LATEST: Final = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


class Stamp(NamedTuple):
    """The stamp of one revision. In the store the value follows it; it is empty for a deletion.

    >>> stamp = Stamp(PUT, 2, 1_000_000, b"8 bytes.", Note("Ann", "typing error"))
    >>> Stamp.parse("key", stamp.prepend_to(b"value")) == (stamp, b"value")
    True
    """

    kind: bytes
    number: int
    micros: int
    id: bytes
    note: Note = Note()
    sealed: bytes = b""

    @classmethod
    def now(cls, kind: bytes, number: int, note: Note, *, after: int = 0, id: bytes | None = None) -> Self:
        """A new stamp with the current time, or ``after`` if that is later: times of a key do not go back.

        Its id is ``id``, or random.
        """
        return cls(kind, number, max(time.time_ns() // 1000, after), id or os.urandom(8), note)

    @property
    def fixed(self) -> bytes:
        """Kind, number, time and id in their stored form."""
        return _FIXED.pack(self.kind, self.number, self.micros, self.id)

    @property
    def deleted(self) -> bool:
        """Whether the key is missing at this revision."""
        return self.kind in GONE

    @property
    def time(self) -> datetime:
        """The time of the revision, in UTC."""
        return to_datetime(self.micros)

    def prepend_to(self, value: bytes) -> bytes:
        """``value`` with this stamp before it. Raises TooLarge if author and message do not fit."""
        author, message = (b"", _SEALED + self.sealed) if self.sealed else _encode(self.note)
        size = SMALLEST + len(author) + len(message)
        fixed = (MAGIC, size, self.kind, self.number, self.micros, self.id)
        return b"".join((_LAYOUT.pack(*fixed, crc32(value), len(author)), author, message, value))

    @classmethod
    def parse(cls, key: str, data: bytes) -> tuple[Self, bytes]:
        """Stamp and value of ``data``, checked. Raises Corrupt if the data was damaged."""
        try:
            _, size, kind, number, micros, id, check, split = _LAYOUT.unpack_from(data)
            stamp = cls(kind, number, micros, id, *_note(data[SMALLEST:size], split))
            value = data[size:]
        except (struct.error, UnicodeDecodeError) as error:
            raise corrupt_error(key, str(error)) from error
        if not SMALLEST + split <= size <= len(data) or kind not in _KINDS or crc32(value) != check:
            raise corrupt_error(key, "its checksum does not match")
        if number > _LAST or micros > _LATEST:  # the check covers only the value
            raise corrupt_error(key, "its number or time is out of range")
        return stamp, value


@lru_cache(64)  # writes to many keys mostly have the same note
def _encode(note: Note) -> tuple[bytes, bytes]:
    return note.encoded


@lru_cache(64)
def _note(texts: bytes, split: int) -> tuple[Note, bytes]:
    """The note and b""; for a sealed note, an empty note and the sealed bytes."""
    if texts.startswith(_SEALED):
        return Note(), texts[len(_SEALED) :]
    return Note(texts[:split].decode(), texts[split:].decode()), b""


_KINDS = frozenset((PUT, NEW, DELETED, FOUND, LOST))


def to_datetime(micros: int) -> datetime:
    """The time that a stamp stores as ``micros``, in UTC."""
    return _EPOCH + timedelta(microseconds=micros)


def micros_of(time: datetime) -> int:
    """``time`` as stamps store it. Raises the errors of `require_moment`."""
    require_moment(time)
    return (time - _EPOCH) // timedelta(microseconds=1)


def is_stamped(data: bytes) -> bool:
    """Whether ``data`` begins with a stamp; if not, it was written without versions."""
    return data.startswith(MAGIC)


def is_deletion(data: bytes) -> bool:
    """Whether ``data`` is a stamped deletion. A found loss is recorded, but is never a head."""
    return data[6:7] == DELETED and data[:4] == MAGIC


def peek(key: str, data: bytes) -> tuple[bytes, int, int]:
    """Kind, number and time of stamped ``data``, unchecked."""
    if len(data) < SMALLEST:
        raise corrupt_error(key, "it is cut short")
    _, _, kind, number, micros = _FRONT.unpack_from(data)
    return kind, number, micros


SIZES: Final[dict[bytes, int]] = {}
"""The length of every stamp seen so far, by its first seven bytes (magic, size, kind).

It has at most some thousand entries. One lookup is all that most reads need.
"""


def strip(key: str, data: bytes) -> bytes:
    """``data`` without its stamp, if it has one. Raises KeyError for a deletion. The CRC is not checked."""
    size = SIZES.get(data[:7])
    if size is not None and size <= len(data):
        return data[size:]
    return _strip_unknown(key, data)


def strip_items(items: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """Yield ``items`` without stamps and without deletions."""
    known = SIZES.get
    for key, data in items:
        size = known(data[:7])
        if size is not None and size <= len(data):
            yield key, data[size:]
        elif not is_deletion(data):
            yield key, _strip_unknown(key, data)


def _strip_unknown(key: str, data: bytes) -> bytes:
    if data[:4] != MAGIC:
        return data
    if is_deletion(data):
        raise KeyError(key)
    size = data[4] << 8 | data[5] if len(data) >= SMALLEST else 0
    if not SMALLEST <= size <= min(len(data), SMALLEST + _LONGEST) or data[6:7] not in _KINDS:
        raise corrupt_error(key, "it is cut short")
    SIZES[data[:7]] = size
    return data[size:]
