"""A range of query keys. A tuple as a bound includes every tuple that begins with it."""

from types import EllipsisType
from typing import TypeAlias

from holdall.errors import InvalidQuery
from holdall.query.collation import TUPLE, Key, Place, collate, cut

Bound: TypeAlias = Key | EllipsisType


class Range:
    """The keys from ``low`` to ``high``, both included; ``...`` leaves a side open.

    A tuple is compared with a tuple bound over the length of the bound only, so the bound ``("EUR",)``
    includes every tuple that begins with "EUR". Raises InvalidQuery if no key can be in the range.

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
        """Return whether the key at ``place`` is in the range."""
        return (self.low is None or _cut(place, self.low) >= self.low) and (
            self.high is None or _cut(place, self.high) <= self.high
        )


def _cut(place: Place, bound: Place) -> Place:
    return cut(place, len(bound[1])) if bound[0] == TUPLE else place


EVERYWHERE = Range()
