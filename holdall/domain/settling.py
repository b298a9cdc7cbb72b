"""Computes an invoice with an entry that voids, refunds or writes off. These functions do not use a store."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from holdall.domain.allocation import allocate, in_proportion
from holdall.domain.model import Allocation, Invoice, Payment
from holdall.domain.money import EXACT, sum_amounts, sum_by_name, text
from holdall.domain.recording import To, append, find_payment, record
from holdall.errors import Invalid

VOID: Final = "void-"
"""The beginning of the id of an entry or a payment document that takes back another one."""

_LONGEST_ID = 200


def void(invoice: Invoice, id: str, on: date, reason: str) -> Invoice:
    """Return ``invoice`` with an entry that takes back the entry ``id``, or unchanged if it is voided already."""
    found = next((each for each in invoice.payments if each.id == id), None)
    if found is None:
        ids = ", ".join(repr(each.id) for each in invoice.payments) or "none"
        raise KeyError(f"no payment {id!r} on invoice {invoice.number!r}, whose payments are {ids}")
    if any(each.voids == id for each in invoice.payments):
        return invoice
    if found.part_of and found.part_of != invoice.number:
        raise Invalid(
            f"{found.name} {id!r} on invoice {invoice.number!r} is a part of payment {found.part_of!r}, which settles "
            "several documents; void that payment as a whole"
        )
    require_reason(reason, f"void of payment {id!r}")
    changed = append(invoice, void_of(found, void_id(id)[:_LONGEST_ID], on, reason))
    require_cash(invoice, changed)
    return changed


def void_id(id: str) -> str:
    """Return the id of the entry, or the payment document, that takes back ``id``."""
    return f"{VOID}{id}"


def require_cash(before: Invoice, after: Invoice) -> None:
    """Raise Invalid if the change from ``before`` takes back cash that was moved from the invoice to another one."""
    left, known = (sum_amounts(each.paid().values()) for each in (after, before))
    voided = {each.voids for each in after.payments}
    moved = [
        each for each in after.payments if each.kind == "transfer" and each.amount < 0 and not each.voids
    ]
    standing = [each.id for each in moved if each.id not in voided]
    if left < min(known, Decimal(0)) and standing:
        raise Invalid(
            f"{before.kind} {before.number!r} has no such cash left, because it was moved by {standing[-1]!r}; "
            "void the move first"
        )


def void_of(entry: Payment, id: str, on: date, reason: str) -> Payment:
    """Return the entry ``id`` that takes back ``entry``."""
    allocations = tuple(Allocation(each.code, EXACT.minus(each.amount)) for each in entry.allocations)
    return replace(
        entry,
        id=id,
        on=on,
        amount=EXACT.minus(entry.amount),
        allocations=allocations,
        note=reason,
        overpaid=False,
        voids=entry.id,
    )


def refund(invoice: Invoice, entry: Payment, to: Mapping[str, Decimal] | None = None) -> Invoice:
    """Return ``invoice`` with ``entry``, whose amount is negative, or unchanged if it is recorded already."""
    if entry.amount >= 0:
        raise Invalid(
            f"refund of {-entry.amount}: the amount must be positive; write the amount that was paid back"
        )
    if find_payment(invoice, entry, in_proportion if to is None else to):
        return invoice
    return record(invoice, entry, paid_back(invoice, entry.amount) if to is None else to)


def paid_back(invoice: Invoice, amount: Decimal) -> dict[str, Decimal]:
    """Return the negative ``amount`` by code: first of the credit of the customer, then of the cash received."""
    owed, paid, currency = invoice.owed(), invoice.paid(), invoice.currency
    credit = min(sum_amounts(owed.values()), Decimal(0))
    first = max(amount, credit)
    parts = [(each.code, each.amount) for each in allocate(first, owed, currency)]
    rest = EXACT.subtract(first, amount)
    received = max(EXACT.add(sum_amounts(paid.values()), first), Decimal(0))
    if rest > received:
        raise Invalid(
            f"refund of {text(-amount, currency)} {currency} on invoice {invoice.number!r} is beyond the "
            f"{text(EXACT.subtract(received, first), currency)} that the customer has in credit and paid; "
            "take back no more than that"
        )
    left = {code: part for code, part in sum_by_name([*paid.items(), *parts]).items() if part > 0}
    parts += [(each.code, EXACT.minus(each.amount)) for each in allocate(rest, left, currency)]
    return sum_by_name(parts)


def write_off(invoice: Invoice, entry: Payment, amount: Decimal | None, to: To) -> Invoice:
    """Return ``invoice`` with ``entry``, or unchanged if it is recorded already.

    The amount of the entry is ``amount``, or all that is owed if it is None.
    """
    name = f"{entry.kind} on invoice {invoice.number!r}"
    require_reason(entry.note, name)
    if not entry.contra:
        raise Invalid(f"{name}: the code that bears the amount is empty; name an accounting code")
    if amount is None:
        known = next((each.amount for each in invoice.payments if each.id == entry.id), None)
        amount = sum_amounts(invoice.owed().values()) if known is None else known
        if not amount:
            raise Invalid(f"{name}: nothing is owed on it; name the amount of each code")
    return record(invoice, replace(entry, amount=amount), to)


def require_reason(reason: str, name: str) -> None:
    """Raise Invalid, which begins with ``name``, if ``reason`` is empty."""
    if not reason.strip():
        raise Invalid(f"{name}: the reason is empty; write why")
