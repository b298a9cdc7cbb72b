"""The maps of the receivables queries, each with the part of an invoice that it reads.

A map takes a store key and a part, and yields (group, value) pairs. Its docstring shows them as group →
value. A part declares a few fields of `Invoice`, so that a typed scan decodes only these; an `Invoice` can be
used as a part too. Parts hold no reference cycles, so the garbage collector need not track the many parts of
a scan (gc=False).
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from msgspec import Struct

from holdall.domain.model import CASH, Allocation, InvoiceKind, Party, PaymentKind, Split, entry_name
from holdall.domain.money import EXACT


class Lines(Struct, gc=False):
    """A line, with its amounts by code."""

    splits: Sequence[Split]


class Allocated(Struct, gc=False):
    """The part of a payment that `billed`, `paid`, `adjusted` and `outstanding` read."""

    allocations: Sequence[Allocation]
    kind: PaymentKind = "receipt"


class Billed(Struct, gc=False):
    """The part of an invoice that `billed` and `outstanding` read."""

    currency: str
    lines: Sequence[Lines]
    payments: Sequence[Allocated] = ()


class Paid(Struct, gc=False):
    """The part of an invoice that `paid` and `adjusted` read."""

    currency: str
    payments: Sequence[Allocated] = ()


class Charged(Struct, gc=False):
    """The part of an entry that `written_off` reads."""

    amount: Decimal
    contra: str = ""


class WrittenOff(Struct, gc=False):
    """The part of an invoice that `written_off` reads."""

    currency: str
    payments: Sequence[Charged] = ()


class Receipt(Struct, gc=False):
    """The part of a payment that `received`, `aging` and `statement` read."""

    on: date
    amount: Decimal
    reference: str = ""
    kind: PaymentKind = "receipt"
    voids: str = ""
    part_of: str = ""


class Receipts(Struct, gc=False):
    """The part of an invoice that `received` reads."""

    currency: str
    payments: Sequence[Receipt] = ()


class Balance(Struct, gc=False):
    """The part of an invoice that `aging` reads."""

    customer: Party
    issued: date
    due: date | None
    currency: str
    total: Decimal
    payments: Sequence[Receipt] = ()


class Entry(Struct, gc=False):
    """The part of an invoice that `statement` reads."""

    number: str
    kind: InvoiceKind
    customer: Party
    issued: date
    currency: str
    total: Decimal
    payments: Sequence[Receipt] = ()
    references: tuple[str, ...] = ()


class Paying(Struct, gc=False):
    """The part of a payment that `paid`, `adjusted`, `received` and `aging` read."""

    on: date
    amount: Decimal
    allocations: Sequence[Allocation]
    kind: PaymentKind = "receipt"
    contra: str = ""


class Whole(Struct, gc=False):
    """The part of an invoice that `billed`, `paid`, `adjusted`, `received` and `aging` read."""

    customer: Party
    issued: date
    due: date | None
    currency: str
    total: Decimal
    lines: Sequence[Lines]
    payments: Sequence[Paying] = ()


Money = tuple[tuple[str, str], Decimal]
_NOT_ADJUSTED = (*CASH, "prepayment")


def billed(key: str, part: Billed) -> Iterator[Money]:
    """Yield (currency, code) → amount of each split, and the negative amount of each prepayment."""
    currency = part.currency
    for line in part.lines:
        for split in line.splits:
            yield (currency, split.code), split.amount
    for payment in part.payments:
        if payment.kind == "prepayment":
            for each in payment.allocations:
                yield (currency, each.code), EXACT.minus(each.amount)


def paid(key: str, part: Paid | Billed) -> Iterator[Money]:
    """Yield (currency, code) → amount of each allocation of cash, which may come from another document."""
    currency = part.currency
    for payment in part.payments:
        if payment.kind in CASH:
            for each in payment.allocations:
                yield (currency, each.code), each.amount


def adjusted(key: str, part: Paid | Billed) -> Iterator[Money]:
    """Yield (currency, code) → amount of each allocation that is neither of cash nor of a prepayment."""
    currency = part.currency
    for payment in part.payments:
        if payment.kind not in _NOT_ADJUSTED:
            for each in payment.allocations:
                yield (currency, each.code), each.amount


def outstanding(key: str, part: Billed) -> Iterator[Money]:
    """Yield (currency, code) → amount of each split, and the negative amount of each allocation."""
    currency = part.currency
    for line in part.lines:
        for split in line.splits:
            yield (currency, split.code), split.amount
    for payment in part.payments:
        for each in payment.allocations:
            yield (currency, each.code), EXACT.minus(each.amount)


def written_off(key: str, part: WrittenOff) -> Iterator[Money]:
    """Yield (currency, code) → amount of each write-off or exchange difference that the code bears."""
    for each in part.payments:
        if each.contra:
            yield (part.currency, each.contra), each.amount


def received(key: str, part: Receipts) -> Iterator[Money]:
    """Yield (month as 2026-03, currency) → amount of each payment of cash."""
    for each in part.payments:
        if each.kind == "receipt":
            yield (each.on.isoformat()[:7], part.currency), each.amount


def balances(key: str, part: Balance) -> Iterator[tuple[tuple[str, str, str, date], Decimal]]:
    """Yield (customer id, currency, customer name, due day) → balance, if the balance is not zero."""
    balance = part.total
    for each in part.payments:
        balance = EXACT.subtract(balance, each.amount)
    if balance:
        customer = part.customer
        yield (customer.id, part.currency, customer.name, part.due or part.issued), balance


def aging(
    on: date, bounds: Sequence[int], key: str, part: Balance
) -> Iterator[tuple[tuple[str, str, str, int], Decimal]]:
    """Yield (customer id, currency, customer name, bucket) → balance, if the balance is not zero."""
    for (customer, currency, name, due), balance in balances(key, part):
        yield (customer, currency, name, bucket(on, bounds, due)), balance


def bucket(on: date, bounds: Sequence[int], due: date) -> int:
    """Return the number of the bucket of a balance that is due on the day ``due``.

    Bucket n holds balances that are more than ``bounds[n - 1]`` and at most ``bounds[n]`` days past due on
    ``on``.
    """
    return bisect_left(bounds, (on - due).days)


Entered = tuple[str, str, Decimal, str]


def statement(customer: str, key: str, part: Entry) -> Iterator[tuple[tuple[str, date, int, str], Entered]]:
    """Yield (currency, day, rank, number) → (kind, reference, amount, settlement). The amount of a payment is negative.

    The rank sorts the entries of one day: first invoices, then credit notes, then payments. The settlement is the id of
    the payment document whose part the entry is, unless the entry is cash.
    """
    if part.customer.id != customer:
        return
    rank = 1 if part.kind == "credit-note" else 0
    reference = ", ".join(part.references)
    if part.kind != "payment":
        yield (part.currency, part.issued, rank, part.number), (part.kind, reference, part.total, "")
    for each in part.payments:
        yield (
            (part.currency, each.on, 2, part.number),
            (
                entry_name(each.kind, each.amount, each.voids),
                each.reference,
                EXACT.minus(each.amount),
                "" if each.kind == "receipt" else each.part_of,
            ),
        )


def entries(key: str, part: Entry) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield customer id → (currency, day, rank, number, kind, reference, amount, settlement), as `statement` does."""
    customer = part.customer.id
    return ((customer, (*group, *entered)) for group, entered in statement(customer, key, part))
