"""One payment more on an invoice: the functions that compute it, apart from where invoices are kept."""

from collections.abc import Mapping
from decimal import Decimal

from msgspec.structs import replace

from holdall.domain.allocation import Policy, allocate
from holdall.domain.model import Invoice, Payment
from holdall.domain.schema import check
from holdall.errors import Conflict, Invalid

To = Policy | Mapping[str, Decimal]

_NO_AMOUNT = "an amount of 0 is no payment; give the amount that was paid"
_NO_CODE = "no code is named; name the amount of each code"


def record(invoice: Invoice, payment: Payment, to: To, currency: str | None = None) -> Invoice:
    """``invoice`` with ``payment`` allocated and appended, or as it is where that is recorded already.

    ``payment`` comes without allocations; ``to`` is a policy or the amount of each code. Conflict where
    another payment has its id; Invalid, naming the payment and the invoice, where it may not be recorded.
    """
    if currency not in (None, invoice.currency):
        raise Invalid(
            f"invoice {invoice.number!r} is in {invoice.currency}, the payment in {currency}; "
            f"record it in {invoice.currency}"
        )
    return invoice if recorded(invoice, payment, to) else _appended(invoice, payment, to)


def recorded(invoice: Invoice, payment: Payment, to: To) -> Payment | None:
    """What is recorded of ``payment``, with allocations, or None; Conflict where its id is another's."""
    known = next((each for each in invoice.payments if each.id == payment.id), None)
    if known and not _same(known, payment, to):
        raise Conflict(
            f"payment {known.id!r} on invoice {invoice.number!r} is recorded already, of {known.amount} "
            f"on {known.on}, and this one differs; give it an id of its own"
        )
    return known


def _same(known: Payment, payment: Payment, to: To) -> bool:
    """Whether they are one; what a policy once made of it is not compared, as the books have moved on."""
    named = {part.code: part.amount for part in known.allocations}
    return replace(known, allocations=()) == payment and (not isinstance(to, Mapping) or to == named)


def _appended(invoice: Invoice, payment: Payment, to: To) -> Invoice:
    owed, currency = invoice.owed(), invoice.currency
    try:
        parts = allocate(payment.amount, owed, currency, to, overpaid=payment.overpaid)
        if not parts:
            raise Invalid(_NO_CODE if payment.amount else _NO_AMOUNT)
        made = replace(payment, allocations=parts)
        return check(replace(invoice, payments=(*invoice.payments, made)))
    except Invalid as problem:
        reason = "; ".join(problem.flat().values()) or problem
        raise Invalid(
            f"payment of {payment.amount} on invoice {invoice.number!r}: {reason}",
            errors=problem.errors,
        ) from None
