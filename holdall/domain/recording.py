"""Computes an invoice with one more payment. These functions do not read or write a store."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from msgspec.structs import replace

from holdall.domain.allocation import Policy, allocate
from holdall.domain.model import Invoice, Payment
from holdall.domain.schema import check
from holdall.errors import Conflict, Invalid

To = Policy | Mapping[str, Decimal]

_NO_AMOUNT = "the amount of a payment must not be 0; give the amount that was paid"
_NO_CODE = "no code is named; name the amount of each code"


def record(invoice: Invoice, payment: Payment, to: To, currency: str | None = None) -> Invoice:
    """Return ``invoice`` with ``payment`` allocated and appended, or unchanged if it is recorded already.

    ``payment`` has no allocations yet; ``to`` is a policy, or the amount of each code. Raises Conflict if
    another payment has the same id. Raises Invalid, naming the payment and the invoice, if the payment may
    not be recorded. Raises Invalid if ``currency`` is given and is not the currency of the invoice.
    """
    if currency not in (None, invoice.currency):
        raise Invalid(
            f"invoice {invoice.number!r} is in {invoice.currency}, but the payment is in {currency}; "
            f"record it in {invoice.currency}"
        )
    return invoice if find_payment(invoice, payment, to) else append(invoice, payment, to)


def find_payment(invoice: Invoice, payment: Payment, to: To) -> Payment | None:
    """Return the recorded payment with the id of ``payment``, or None.

    The day may differ, because a payment may be sent again on a later day. Raises Conflict, naming the fields that
    differ, if another field of the recorded payment differs from ``payment``, and if the payment was voided.
    """
    known = next((each for each in invoice.payments if each.id == payment.id), None)
    if known and (differing := list(_differing(known, payment, to))):
        raise Conflict(
            f"payment {known.id!r} on invoice {invoice.number!r} is already recorded on {known.on}, "
            f"of {known.amount} {invoice.currency}, but this payment differs in {', '.join(differing)}; "
            "compare both with your bank statement, and void the recorded one if it is wrong"
        )
    if known and (void := next((each for each in invoice.payments if each.voids == known.id), None)):
        raise Conflict(
            f"payment {known.id!r} on invoice {invoice.number!r} was voided on {void.on}: {void.note}; "
            "if it was paid after all, record it under an id that tells so"
        )
    return known


def _differing(known: Payment, payment: Payment, to: To) -> Iterator[str]:
    """Yield the fields in which the payments differ.

    Allocations by a policy are not compared, because the amounts owed have changed since then.
    """
    for field in payment.__struct_fields__:
        if field not in ("on", "allocations") and getattr(known, field) != getattr(payment, field):
            yield field
    if isinstance(to, Mapping) and to != {part.code: part.amount for part in known.allocations}:
        yield "allocations"


def append(invoice: Invoice, payment: Payment, to: To | None = None) -> Invoice:
    """Return ``invoice`` with ``payment``, which is allocated by ``to``, or has its allocations if ``to`` is None.

    Raises Invalid, naming the payment and the invoice, if the payment may not be recorded.
    """
    owed, currency = invoice.owed(), invoice.currency
    try:
        if to is not None:
            parts = allocate(payment.amount, owed, currency, to, overpaid=payment.overpaid)
            if not parts:
                raise Invalid(_NO_CODE if payment.amount else _NO_AMOUNT)
            payment = replace(payment, allocations=parts)
        return check(replace(invoice, payments=(*invoice.payments, payment)))
    except Invalid as problem:
        reason = "; ".join(problem.flat().values()) or problem
        raise Invalid(
            f"{payment.name} of {payment.amount} on {_noun(invoice)} {invoice.number!r}: {reason}",
            errors=problem.errors,
        ) from None


def _noun(document: Invoice) -> str:
    return "payment" if document.kind == "payment" else "invoice"
