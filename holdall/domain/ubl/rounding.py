"""Rounds the exact amounts of a document to its currency. The lines still sum to the total."""

from decimal import Decimal

from msgspec.structs import replace

from holdall.domain.model import ROUNDING, LineItem, Split
from holdall.domain.money import EXACT, nearest, sum_amounts
from holdall.domain.ubl.readings import Reading
from holdall.domain.ubl.withholding import withholding_lines
from holdall.domain.withholding import spread_withholding


def to_currency(reading: Reading, currency: str) -> tuple[LineItem, ...]:
    """Return the lines of ``reading`` in amounts of ``currency``, and the withheld taxes as lines.

    The rounding line takes the difference to the total, and is left out if it is zero.
    """
    lines = [_round(line, currency) for line in reading.lines if line.kind != "rounding"]
    lines.extend(withholding_lines(reading.withheld, currency))
    rest = EXACT.subtract(nearest(reading.total, currency), sum_amounts(line.amount for line in lines))
    if rest:
        splits = (Split(ROUNDING, rest),)
        lines.append(LineItem("rounding", "Rounding", Decimal(1), rest, rest, splits, "rounding", filed=True))
    return tuple(spread_withholding(lines, currency))


def _round(line: LineItem, currency: str) -> LineItem:
    splits = tuple(Split(split.code, nearest(split.amount, currency)) for split in line.splits)
    amount = sum_amounts(split.amount for split in splits)
    price = line.unit_price if line.kind == "item" else amount
    return replace(line, amount=amount, unit_price=price, splits=splits)
