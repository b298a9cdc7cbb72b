"""A view of books by business date: what was issued and paid on some days, whenever it was recorded."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, TypeVar

from msgspec.structs import replace

from holdall.domain.keys import PREFIX
from holdall.domain.maps import Allocated, Billed
from holdall.domain.model import Invoice
from holdall.middleware.passthrough import PassThrough
from holdall.store import Store

_NOTHING: Final = Decimal(0)


class DatedEntry(Allocated, kw_only=True, gc=False):
    """The part of a payment that `on_days` reads, with its allocations."""

    on: date


class DatedPart(Billed, kw_only=True, gc=False):
    """The part of an invoice that `on_days` reads, with the amounts by code."""

    issued: date
    total: Decimal
    # A part is only read, so a narrower type is safe.
    payments: Sequence[DatedEntry] = ()  # pyright: ignore[reportIncompatibleVariableOverride]


D = TypeVar("D", Invoice, DatedPart)


class Dated(PassThrough[Any]):
    """The invoices of ``store`` as `on_days` gives them, for scans.

    >>> from holdall import Json, Memory
    >>> list(Dated(Json(Memory(), Invoice), None, date(2026, 1, 31)).scan_items())
    []
    """

    def __init__(self, store: Store[Any], since: date | None, until: date | None) -> None:
        super().__init__(store.typed(Invoice))
        self._days = since, until

    def scan_items(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, Invoice]]:
        for key, invoice in super().scan_items(prefix, start=start, stop=stop):
            if found := on_days(invoice, *self._days):
                yield key, found

    def typed(self, type: Any, /) -> Store[Any]:
        """Return this view, because the days of the whole invoice decide on each part."""
        return self


def dated(store: Mapping[str, Any], since: date | None, until: date | None) -> Mapping[str, Any]:
    """Return the invoices of ``store`` as `on_days` gives them."""
    if since is None and until is None:
        return store
    if isinstance(store, Store):
        return Dated(store, since, until)
    invoices = ((key, store[key]) for key in store if key.startswith(PREFIX))
    return {key: found for key, each in invoices if (found := on_days(each, since, until))}


def on_days(invoice: D, since: date | None, until: date | None) -> D | None:
    """Return ``invoice`` with only the entries from the day ``since`` to the day ``until``, both included.

    If it was not issued on one of these days, it has no lines and the total 0: an invoice that was paid before it was
    issued is a credit of the customer until then. Returns None if nothing is left.
    """

    def is_within(day: date) -> bool:
        return (since is None or since <= day) and (until is None or day <= until)

    payments = tuple(each for each in invoice.payments if is_within(each.on))
    if is_within(invoice.issued):
        return replace(invoice, payments=payments)
    return replace(invoice, lines=(), total=_NOTHING, payments=payments) if payments else None
