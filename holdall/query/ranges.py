"""A range of query keys, in which a tuple as a bound stands for all that begin with it."""

from dataclasses import dataclass
from types import EllipsisType
from typing import TypeAlias

from holdall.errors import InvalidQuery
from holdall.query.collation import TUPLE, Key, Place, collate, cut

Bound: TypeAlias = Key | EllipsisType


@dataclass(frozen=True)
class Range:
    """Keys from ``low`` to ``high``, both included; ``...`` leaves a side open.

    A key is compared with a tuple over the tuple's length only, so the bound ``("EUR",)`` takes in
    every tuple that begins with "EUR". InvalidQuery if no key could be in it.

    >>> june = Range((2026, 6), (2026, 6))
    >>> june.holds(collate((2026, 6, "acme"))), june.holds(collate((2026, 7, "acme")))
    (True, False)
    """

    low: Bound = ...
    high: Bound = ...

    def __post_init__(self) -> None:
        if self.low is not ... and self.high is not ... and not self.holds(collate(self.low)):
            raise InvalidQuery(f"no key is between {self.low!r} and {self.high!r}: swap them")

    def holds(self, place: Place) -> bool:
        """Whether the key at ``place`` is in the range."""
        return (self.low is ... or _cut(place, low := collate(self.low)) >= low) and (
            self.high is ... or _cut(place, high := collate(self.high)) <= high
        )


EVERYWHERE = Range()


def _cut(place: Place, bound: Place) -> Place:
    return cut(place, len(bound[1])) if bound[0] == TUPLE else place
