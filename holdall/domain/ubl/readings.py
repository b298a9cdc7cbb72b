"""Finds the reading of a document under which its amounts add up to its payable amount.

EN 16931 has one way to add up a document (BR-CO-13 to BR-CO-16). Countries have others, and their documents do
not say which one they follow. So this module tries every reading that the elements of the document allow, and
takes the first that comes to the payable amount:

- a withheld tax lowers the payable amount (UBL-TR), or is stated as prepaid too (Italy), or only informs;
- a tax total without subtotals repeats one that has them, in the tax currency (BT-111), which is the same
  currency (ZATCA, Saudi Arabia), or it is another tax;
- an allowance of the whole document repeats the allowances of the lines, or comes on top of them;
- a prepaid payment is an amount collected for a third party, which the customer owes too (XRechnung extension,
  BG-DEX-09), or only explains the prepaid amount.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import product
from typing import NamedTuple

from holdall.domain.model import LineItem
from holdall.domain.money import EXACT, fits, places, sum_amounts
from holdall.domain.ubl.adjustments import charges, rounding, taxes, third_party
from holdall.domain.ubl.items import items
from holdall.domain.ubl.node import Node
from holdall.domain.ubl.terms import Terms
from holdall.domain.ubl.withholding import withheld

Taken = tuple[tuple[str, Decimal], ...]


class Reading(NamedTuple):
    """The exact amounts of a document under one reading, and the amount owed.

    ``lines`` add up, less ``withheld``. ``paid`` was received before, and ``total`` is the payable amount and
    ``paid``.
    """

    lines: tuple[LineItem, ...]
    withheld: Taken
    paid: Decimal
    total: Decimal

    @property
    def error(self) -> Decimal:
        """The sum of the lines, less the withheld amounts and the total. It is 0 if the document adds up."""
        return EXACT.subtract(self.sum, self.total)

    @property
    def sum(self) -> Decimal:
        """The sum of the lines, less the withheld amounts."""
        taken = sum_amounts(amount for _, amount in self.withheld)
        return EXACT.subtract(sum_amounts(line.amount for line in self.lines), taken)


def choose(document: Node, terms: Terms, tolerance: Decimal = Decimal(0)) -> Reading:
    """Return the reading that adds up, or comes nearest and is not further away than ``tolerance``.

    If an amount has more decimals than the currency, the sum may also differ by less than one unit of the last
    decimal. Raises Invalid if no reading comes so near.
    """
    totals = document.one("cac:LegalMonetaryTotal", "BG-22")
    payable = totals.one("cbc:PayableAmount", "BT-115")
    prepaid = totals.first("cbc:PrepaidAmount", term="BT-113")
    paid = terms.amount(prepaid) if prepaid else Decimal(0)
    best = min(
        _readings(document, terms, terms.amount(payable), paid), key=lambda each: each.error.copy_abs()
    )
    if best.error.copy_abs() > tolerance and not _is_fraction(best, terms.currency):
        raise payable.wrong(
            f"and the prepaid amount (BT-113) are {terms.apply_sign(best.total)} {terms.currency}, but lines, "
            f"allowances, charges, tax and rounding come to {terms.apply_sign(best.sum)}",
            f"correct the document, or allow a tolerance of {best.error.copy_abs()}",
        )
    return best


def _is_fraction(reading: Reading, currency: str) -> bool:
    """Return whether the error is less than one unit, and some amount has more decimals than the currency."""
    decimals = places(currency)
    amounts = (
        reading.total,
        *(line.amount for line in reading.lines),
        *(each for _, each in reading.withheld),
    )
    unit = Decimal(1).scaleb(-decimals)
    return reading.error.copy_abs() < unit and not all(fits(amount, decimals) for amount in amounts)


def _readings(document: Node, terms: Terms, payable: Decimal, prepaid: Decimal) -> Iterator[Reading]:
    """Yield every reading. Among readings that come equally near, the first is the best."""
    goods, ends = tuple(items(document, terms)), tuple(rounding(document, terms))
    ways = product(
        _deductions(document, terms, prepaid),
        _distinct(charges(document, terms), charges(document, terms, repeated=False)),
        _distinct(taxes(document, terms, repeated=False), taxes(document, terms)),
        _distinct((), third_party(document, terms)),
    )
    for (taken, paid), added, tax, others in ways:
        lines = (*goods, *added, *others, *tax, *ends)
        yield Reading(lines, taken, paid, EXACT.add(payable, paid))


def _distinct(*ways: Iterable[LineItem]) -> list[tuple[LineItem, ...]]:
    """Return the different ones of ``ways``, in order."""
    return list(dict.fromkeys(map(tuple, ways)))


def _deductions(document: Node, terms: Terms, prepaid: Decimal) -> Iterator[tuple[Taken, Decimal]]:
    """Yield the withheld taxes that lower the amount owed, with the cash that was received before."""
    taken = tuple(withheld(document, terms))
    if taken:
        if sum_amounts(amount for _, amount in taken) == prepaid:
            yield taken, Decimal(0)
        yield taken, prepaid
    yield (), prepaid
