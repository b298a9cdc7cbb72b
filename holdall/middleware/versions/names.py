r"""The names of records: one per revision; a listing shows the newest of a key first.

    name   = key "/.holdall/" leaf                under ".holdall/history/"
    leaf   = rest [ "." time state ]
    rest   = 12 digits        999999999999 less the number of the revision
    time   = 18 digits        of the revision before it, in microseconds since 1970
    state  = "p" | "d"        of the revision before it: there, or deleted

A name follows from the previous revision, and from nothing else. So two writers that continue from the same
revision claim the same name, and the store lets only one of them create it. That is why a name contains the
time of the previous revision and not of its own.
"""

import re
from typing import Final, NamedTuple, Self

from holdall.middleware.versions.stamp import GONE, NEW, Stamp

ROOT: Final = ".holdall/history/"
BETWEEN: Final = "/.holdall/"
LONGEST: Final = len(BETWEEN) + 12 + 1 + 18 + 1
"""The largest number of bytes by which a name is longer than its key."""

THERE: Final = "p"
DELETED: Final = "d"
_ALL = 10**12 - 1
_leaf = re.compile(r"([0-9]{12})(?:\.([0-9]{18})([pd]))?").fullmatch


class Name(NamedTuple):
    """The name of the record of revision ``number`` of ``key``, with time and state of the previous revision.

    >>> first = Name.of("a", None)
    >>> first.text, Name.parse(first.text) == first
    ('a/.holdall/999999999998', True)
    """

    key: str
    number: int
    before: int = 0
    before_deleted: bool = False

    @classmethod
    def of(cls, key: str, last: Stamp | None) -> "Name":
        """The name of the revision after ``last``."""
        if last is None:
            return cls(key, 1)
        return cls(key, last.number + 1, last.micros, last.kind in GONE)

    @property
    def text(self) -> str:
        """The name as a key under ROOT."""
        rest = f"{self.key}{BETWEEN}{_ALL - self.number:012}"
        if self.number == 1:
            return rest
        return f"{rest}.{self.before:018}{DELETED if self.before_deleted else THERE}"

    def place(self, stamp: Stamp) -> Stamp:
        """``stamp``, read from the record with this name, with the number and the time of its revision.

        A writer that creates a key does not know yet which revisions came before. So the name of the record
        gives such a stamp its number, and the earliest time that it can have.
        """
        micros = max(stamp.micros, self.before) if stamp.kind == NEW else stamp.micros
        return stamp._replace(number=self.number, micros=micros)

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The name that is written as ``text``; None if it is not a name."""
        key, between, leaf = text.rpartition(BETWEEN)
        found = _leaf(leaf)
        if not between or found is None:
            return None
        rest, time, state = found.groups()
        return cls(key, _ALL - int(rest), int(time or 0), state == DELETED)


def prefix_of(key: str) -> str:
    """The prefix of all names of ``key``, and of no other key's names."""
    return key + BETWEEN


def from_number(key: str, number: int) -> str:
    """The key at which a listing of the names of ``key`` from ``number`` down begins."""
    return f"{key}{BETWEEN}{_ALL - number:012}"


def format_time(micros: int) -> str:
    """``micros`` as names contain it; the texts sort in the order of time."""
    return f"{micros:018}"


def time_of(leaf: str) -> str:
    """The time in a leaf, in the form of `format_time`."""
    return leaf[13:31]


def number_of(leaf: str) -> int:
    """The number of the revision whose record's name ends in ``leaf``."""
    return _ALL - int(leaf[:12])
