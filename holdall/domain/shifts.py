"""Shifts of amounts between documents: unapplied money, credit notes and cash settle other documents."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from secrets import token_hex
from typing import NamedTuple

from msgspec.structs import replace

from holdall.domain.allocation import Policy, allocate, in_proportion
from holdall.domain.allotment import Allotment, Share, Targets
from holdall.domain.keys import payment_key
from holdall.domain.model import Allocation, Invoice, Part, Payment, PaymentKind
from holdall.domain.money import EXACT, is_positive, sum_amounts, text
from holdall.domain.settlement import (
    LONGEST_ID,
    entry_id,
    on_account,
    payment_document,
    require_equal,
    settlement_of,
    take,
    unapplied,
)
from holdall.domain.settling import VOID, paid_back, void_id
from holdall.errors import Conflict, Invalid


class _Source(NamedTuple):
    """A document that settles others: its key, the most that it has, and the allocations of an amount of that."""

    key: str
    document: Invoice
    limit: Decimal
    give: Callable[[Decimal], tuple[Allocation, ...]]


class Shifts(Allotment):
    """Settles documents with amounts that other documents have, in whole or not at all. No new cash moves.

    >>> Shifts({}).finish()
    []
    """

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

        return self._shift(source, to, on, amount, "transfer", new_id(id), note)

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

        return self._shift(source, to, on, amount, "credit", new_id(id), note)

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

        return self._shift(source, to, on, amount, "transfer", new_id(id), note)

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
            out = taken_out(entry_id(id, attempt), on, spent, given.give(spent), kind, id, note=note)
            entry = Payment(out.id, on, spent, (), note=note, kind=kind, part_of=id)
            take(document, out)
            parts = (Part(given.key, out), *given_parts(shares, entry, in_proportion))
            return payment_document(id, on, document.seller, document.customer, currency, (), parts, attempt)

        def compare(known: Invoice) -> None:
            named = self._amounts(to, seller, known)
            spent = EXACT.minus(sum_amounts(named.values()))
            require_equal(known, {"source": key, "documents": {key: spent, **named}})
            self._require_standing(known)

        return self._settle_all(payment_key(seller, id), plan, compare)

    def _void_of(self, document: Invoice) -> Invoice | None:
        """Return the payment document that takes back ``document``, if it is recorded."""
        found = self.store.get(payment_key(document.seller.id, void_id(document.number)))
        return found if found and is_void(found) and settlement_of(found).state == "done" else None

    def _require_standing(self, known: Invoice) -> None:
        """Raise Conflict if the payment of ``known`` was voided."""
        if void := self._void_of(known):
            reason = settlement_of(void).parts[0].entry.note
            raise Conflict(
                f"payment {known.number!r} was voided on {void.issued}: {reason}; "
                "if it was paid after all, record it under an id that tells so"
            )


def new_id(given: str | None) -> str:
    """Return the id of a new payment document. Raises Invalid if the given id is empty, too long, or that of a void."""
    if given is None:
        return token_hex(8)
    if given.startswith(VOID):
        raise Invalid(f"the id {given!r} begins with {VOID!r}, as the ids of voids do; give another id")
    if not 1 <= len(given) <= LONGEST_ID:
        raise Invalid(f"the id {given!r} has {len(given)} characters; give one of 1 to {LONGEST_ID}")
    return given


def is_void(document: Invoice) -> bool:
    """Return whether ``document`` is a payment document that takes back another one."""
    return any(part.entry.voids for part in settlement_of(document).parts)


def taken_out(
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


def given_parts(shares: list[Share], entry: Payment, policy: Policy) -> list[Part]:
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
    if amount is not None and not is_positive(amount):
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
