"""Selects invoices: those that are not settled, of one customer, due before a day, or with more than an amount owed."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from holdall.domain.model import Invoice
from holdall.domain.money import sum_amounts


def select(
    invoices: Iterable[Invoice],
    *,
    unpaid: bool = False,
    customer: str | None = None,
    due_before: date | None = None,
    over: Decimal | None = None,
) -> list[Invoice]:
    """Return the invoices that satisfy every condition, the earliest due day first.

    ``unpaid`` selects the documents on which an amount is owed, or in credit. ``customer`` is an id. If an invoice has
    no due day, its day of issue counts. ``over`` is an amount in the currency of each invoice, and selects those on
    which more than this is owed. Invoices that are due on one day keep their order.

    >>> select([], unpaid=True)
    []
    """

    def is_selected(invoice: Invoice) -> bool:
        owed = sum_amounts(invoice.owed().values())
        return (
            (bool(owed) or not unpaid)
            and customer in (None, invoice.customer.id)
            and (due_before is None or _due(invoice) < due_before)
            and (over is None or owed > over)
        )

    return sorted(filter(is_selected, invoices), key=_due)


def _due(invoice: Invoice) -> date:
    return invoice.due or invoice.issued
