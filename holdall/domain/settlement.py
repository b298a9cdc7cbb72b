"""Computes documents with a part of a settlement. These functions do not read or write a store."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from holdall.domain.keys import open_key, payment_key, seller_prefix
from holdall.domain.model import UNAPPLIED, Allocation, Invoice, Part, Party, Payment, Settlement
from holdall.domain.money import EXACT
from holdall.domain.recording import append
from holdall.errors import Conflict, Corrupt, Invalid

LONGEST_ID: Final = 150
"""The most characters in the id of a payment, because the ids of its entries and of its void are longer."""

_REASON: Final = 1000  # characters of a reason
_NOTHING: Final = Decimal(0)


def settlement_of(document: Invoice) -> Settlement:
    """Return the settlement of a payment document. A document without one has no parts."""
    return document.settlement or Settlement(())


def unapplied(document: Invoice) -> Decimal:
    """Return the amount of a payment document that is neither applied to an invoice nor paid back."""
    return EXACT.minus(document.owed().get(UNAPPLIED, _NOTHING))


def received(document: Invoice) -> Decimal:
    """Return the cash of a payment document, before refunds. It is 0 if the document received none."""
    return next((each.amount for each in document.payments if each.kind == "receipt"), _NOTHING)


def on_account(amount: Decimal) -> tuple[Allocation, ...]:
    """Return the allocation of ``amount`` to the money that no invoice has taken."""
    return (Allocation(UNAPPLIED, amount),)


def payment_document(
    id: str,
    on: date,
    seller: Party,
    customer: Party,
    currency: str,
    payments: Iterable[Payment],
    parts: Iterable[Part],
    attempt: int,
) -> Invoice:
    """Return a payment document whose settlement is open."""
    return Invoice(
        number=id,
        kind="payment",
        seller=seller,
        customer=customer,
        issued=on,
        due=None,
        currency=currency,
        total=_NOTHING,
        lines=(),
        payments=tuple(payments),
        settlement=Settlement(tuple(parts), "open", attempt),
    )


def entry_id(id: str, attempt: int) -> str:
    """Return the id that the parts of the settlement ``id`` have in their documents.

    Each attempt has an id of its own, because the parts of an attempt that was taken back stay, with the amount 0.

    >>> entry_id("bank-17", 1), entry_id("bank-17", 2)
    ('bank-17', 'bank-17/2')
    """
    return id if attempt == 1 else f"{id}/{attempt}"


def used_id(id: str) -> str:
    """Return the id of the entry of the payment document ``id`` that is the amount which pays other documents."""
    return f"{id}/used"


def require_own(mark: str, document: object) -> None:
    """Raise Corrupt if ``document``, marked at ``mark``, is not a payment whose parts are of documents of its seller.

    A store that several people write may hold such a mark. Nobody may change other documents by it.
    """
    if isinstance(document, Invoice) and document.kind == "payment":
        own = seller_prefix(document.seller.id)
        parts = settlement_of(document).parts
        if mark == open_key(payment_key(document.seller.id, document.number)) and all(
            part.document.startswith(own) for part in parts
        ):
            return
    raise Corrupt(
        f"the payment at {mark!r} does not belong there, or has parts of other documents than those of its seller; "
        "delete this key, and look at the payment with `holdall payments show`",
        key=mark,
    )


def take(document: Invoice, entry: Payment) -> Invoice:
    """Return ``document`` with ``entry``, which is a part of a settlement, or unchanged if it has it already.

    Raises Invalid if the document cannot take it.
    """
    known = next((each for each in document.payments if each.id == entry.id), None)
    if known is None:
        return append(document, entry)
    if known.part_of != entry.part_of:
        raise Invalid(
            f"{known.name} {known.id!r} is already recorded on {document.kind} {document.number!r}, on {known.on}, "
            f"of {known.amount} {document.currency}; compare both with your bank statement, and void it if it is wrong"
        )
    return document


def leave(document: Invoice, entry: Payment, reason: str) -> Invoice:
    """Return ``document`` with the amount 0 in place of ``entry``, whether the document took it before or not.

    The entry stays, so that a writer who is late does not record it after all.
    """
    code = next(iter(document.billed()), UNAPPLIED)
    note = f"taken back: {reason}"[:_REASON]
    left = replace(entry, amount=_NOTHING, allocations=(Allocation(code, _NOTHING),), note=note, voids="")
    if entry.id not in {each.id for each in document.payments}:
        return replace(document, payments=(*document.payments, left))
    kept = (left if each.id == entry.id else each for each in document.payments)
    return replace(document, payments=tuple(kept))


def concluded(document: Invoice, attempt: int, problem: BaseException | None) -> Invoice:
    """Return ``document`` with its settlement done, or taken back for ``problem``; unchanged if it is decided already.

    If a later attempt replaced the settlement, the document is unchanged too.
    """
    settlement = settlement_of(document)
    if settlement.state != "open" or settlement.attempt != attempt:
        return document
    if problem is None:
        return replace(document, settlement=replace(settlement, state="done"))
    reason = str(problem.args[0] if isinstance(problem, KeyError) else problem)[:_REASON]
    return replace(document, payments=(), settlement=replace(settlement, state="taken-back", reason=reason))


def entries_of(key: str, document: Invoice) -> list[Part]:
    """Return every entry of the settlement at ``key``: its own on the payment document, and its parts on others."""
    own = [entry for entry in document.payments if entry.id in (document.number, used_id(document.number))]
    return [*(Part(key, entry) for entry in own), *settlement_of(document).parts]


def require_equal(known: Invoice, given: Mapping[str, object]) -> None:
    """Raise Conflict, which names the facts that differ, if ``known`` is not the settlement with the facts ``given``.

    The days may differ, because a payment may be sent again on a later day.
    """
    facts = _facts(known)
    if differing := ", ".join(name for name, value in given.items() if facts[name] != value):
        cash = received(known)
        amount = f", of {cash} {known.currency} from customer {known.customer.id!r}" if cash else ""
        raise Conflict(
            f"payment {known.number!r} is already recorded on {known.issued}{amount}, but this payment differs in "
            f"{differing}; compare both with your bank statement, and void the recorded one if it is wrong"
        )


def _facts(document: Invoice) -> dict[str, object]:
    parts = settlement_of(document).parts
    return {
        "amount": received(document),
        "currency": document.currency,
        "customer": document.customer.id,
        "reference": document.payments[0].reference if document.payments else "",
        "source": parts[0].document if parts else "",
        "documents": {part.document: part.entry.amount for part in parts},
    }
