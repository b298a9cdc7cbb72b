"""A range of query keys, in which a tuple as a bound stands for all that begin with it."""

from types import EllipsisType
from typing import TypeAlias

from holdall.errors import InvalidQuery
from holdall.query.collation import TUPLE, Key, Place, collate, cut

Bound: TypeAlias = Key | EllipsisType


class Range:
    """Keys from ``low`` to ``high``, both included; ``...`` leaves a side open.

    A tuple is compared with a tuple over the bound's length only, so the bound ``("EUR",)`` takes in
    every tuple that begins with "EUR". InvalidQuery if no key could be in it.

    >>> june = Range((2026, 6), (2026, 6))
    >>> june.holds(collate((2026, 6, "acme"))), june.holds(collate((2026, 7, "acme")))
    (True, False)
    """

    def __init__(self, low: Bound = ..., high: Bound = ...) -> None:
        self.low = None if low is ... else collate(low)
        self.high = None if high is ... else collate(high)
        if self.low and not self.holds(self.low):
            raise InvalidQuery(f"no key is between {low!r} and {high!r}: swap them")

    def holds(self, place: Place) -> bool:
        """Whether the key at ``place`` is in the range."""
        return (self.low is None or _cut(place, self.low) >= self.low) and (
            self.high is None or _cut(place, self.high) <= self.high
        )


def _cut(place: Place, bound: Place) -> Place:
    return cut(place, len(bound[1])) if bound[0] == TUPLE else place


EVERYWHERE = Range()
