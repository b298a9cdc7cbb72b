"""Finds days that are probably a mistake. They are allowed, because some of them are right."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from holdall.domain.model import Invoice

_SOON: Final = timedelta(days=31)
"""A payment that was ordered for a later day is rarely further away than this."""


def doubts(invoice: Invoice, on: date, today: date) -> Iterator[str]:
    """Yield each reason to check the day ``on`` of a payment on ``invoice``, which is recorded on ``today``.

    >>> from holdall.domain.model import Party
    >>> ada, day = Party("C", "Ada"), date(2026, 3, 1)
    >>> invoice = Invoice("7", "invoice", ada, ada, day, None, "EUR", 0, ())
    >>> list(doubts(invoice, date(2025, 3, 1), today=day))
    ["2025-03-01 is before 2026-03-01, when invoice '7' was issued"]
    """
    if on < invoice.issued:
        yield f"{on} is before {invoice.issued}, when {invoice.kind} {invoice.number!r} was issued"
    if on - today > _SOON:
        yield f"{on} is {(on - today).days:,} days after today"
