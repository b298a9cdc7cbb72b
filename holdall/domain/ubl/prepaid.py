"""What was paid before the document was issued, as the first payment against it."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from holdall.domain.allocation import allocate
from holdall.domain.model import UNAPPLIED, LineItem, Payment
from holdall.domain.money import summed_by

PREPAID = "prepaid"
"""The id and the reference of that payment."""


def prepaid(paid: Decimal, issued: date, currency: str, lines: Iterable[LineItem]) -> tuple[Payment, ...]:
    """``paid`` (BT-113) as one payment of the day of issue, or none where it is nothing.

    UBL does not say for what it was paid, so it settles each code in proportion to what is billed there.
    What goes beyond the total is kept unapplied.
    """
    if not paid:
        return ()
    billed = summed_by((split.code, split.amount) for line in lines for split in line.splits)
    allocations = allocate(paid, billed, currency, overpaid=True)
    beyond = any(each.code == UNAPPLIED for each in allocations)
    return (Payment(PREPAID, issued, paid, allocations, reference=PREPAID, overpaid=beyond),)
