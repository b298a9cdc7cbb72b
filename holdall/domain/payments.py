"""Payments of customers: received for several invoices, applied later, moved, paid back and voided."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from secrets import token_hex
from typing import NamedTuple

from msgspec.structs import replace

from holdall.domain.allocation import Policy, allocate, in_proportion
from holdall.domain.allotment import Allotment, Share, Targets
from holdall.domain.keys import payment_key
from holdall.domain.model import UNAPPLIED, Allocation, Invoice, Part, Party, Payment, PaymentKind
from holdall.domain.money import EXACT, sum_amounts, text
from holdall.domain.recording import record
from holdall.domain.settlement import (
    LONGEST_ID,
    entries_of,
    entry_id,
    on_account,
    payment_document,
    received,
    require_equal,
    settlement_of,
    take,
    unapplied,
    used_id,
)
from holdall.domain.settling import paid_back, require_reason, void, void_of
from holdall.errors import Conflict, Invalid


class _Source(NamedTuple):
    """A document that settles others: its key, the most that it has, and the allocations of an amount of that."""

    key: str
    document: Invoice
    limit: Decimal
    give: Callable[[Decimal], tuple[Allocation, ...]]


class Payments(Allotment):
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
            and (not unapplied or each.owed()[UNAPPLIED])
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
        if amount <= 0:
            raise Invalid(f"payment of {amount}: the amount must be positive; to pay money back, refund it")
        number = _id(id)
        owner, payer, unit = self._parties(to, seller, customer, currency)

        def plan(attempt: int) -> Invoice:
            shares = self._shares(to, owner.id, unit, amount)
            spent = sum_amounts(share.amount for share in shares)
            receipt = Payment(number, on, amount, on_account(amount), reference, note)
            used = _out(
                used_id(number), on, spent, on_account(EXACT.minus(spent)), "transfer", number, reference
            )
            entry = Payment(
                entry_id(number, attempt), on, spent, (), reference, kind="transfer", part_of=number
            )
            own = (receipt, used) if spent else (receipt,)
            return payment_document(
                number, on, owner, payer, unit, own, _parts(shares, entry, policy), attempt
            )

        def compare(known: Invoice) -> None:
            facts: dict[str, object] = {
                "amount": amount,
                "currency": unit,
                "customer": payer.id,
                "reference": reference,
            }
            if named := self._amounts(to, owner.id):
                facts["documents"] = named
            require_equal(known, facts)
            self._require_standing(known)

        return self._settle_all(payment_key(owner.id, number), plan, compare)

    def apply(
        self,
        payment: str,
        to: Targets,
        on: date,
        amount: Decimal | None = None,
        *,
        seller: str | None = None,
        id: str | None = None,
        note: str = "",
    ) -> Invoice:
        """Apply money of ``payment``, which is unapplied, to the documents ``to``, and return the new payment document.

        Without amounts in ``to``, at most ``amount`` is applied, which defaults to all that is unapplied; the document
        that is due first is paid first. Raises KeyError if the books do not have the payment. Raises Invalid if less
        is unapplied, if nothing is owed, or if a part is more than the amount owed.
        """
        key = self._payment_key(payment, seller)

        def source() -> _Source:
            document = self._read(key)
            return _Source(key, document, unapplied(document), lambda spent: on_account(EXACT.minus(spent)))

        return self._shift(source, to, on, amount, "transfer", _id(id), note)

    def credit(
        self,
        credit_note: str,
        to: Targets,
        on: date,
        amount: Decimal | None = None,
        *,
        seller: str | None = None,
        series: str | None = None,
        id: str | None = None,
        note: str = "",
    ) -> Invoice:
        """Apply a credit note to the documents ``to``, without cash, and return the payment document.

        Without amounts in ``to``, at most ``amount`` is applied, which defaults to all that is in credit. Raises
        Invalid if less is in credit, if nothing is owed, or if a part is more than the amount owed.
        """
        key = self._key(credit_note, seller, series)

        def source() -> _Source:
            document = self._read(key)
            owed, currency = document.owed(), document.currency

            def give(spent: Decimal) -> tuple[Allocation, ...]:
                return allocate(EXACT.minus(spent), owed, currency)

            return _Source(key, document, EXACT.minus(sum_amounts(owed.values())), give)

        return self._shift(source, to, on, amount, "credit", _id(id), note)

    def move(
        self,
        number: str,
        to: Targets,
        on: date,
        amount: Decimal | None = None,
        *,
        seller: str | None = None,
        series: str | None = None,
        id: str | None = None,
        note: str = "",
    ) -> Invoice:
        """Move cash that was recorded on an invoice to the documents ``to``, and return the payment document.

        The cash received stays as it was. It is taken off the amount that the customer has in credit there first, and
        then off the codes in proportion to the cash on each. Without amounts in ``to``, at most ``amount`` is moved,
        which defaults to all cash on the invoice. Raises Invalid if there is less cash, if nothing is owed, or if a
        part is more than the amount owed.
        """
        key = self._key(number, seller, series)

        def source() -> _Source:
            document = self._read(key)

            def give(spent: Decimal) -> tuple[Allocation, ...]:
                taken = paid_back(document, EXACT.minus(spent))
                return tuple(Allocation(code, part) for code, part in taken.items())

            return _Source(key, document, sum_amounts(document.paid().values()), give)

        return self._shift(source, to, on, amount, "transfer", _id(id), note)

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
        if amount <= 0:
            raise Invalid(
                f"refund of {amount}: the amount must be positive; write the amount that was paid back"
            )
        entry = Payment(_id(id), on, EXACT.minus(amount), (), reference, note)
        key = self._payment_key(payment, seller)
        changed = self._modify(key, lambda found: record(found, entry, {UNAPPLIED: entry.amount}))
        return next(each for each in changed.payments if each.id == entry.id)

    def void_payment(
        self, payment: str, on: date, reason: str, *, entry: str | None = None, seller: str | None = None
    ) -> Invoice:
        """Take back ``payment`` with all of its parts, and return the payment document that takes it back.

        It may also be an applied credit note or a transfer. To take back only a refund of it, name the id of the refund
        as ``entry``. If it is voided already, nothing changes. Raises KeyError if the books do not have it. Raises
        Invalid if it takes back another one itself, if ``reason`` is empty, or if an amount of it was applied or paid
        back later, which must be voided first.
        """
        key = self._payment_key(payment, seller)
        if entry is not None:
            return self._modify(key, lambda found: void(found, entry, on, reason))
        document = self._read(key)
        name = f"void of payment {payment!r}"
        require_reason(reason, name)
        parts = [*reversed(entries_of(key, document))]
        if any(part.entry.voids for part in parts):
            raise Invalid(f"{name}: it takes back another payment itself; record that payment again")
        number = _void_id(payment)

        def plan(attempt: int) -> Invoice:
            made = [
                void_of(part.entry, entry_id(_void_id(part.entry.id), attempt), on, reason) for part in parts
            ]
            voids = [
                Part(part.document, replace(voiding, part_of=number))
                for part, voiding in zip(parts, made, strict=True)
            ]
            made_of = document.seller, document.customer, document.currency
            voiding = payment_document(number, on, *made_of, (), voids, attempt)
            self._require_possible(voiding)
            return voiding

        return self._settle_all(payment_key(document.seller.id, number), plan, lambda known: None)

    def is_voided(self, document: Invoice) -> bool:
        """Return whether the payment of this payment document was voided."""
        return self._void_of(document) is not None

    def _shift(
        self,
        source: Callable[[], _Source],
        to: Targets,
        on: date,
        amount: Decimal | None,
        kind: PaymentKind,
        id: str,
        note: str,
    ) -> Invoice:
        """Record that ``source`` settles the documents ``to``, by entries of the given ``kind``."""
        key, first, *_ = source()
        seller = first.seller.id

        def plan(attempt: int) -> Invoice:
            given = source()
            document, currency = given.document, given.document.currency
            _require_left(given, amount)
            shares = self._shares(to, seller, currency, given.limit if amount is None else amount)
            if any(share.key == given.key for share in shares):
                raise Invalid(f"{_name(document)} cannot settle itself; name other documents")
            spent = sum_amounts(share.amount for share in shares)
            if not spent:
                raise Invalid(
                    f"nothing is owed on the documents that {_name(document)} is to settle; name others"
                )
            out = _out(entry_id(id, attempt), on, spent, given.give(spent), kind, id, note=note)
            entry = Payment(out.id, on, spent, (), note=note, kind=kind, part_of=id)
            take(document, out)
            parts = (Part(given.key, out), *_parts(shares, entry, in_proportion))
            return payment_document(id, on, document.seller, document.customer, currency, (), parts, attempt)

        def compare(known: Invoice) -> None:
            facts: dict[str, object] = {"source": key}
            if named := self._amounts(to, seller):
                facts["documents"] = {key: EXACT.minus(sum_amounts(named.values())), **named}
            require_equal(known, facts)
            self._require_standing(known)

        return self._settle_all(payment_key(seller, id), plan, compare)

    def _void_of(self, document: Invoice) -> Invoice | None:
        """Return the payment document that takes back ``document``, if it is recorded."""
        found = self.store.get(payment_key(document.seller.id, _void_id(document.number)))
        return found if found and settlement_of(found).state == "done" else None

    def _require_standing(self, known: Invoice) -> None:
        """Raise Conflict if the payment of ``known`` was voided."""
        if void := self._void_of(known):
            reason = settlement_of(void).parts[0].entry.note
            raise Conflict(
                f"payment {known.number!r} was voided on {void.issued}: {reason}; "
                "if it was paid after all, record it under an id that tells so"
            )


def _id(given: str | None) -> str:
    """Return the id of a new payment document. Raises Invalid if the given id is empty or too long."""
    if given is None:
        return token_hex(8)
    if not 1 <= len(given) <= LONGEST_ID:
        raise Invalid(f"the id {given!r} has {len(given)} characters; give one of 1 to {LONGEST_ID}")
    return given


def _void_id(id: str) -> str:
    return f"void-{id}"


def _out(
    id: str,
    on: date,
    spent: Decimal,
    allocations: tuple[Allocation, ...],
    kind: PaymentKind,
    part_of: str,
    reference: str = "",
    note: str = "",
) -> Payment:
    """Return the entry that takes the amount ``spent`` from a document."""
    return Payment(id, on, EXACT.minus(spent), allocations, reference, note, kind=kind, part_of=part_of)


def _parts(shares: list[Share], entry: Payment, policy: Policy) -> list[Part]:
    """Return the entries of the documents. Raises Invalid if a document cannot take its entry."""
    parts = []
    for key, document, amount in shares:
        allocations = allocate(amount, document.owed(), document.currency, policy)
        parts.append(Part(key, replace(entry, amount=amount, allocations=allocations)))
        take(document, parts[-1].entry)
    return parts


def _require_left(source: _Source, amount: Decimal | None) -> None:
    """Raise Invalid if ``source`` has nothing, or less than ``amount``."""
    currency, limit = source.document.currency, max(source.limit, Decimal(0))
    if amount is not None and amount <= 0:
        raise Invalid(
            f"the amount {amount} must be positive; write the amount that {_name(source.document)} settles"
        )
    if not limit or (amount is not None and amount > limit):
        asked = f", which is less than {text(amount, currency)}" if amount is not None else ""
        raise Invalid(
            f"{_name(source.document)} has {text(limit, currency)} {currency} left to settle other documents{asked}; "
            "name another document, or no more than that"
        )


def _name(document: Invoice) -> str:
    return f"{document.kind} {document.number!r}"
