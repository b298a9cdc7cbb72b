"""One acquisition of a lease, and the knowledge about a lease in one process."""

import contextlib
import math
import secrets
from typing import NamedTuple

from holdall.lease.record import NONE, Record
from holdall.store import Tag


class Grant(NamedTuple):
    """One acquisition of a lease, by which another `Lease` can go on with it. ``owner`` is a secret."""

    token: int
    owner: str


class Rival(NamedTuple):
    """Another holder of a lease, by its name, and the seconds after which the lease is free unless it is renewed."""

    holder: str
    seconds: float


class Held:
    """One acquisition, the tag of its record, and the time until which no other process can acquire the lease."""

    def __init__(self, record: Record, tag: Tag, until: float) -> None:
        self.record = record
        self.tag = tag
        self.until = until

    def wrote(self, found: Record) -> bool:
        """Return whether ``found`` is a record of this acquisition."""
        return (found.token, found.owner) == (self.record.token, self.record.owner)


class State:
    """The state of a `Lease` in one process."""

    def __init__(self) -> None:
        self.token = 0
        self.held: Held | None = None
        self.unanswered: list[str] = []  # owners of attempts that failed, whose record may be written still
        self.seen = NONE, -math.inf  # the record of another holder, and since when it is unchanged

    def new_owner(self) -> str:
        """Return the owner for an attempt: that of one that failed, or a new one."""
        with contextlib.suppress(IndexError):
            return self.unanswered.pop()
        return secrets.token_hex(16)

    def remaining(self, found: Record, now: float) -> float:
        """Return the seconds until ``found``, the record of another holder, is free. It was read before ``now``."""
        if self.seen[0] != found:
            self.seen = found, now
        return self.seen[1] + found.seconds - now

    def rival(self, now: float) -> Rival | None:
        """Return the other holder that was seen last, or None."""
        record, since = self.seen
        return None if record is NONE else Rival(record.holder, max(0.0, since + record.seconds - now))
