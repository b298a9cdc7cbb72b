"""The geometry of charts. The templates draw them as SVG, and the stylesheet gives them their colours."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final, NamedTuple

_WHOLE: Final = 100  # the units of the longest line


class Bar(NamedTuple):
    """A part of a line, in hundredths of its length."""

    start: float
    length: float
    is_negative: bool = False


def bars(values: Sequence[Decimal]) -> list[Bar]:
    """Return a bar for each value, all on one scale. Negative values end where positive ones begin.

    >>> bars([Decimal(30), Decimal(-10)])
    [Bar(start=25.0, length=75.0, is_negative=False), Bar(start=0.0, length=25.0, is_negative=True)]
    """
    low, high = min([*values, Decimal(0)]), max([*values, Decimal(0)])
    span = high - low or Decimal(1)
    return [
        Bar(_part(min(value, Decimal(0)) - low, span), _part(abs(value), span), value < 0) for value in values
    ]


def stack(values: Sequence[Decimal], whole: Decimal) -> list[Bar]:
    """Return a bar for each value, one after another, on a line of the length ``whole``.

    A negative value has an empty bar.

    >>> stack([Decimal(1), Decimal(3)], Decimal(4))
    [Bar(start=0.0, length=25.0, is_negative=False), Bar(start=25.0, length=75.0, is_negative=False)]
    """
    made: list[Bar] = []
    start = Decimal(0)
    for value in values:
        length = max(value, Decimal(0))
        made.append(Bar(_part(start, whole or Decimal(1)), _part(length, whole or Decimal(1))))
        start += length
    return made


def positive(values: Sequence[Decimal]) -> Decimal:
    """Return the sum of the values above zero: the length of their stack.

    >>> positive([Decimal(2), Decimal(-5), Decimal(1)])
    Decimal('3')
    """
    return sum((value for value in values if value > 0), Decimal(0))


def _part(value: Decimal, whole: Decimal) -> float:
    return round(float(value / whole * _WHOLE), 2)
