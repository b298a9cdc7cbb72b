"""The amount paid before the document was issued, as the first payment on it."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from holdall.domain.allocation import allocate
from holdall.domain.model import UNAPPLIED, LineItem, Payment
from holdall.domain.money import sum_by_name

PREPAID = "prepaid"
"""The id and the reference of the payment for the prepaid amount."""


def prepaid(paid: Decimal, issued: date, currency: str, lines: Iterable[LineItem]) -> tuple[Payment, ...]:
    """Return ``paid`` (BT-113) as one payment on the day of issue, or no payment if it is zero.

    UBL does not tell which codes the amount pays, so it settles each code in proportion to the amount billed
    on it. An amount beyond the total is allocated to `UNAPPLIED`.
    """
    if not paid:
        return ()
    billed = sum_by_name((split.code, split.amount) for line in lines for split in line.splits)
    allocations = allocate(paid, billed, currency, overpaid=True)
    beyond = any(each.code == UNAPPLIED for each in allocations)
    return (Payment(PREPAID, issued, paid, allocations, reference=PREPAID, overpaid=beyond),)
