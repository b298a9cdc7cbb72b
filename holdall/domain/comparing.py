"""Decides whether a document is the one that the books have already."""

from msgspec.structs import replace

from holdall.domain.model import Invoice, LineItem, Payment
from holdall.errors import Conflict


def require_same(key: str, kept: Invoice, given: Invoice) -> None:
    """Raise Conflict if ``given`` is not the document that the books keep as ``kept`` under ``key``.

    The error names the fields that differ. Payments that were recorded since do not count, and neither do codes
    that a mapping found.
    """
    differing = [
        field
        for field in given.__struct_fields__
        if field not in ("payments", "lines") and getattr(kept, field) != getattr(given, field)
    ]
    if not kept.payment_reference and "payment_reference" in differing:
        differing.remove("payment_reference")  # books of earlier releases do not have it
    if not _are_same(kept.lines, given.lines):
        differing.append("lines")
    if not _are_recorded(kept, given):
        differing.append("payments")
    if differing:
        raise Conflict(
            f"{_describe(kept)} is in the books already; {_describe(given)} differs in "
            f"{', '.join(differing)}: give it another number, or correct the first one with a credit note",
            key=key,
        )


def _are_same(kept: tuple[LineItem, ...], given: tuple[LineItem, ...]) -> bool:
    """Return whether the lines are equal, whatever codes a mapping found for the given lines."""
    if len(kept) != len(given):
        return False
    return all(
        replace(one, splits=other.splits, item=other.item, filed=True) == other
        if other.filed
        else one == other
        for one, other in zip(kept, given, strict=True)
    )


def _are_recorded(kept: Invoice, given: Invoice) -> bool:
    """Return whether ``kept`` has the payments of ``given``, whatever codes a mapping found for its lines.

    Books of earlier releases keep a prepayment as a receipt.
    """
    filed = any(line.filed for line in given.lines)
    found = [_comparable(payment, filed=filed) for payment in kept.payments]
    return all(_comparable(payment, filed=filed) in found for payment in given.payments)


def _comparable(payment: Payment, *, filed: bool) -> Payment:
    kind = "receipt" if payment.kind == "prepayment" else payment.kind
    return replace(payment, kind=kind, allocations=() if filed else payment.allocations)


def _describe(invoice: Invoice) -> str:
    return f"{invoice.kind} {invoice.number!r} of {invoice.total} {invoice.currency} from {invoice.issued}"
