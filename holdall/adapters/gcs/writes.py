"""Writes to a bucket: conditional or not, none lost or doubled by a lost answer."""

from holdall.adapters.gcs.bucket import Bucket
from holdall.adapters.traces import State, Traces
from holdall.errors import Corrupt, Unavailable, Unsupported
from holdall.store import ABSENT, Tag, conflict

THRESHOLD = 8 * 2**20
"""Values above this many bytes are sent by the client in a session of several requests."""


class Writes:
    """The compare-and-swaps of one ``bucket``."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._traces = Traces()
        self.seen = self._traces.seen

    def swap(self, key: str, value: bytes, expected: Tag) -> Tag:
        """Write ``value`` if ``key`` is as ``expected``; the new tag, or Conflict."""
        if len(value) > THRESHOLD and not self._bucket.resumable_conditions:
            raise Unsupported(
                f"{key!r} cannot be swapped for {len(value)} bytes: its server ignores conditions on uploads "
                f"above {THRESHOLD}",
                key=key,
            )
        write = self._traces.write(key, expected)
        try:
            tag = self._bucket.write(key, value, expected, write.metadata)
        except (Unavailable, Corrupt) as error:
            return write.outcome(key, error, lambda: self._bucket.head(key))
        return self.seen(key, State(tag, write.metadata))

    def remove(self, key: str, expected: Tag) -> None:
        """Delete ``key`` if it is as ``expected``, or Conflict; Unavailable where nobody can know."""
        if expected == ABSENT:
            raise conflict(key)
        try:
            self._bucket.delete(key, expected)
        except KeyError as error:
            raise conflict(key) from error
