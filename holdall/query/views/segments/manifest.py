"""The manifest of a table, and the bytes of its segments.

    manifest = "segments1 manifest " digest msgpack of [ id, head or nil, [ *run ] ]      ; the newest run first
    run      = [ *[ name, first, size, filter ] ]                        ; segments in the order of their names
    segment  = "segments1 segment " digest msgpack of { *( name: value or nil ) }         ; in the order of the names

``id`` is random, so that no two manifests are equal. ``digest`` is the blake2b of 16 bytes of what follows, and
of the name of the segment, so that a segment under another name is damaged. ``first`` is the first name in a
segment. A nil says that the name was deleted, and hides the name in older runs.
"""

import contextlib
import hashlib
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeVar
from uuid import uuid4

from holdall.errors import Mismatch
from holdall.extras import needs
from holdall.query.views.nodes import Damaged
from holdall.query.views.segments.membership import may_hold, new_filter

with needs("json"):
    import msgspec

T = TypeVar("T")
Rows = dict[str, bytes | None]

_MARK: Final = b"segments1 "
_DIGEST: Final = 16


class Segment(NamedTuple):
    """A segment as its manifest knows it: its name, the first name in it, its bytes, and a filter of its names."""

    name: str
    first: str
    size: int
    filter: bytes

    @classmethod
    def of(cls, rows: Mapping[str, bytes | None]) -> "tuple[Segment, bytes]":
        """Return a new segment with these rows, which are in the order of their names, and its bytes."""
        name = uuid4().hex
        data = _seal(b"segment ", rows, name)
        return cls(name, next(iter(rows)), len(data), new_filter(rows)), data

    def load(self, data: bytes) -> Rows:
        """Return the rows in ``data``, the bytes of this segment. Raises Damaged if they are damaged."""
        return _unseal(b"segment ", data, Rows, self.name)


Run = list[Segment]


class Manifest(NamedTuple):
    """One state of a table: the caller's head, and the runs of segments, the newest first."""

    id: str
    head: bytes | None = None
    runs: list[Run] = []  # noqa: RUF012  nothing changes it

    @classmethod
    def new(cls, head: bytes | None, runs: list[Run]) -> "Manifest":
        """Return a manifest that is equal to no other."""
        return cls(uuid4().hex, head, runs)

    @property
    def names(self) -> set[str]:
        """The names of all segments."""
        return {segment.name for run in self.runs for segment in run}

    def places(self, name: str, number: int) -> Iterator[Segment]:
        """Yield the segments that may hold ``name``, the newest first. ``number`` is the hash of ``name``."""
        for run in self.runs:
            place = bisect_right(run, name, key=_first) - 1
            if place >= 0 and may_hold(run[place].filter, number):
                yield run[place]

    def dump(self) -> bytes:
        """Return the manifest as `load` reads it."""
        return _seal(b"manifest ", self)

    @classmethod
    def load(cls, data: bytes) -> "Manifest":
        """Return the manifest that `dump` wrote. Raises Damaged, or Mismatch if a later holdall wrote it."""
        return _unseal(b"manifest ", data, Manifest)


def size_of(run: Run) -> int:
    """Return the number of bytes in a run."""
    return sum(segment.size for segment in run)


def _first(segment: Segment) -> str:
    return segment.first


def _seal(kind: bytes, content: Any, name: str = "") -> bytes:
    body = msgspec.msgpack.encode(content)
    return b"".join([_MARK, kind, _digest(kind, body, name), body])


def _unseal(kind: bytes, data: bytes, type: type[T], name: str = "") -> T:
    mark = _MARK + kind
    start = len(mark) + _DIGEST
    if re.match(rb"segments[0-9]+ ", data) and not data.startswith(_MARK):
        raise Mismatch("a later version of holdall wrote the index of this view; upgrade holdall")
    if data.startswith(mark) and data[len(mark) : start] == _digest(kind, data[start:], name):
        with contextlib.suppress(msgspec.MsgspecError):
            return msgspec.msgpack.decode(data[start:], type=type)
    words = f"segment {name}" if name else "manifest"
    raise Damaged(f"{words} is not as it was written")


def _digest(kind: bytes, body: bytes, name: str) -> bytes:
    return hashlib.blake2b(body, digest_size=_DIGEST, key=name.encode(), person=kind.strip()).digest()
