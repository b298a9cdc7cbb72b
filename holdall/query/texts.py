"""The text of a group: it sorts by code point as the collation sorts the group, and says which group it is.

    group    = scalar / "8" *element
    element  = scalar END
    scalar   = "0" / "1" / "2"                  None, False, True
             / "3" number / "4" text / "5" date / "6" datetime / "7" datetime    the latter in UTC
    number   = "0" / "1" size digits HIGH / "2" / "3" size digits / "4"
                                                -infinity, negative, zero, positive, infinity
    size     = the exponent of the first digit, `_size`, so that it sorts as a number
    digits   = the digits without zeros at the end; 9 minus each of them if the number is negative
    text     = any text; inside of a tuple, NUL is written as NUL HIGH
    END      = NUL                              it sorts before every character of an element
    HIGH     = "~" in numbers, U+10FFFF in text

All numbers that are equal have the same text. A text may have lone surrogates, if the group has.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from holdall.query.collation import (
    AWARE,
    DATE,
    NAIVE,
    NUMBER,
    TEXT,
    TUPLE,
    Place,
    Range,
)

_END: Final = "\0"
_HIGHEST: Final = "\U0010ffff"
_NUL: Final = "\0" + _HIGHEST
_NINES: Final = str.maketrans("0123456789", "9876543210")


def text_of(place: Place) -> str:
    r"""Return the text of the group at ``place``.

    >>> from holdall.query.collation import collate
    >>> keys = None, False, -2.5, 0, 7, 10, "EUR", ("EUR",), ("EUR", 7), ("EURO", 1)
    >>> texts = [text_of(collate(key)) for key in keys]
    >>> texts == sorted(texts), texts[-2], text_of(collate(7.0)) == text_of(collate(7))
    (True, '84EUR\x0033a07\x00', True)
    """
    rank, value = place
    if rank != TUPLE:
        return str(rank) + _body(rank, value)
    return str(TUPLE) + "".join(
        f"{rank}{(_body(rank, value).replace(_END, _NUL) if rank == TEXT else _body(rank, value))}{_END}"
        for rank, value in value
    )


def _body(rank: int, value: Any) -> str:
    if rank == TEXT:
        return str.__str__(value)  # also of an Enum
    if rank == NUMBER:
        return _number(value)
    if rank == DATE:
        return date.isoformat(value)
    if rank in (NAIVE, AWARE):
        return datetime.isoformat(value, timespec="microseconds")[:26]
    return ""


def _number(value: float | Decimal) -> str:
    exact = Decimal(value)
    if exact.is_infinite():
        return "4" if exact > 0 else "0"
    if not exact:
        return "2"
    _, digits, _ = exact.as_tuple()
    shown = "".join(map(str, digits)).rstrip("0")
    size = exact.adjusted()
    if exact > 0:
        return f"3{_size(size)}{shown}"
    return f"1{_size(-size)}{shown.translate(_NINES)}~"


def _size(exponent: int) -> str:
    """Return a text that sorts as ``exponent``: a letter for its sign and its number of digits, then these.

    >>> sorted([12, -3, 0, -40, 7], key=_size)
    [-40, -3, 0, 7, 12]
    """
    digits = str(abs(exponent))
    if exponent < 0:
        return chr(ord("Z") - len(digits)) + digits.translate(_NINES)
    return chr(ord("`") + len(digits)) + digits


def bounds(range: Range) -> tuple[str, str | None]:
    """Return the first text of ``range``, and the first text after it, or None if it has no end.

    >>> from holdall.query.collation import collate
    >>> low, stop = bounds(Range(("EUR",), ("EUR",)))
    >>> low <= text_of(collate(("EUR", 7))) < stop, low <= text_of(collate(("USD", 7))) < stop
    (True, False)
    """
    low = "" if range.low is None else text_of(range.low)
    if range.high is None:
        return low, None
    high = text_of(range.high)
    return low, high + (_HIGHEST if range.high[0] == TUPLE else _END)
