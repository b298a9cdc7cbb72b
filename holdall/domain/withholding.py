"""Divides the tax that a customer withholds among the codes on which less is owed."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from msgspec.structs import replace

from holdall.domain.allocation import allocate
from holdall.domain.model import TAX, LineItem, LineKind, Split
from holdall.domain.money import EXACT, sum_amounts, sum_by_name


def spread_withholding(lines: Iterable[LineItem], currency: str) -> Iterator[LineItem]:
    """Yield ``lines``, with new splits of the lines of the kind withholding whose codes nobody gave.

    A withheld tax is taken off the codes of the tax first. If it is more than the tax that is left, as an
    income tax may be, the rest is taken off the codes of the items. Each is in proportion to the amounts
    billed.
    """
    every = list(lines)
    taxes, items = _billed(every, "tax"), _billed(every, "item")
    left = sum_amounts(taxes.values())
    for line in every:
        if line.kind != "withholding" or not line.filed:
            yield line
            continue
        amount = EXACT.minus(line.amount)
        from_tax = _within(amount, left)
        left = EXACT.subtract(left, from_tax)
        parts = [
            *_share(from_tax, taxes, currency),
            *_share(EXACT.subtract(amount, from_tax), items, currency),
        ]
        sums = sum_by_name(parts) or {TAX: amount}
        yield replace(line, splits=tuple(Split(code, EXACT.minus(part)) for code, part in sums.items()))


def _billed(lines: Iterable[LineItem], kind: LineKind) -> dict[str, Decimal]:
    return sum_by_name(
        (each.code, each.amount) for line in lines if line.kind == kind for each in line.splits
    )


def _share(amount: Decimal, billed: dict[str, Decimal], currency: str) -> list[tuple[str, Decimal]]:
    if not amount:
        return []
    return [(each.code, each.amount) for each in allocate(amount, billed, currency, overpaid=True)]


def _within(amount: Decimal, bound: Decimal) -> Decimal:
    """Return the part of ``amount`` that lies between 0 and ``bound``."""
    if amount < 0:
        return max(amount, min(bound, Decimal(0)))
    return min(amount, max(bound, Decimal(0)))
