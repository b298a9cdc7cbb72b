"""Adds up the lines of a draft, with the tax on the lines that have a rate."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from holdall.domain.money import EXACT, nearest, sum_amounts

Line = Mapping[str, Any]


def taxes_by_rate(lines: Iterable[Line], default: Decimal | None, currency: str) -> dict[Decimal, Decimal]:
    """Return the tax on the lines by rate, in the order of the lines.

    The tax of a rate is computed on the sum of its lines and rounded once (EN 16931, BR-CO-17). A line of the
    kind item, allowance or charge without a rate has the rate ``default``; None is no tax. A rate of 0 has
    the tax 0.

    >>> taxes_by_rate([{"amount": Decimal("0.05"), "kind": "item", "tax_rate": None}] * 3, Decimal(19), "EUR")
    {Decimal('19'): Decimal('0.03')}
    """
    nets = sum_by_rate(lines, default)
    return {
        rate: nearest(EXACT.multiply(net, rate).scaleb(-2, EXACT), currency) for rate, net in nets.items()
    }


def sum_by_rate(lines: Iterable[Line], default: Decimal | None) -> dict[Decimal, Decimal]:
    """Return the net amounts by rate. Lines without a rate are left out."""
    nets: dict[Decimal, Decimal] = {}
    for line in lines:
        if line["kind"] in ("item", "allowance", "charge") and (rate := rate_of(line, default)) is not None:
            nets[rate] = EXACT.add(nets.get(rate, Decimal(0)), line["amount"])
    return nets


def rate_of(line: Line, default: Decimal | None) -> Decimal | None:
    """Return the tax rate that a line names, or else ``default``."""
    rate: Decimal | None = line["tax_rate"]
    return default if rate is None else rate


def sum_with_tax(lines: Iterable[Line], default: Decimal | None, currency: str) -> Decimal:
    """Return the sum of the amounts of the lines and of their tax."""
    every = list(lines)
    return sum_amounts(
        [*(line["amount"] for line in every), *taxes_by_rate(every, default, currency).values()]
    )
