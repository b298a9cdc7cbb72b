"""Payments of customers: received for several invoices, applied later, moved, paid back and voided."""

from datetime import date
from decimal import Decimal

from msgspec.structs import replace

from holdall.domain.allocation import Policy, in_proportion
from holdall.domain.allotment import Targets
from holdall.domain.keys import payment_key
from holdall.domain.model import UNAPPLIED, Invoice, Part, Party, Payment
from holdall.domain.money import EXACT, is_positive, sum_amounts
from holdall.domain.recording import record
from holdall.domain.settlement import (
    entries_of,
    entry_id,
    on_account,
    payment_document,
    received,
    require_equal,
    used_id,
)
from holdall.domain.settling import require_cash, require_reason, void, void_id, void_of
from holdall.domain.shifts import Shifts, given_parts, is_void, new_id, taken_out
from holdall.errors import Conflict, Invalid


class Payments(Shifts):
    """Payments that settle several documents. Each method records all of its entries, or none, on every store.

    A payment document in the books keeps each of them, under the id that the caller gives. Calling a method again with
    the same id changes nothing and returns this document; a call that differs raises Conflict. All documents of a
    payment have one seller and one currency.

    >>> Payments({}).payments(unapplied=True)
    []
    """

    def payments(
        self, *, seller: str | None = None, customer: str | None = None, unapplied: bool = False
    ) -> list[Invoice]:
        """Return the documents of the payments that were received, sorted by day.

        ``customer`` is an id. ``unapplied`` selects the payments of which an amount is unapplied. Settlements that
        another writer left unfinished are finished before, if the store allows writes.
        """
        self.finish()
        found = [
            each
            for each in self.payment_documents(seller)
            if received(each)
            and customer in (None, each.customer.id)
            and (not unapplied or each.owed().get(UNAPPLIED))
        ]
        return sorted(found, key=lambda each: each.issued)

    def receive(
        self,
        amount: Decimal,
        on: date,
        to: Targets = (),
        *,
        customer: Party | str | None = None,
        seller: str | None = None,
        currency: str | None = None,
        policy: Policy = in_proportion,
        id: str | None = None,
        reference: str = "",
        note: str = "",
    ) -> Invoice:
        """Record money received from a customer, which pays the documents ``to``, and return the payment document.

        Each document gets its named amount. Without amounts, the document that is due first is paid first, each up to
        the amount owed, and a credit note is settled too. The rest of the money stays unapplied. ``policy`` allocates
        the part of each document to its accounting codes.

        The customer, the seller and the currency default to those of the documents. ``customer`` may be the id of a
        customer in the books.

        Raises Invalid if ``amount`` is not positive, if a part is more than the amount owed, if the parts are more than
        ``amount``, or if the customer, the seller or the currency is not clear. Raises KeyError and Invalid also as
        `find` does.
        """
        if not is_positive(amount):
            raise Invalid(f"payment of {amount}: the amount must be positive; to pay money back, refund it")
        number = new_id(id)
        owner, payer, unit = self._parties(to, seller, customer, currency)

        def plan(attempt: int) -> Invoice:
            shares = self._shares(to, owner.id, unit, amount)
            spent = sum_amounts(share.amount for share in shares)
            receipt = Payment(number, on, amount, on_account(amount), reference, note)
            used = taken_out(
                used_id(number), on, spent, on_account(EXACT.minus(spent)), "transfer", number, reference
            )
            entry = Payment(
                entry_id(number, attempt), on, spent, (), reference, kind="transfer", part_of=number
            )
            own = (receipt, used) if spent else (receipt,)
            return payment_document(
                number, on, owner, payer, unit, own, given_parts(shares, entry, policy), attempt
            )

        def compare(known: Invoice) -> None:
            facts: dict[str, object] = {
                "amount": amount,
                "currency": unit,
                "customer": payer.id,
                "reference": reference,
                "documents": self._amounts(to, owner.id, known),
            }
            require_equal(known, facts)
            self._require_standing(known)

        return self._settle_all(payment_key(owner.id, number), plan, compare)

    def refund_payment(
        self,
        payment: str,
        amount: Decimal,
        on: date,
        *,
        seller: str | None = None,
        id: str | None = None,
        reference: str = "",
        note: str = "",
    ) -> Payment:
        """Record that unapplied money of ``payment`` was paid back, and return the entry, whose amount is negative.

        Raises KeyError if the books do not have the payment. Raises Invalid if ``amount`` is not positive, or if less
        is unapplied.
        """
        if not is_positive(amount):
            raise Invalid(
                f"refund of {amount}: the amount must be positive; write the amount that was paid back"
            )
        entry = Payment(new_id(id), on, EXACT.minus(amount), (), reference, note)
        key = self._payment_key(payment, seller)
        changed = self._modify(key, lambda found: record(found, entry, {UNAPPLIED: entry.amount}))
        return next(each for each in changed.payments if each.id == entry.id)

    def void_payment(
        self, payment: str, on: date, reason: str, *, entry: str | None = None, seller: str | None = None
    ) -> Invoice:
        """Take back ``payment`` with all of its parts, and return the payment document that takes it back.

        It may also be an applied credit note or a transfer. To take back only a refund of it, name the id of the refund
        as ``entry``. If it is voided already, nothing changes. Raises KeyError if the books do not have it. Raises
        Invalid if it takes back another one itself, if ``reason`` is empty, if a document that it settled was deleted,
        or if an amount of it was applied, moved or paid back later, which must be voided first. Cash that an invoice
        paid back does not count there.
        """
        key = self._payment_key(payment, seller)
        if entry is not None:
            return self._modify(key, lambda found: _void_refund(found, entry, on, reason))
        document = self._read(key)
        name = f"void of payment {payment!r}"
        require_reason(reason, name)
        parts = [*reversed(entries_of(key, document))]
        if is_void(document):
            raise Invalid(f"{name}: it takes back another payment itself; record that payment again")
        number = void_id(payment)

        def plan(attempt: int) -> Invoice:
            made = [
                void_of(part.entry, entry_id(void_id(part.entry.id), attempt), on, reason) for part in parts
            ]
            voids = [
                Part(part.document, replace(voiding, part_of=number))
                for part, voiding in zip(parts, made, strict=True)
            ]
            made_of = document.seller, document.customer, document.currency
            voiding = payment_document(number, on, *made_of, (), voids, attempt)
            try:
                possible = self._possible(voiding)
            except KeyError as gone:
                raise Invalid(
                    f"{name}: the document at {gone.args[0]!r} was deleted; put it back, and void the payment again"
                ) from gone
            for part, after in possible.items():
                require_cash(self._read(part), after)
            return voiding

        def compare(known: Invoice) -> None:
            if not is_void(known):
                raise Conflict(f"{name}: its id {number!r} is that of another payment, of {known.issued}")

        return self._settle_all(payment_key(document.seller.id, number), plan, compare)

    def is_voided(self, document: Invoice) -> bool:
        """Return whether the payment of this payment document was voided."""
        return self._void_of(document) is not None


def _void_refund(document: Invoice, id: str, on: date, reason: str) -> Invoice:
    if any(part.entry.id == id for part in entries_of("", document)):
        raise Invalid(
            f"entry {id!r} on payment {document.number!r} is not a refund; void the payment as a whole"
        )
    return void(document, id, on, reason)
