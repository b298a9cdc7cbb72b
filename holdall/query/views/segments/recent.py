"""The segments that a process used last, up to a number of bytes. A segment never changes, so none is out of date."""

from threading import Lock
from typing import Final

from holdall.query.views.segments.manifest import Rows, Segment

_MOST: Final = 32 << 20  # bytes of the segments as they are stored


class Recent:
    """The rows of segments. Threads may share it.

    >>> recent, (segment, _) = Recent(), Segment.of({"a": b"1"})
    >>> recent.put(segment, {"a": b"1"})
    >>> recent.get(segment)
    {'a': b'1'}
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._rows: dict[str, tuple[int, Rows]] = {}  # the one that is dropped next comes first
        self._size = 0

    def get(self, segment: Segment) -> Rows | None:
        """Return the rows of ``segment``, or None if they are not here."""
        with self._lock:
            held = self._rows.pop(segment.name, None)
            if held is None:
                return None
            self._rows[segment.name] = held
            return held[1]

    def put(self, segment: Segment, rows: Rows) -> None:
        """Keep ``rows``, and drop the rows that were not used for the longest time."""
        with self._lock:
            self._size += segment.size - self._rows.pop(segment.name, (0, rows))[0]
            self._rows[segment.name] = segment.size, rows
            while self._size > _MOST:
                size, _ = self._rows.pop(next(iter(self._rows)))
                self._size -= size
