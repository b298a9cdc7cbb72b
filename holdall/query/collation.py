"""The types that a query key may have, the order of query keys, and a range in this order.

    None < False < True < numbers < text < dates < naive datetimes < aware datetimes < tuples

Numbers of all types are ordered by their exact value, so 1, 1.0 and Decimal("1.00") are the same key; True is
another key. Text is ordered by code point, as are the keys in every store. A date and a datetime are never
equal: all dates come first. Naive datetimes are ordered by the calendar. Aware datetimes are ordered by the
instant and shown in UTC. The elements of a tuple may have any of these types but tuple. Tuples are compared
element by element, and a shorter tuple comes before a longer one. NaN has no order and is refused.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from math import isnan
from reprlib import repr as brief
from types import EllipsisType
from typing import Any, TypeAlias

from holdall.errors import InvalidQuery

Scalar: TypeAlias = bool | int | float | Decimal | str | date | datetime | None
Key: TypeAlias = Scalar | tuple[Scalar, ...]
Place: TypeAlias = tuple[int, Any]
Bound: TypeAlias = Key | EllipsisType

NONE, FALSE, TRUE, NUMBER, TEXT, DATE, NAIVE, AWARE, TUPLE = range(9)


def collate(key: object) -> Place:
    """Return the place of ``key``: a pair (rank, value) that compares and hashes by the order above.

    Two keys are the same key if and only if their places are equal. Raises InvalidQuery, which names the
    wrong part, for any other type and for NaN.

    >>> sorted([("EUR", 2), "EUR", 1, True, None], key=collate)
    [None, True, 1, 'EUR', ('EUR', 2)]
    """
    if isinstance(key, tuple):
        return TUPLE, tuple(map(_scalar, key))
    return _scalar(key)


def _scalar(value: object) -> Place:
    match value:
        case str():
            return TEXT, value
        case None:
            return NONE, None
        case bool():
            return (TRUE if value else FALSE), value
        case int():
            return NUMBER, value
        case float() | Decimal():
            return NUMBER, _to_sortable(value)
        case datetime():
            return (NAIVE, value) if value.utcoffset() is None else (AWARE, value.astimezone(UTC))
        case date():
            return DATE, value
    raise InvalidQuery(
        f"{brief(value)} ({type(value).__name__}) cannot be a key or a part of one: "
        "use None, a bool, a number, text, a date, a datetime or one tuple of these"
    )


def _to_sortable(value: float | Decimal) -> float | Decimal:
    if value.is_nan() if isinstance(value, Decimal) else isnan(value):
        raise InvalidQuery(f"{value!r} cannot be a key or a part of one: NaN has no order")
    return value


def to_key(place: Place) -> Key:
    """Return the key at ``place``. Of several equal numbers, it is the number from which the place was made.

    >>> to_key(collate(("EUR", True)))
    ('EUR', True)
    """
    rank, value = place
    return tuple(part for _, part in value) if rank == TUPLE else value


def cut(place: Place, length: int) -> Place:
    """Return the place of the first ``length`` elements of a tuple; return any other place unchanged."""
    rank, value = place
    return (rank, value[:length]) if rank == TUPLE else place


def is_ambiguous(place: Place) -> bool:
    """Return whether a dict could confuse the key at ``place`` with a key at another place.

    For a dict, True equals 1, and two aware datetimes in an hour that the clock repeats are equal.

    >>> is_ambiguous(collate((2026, 1))), is_ambiguous(collate((2026, 2)))
    (True, False)
    """
    rank, value = place
    if rank == TUPLE:
        return any(map(is_ambiguous, value))
    return rank in (FALSE, TRUE, AWARE) or (rank == NUMBER and value in (0, 1))


def has_instant(place: Place) -> bool:
    """Return whether the key at ``place`` is an aware datetime, or a tuple that contains one.

    >>> has_instant(collate(("EUR", date(2026, 6, 1))))
    False
    """
    rank, value = place
    return any(map(has_instant, value)) if rank == TUPLE else rank == AWARE


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
