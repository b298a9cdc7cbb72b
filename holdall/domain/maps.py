"""The maps of the receivables queries, each with the part of an invoice that it reads.

A map takes a store key and a part, and yields (group, value) pairs. The groups are drawn beside each.
The parts declare a few fields of `Invoice`, so that a typed scan decodes no more; an `Invoice` fits too.
They hold no cycles, so the garbage collector need not look at the many that a scan makes (gc=False).
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from msgspec import Struct

from holdall.domain.model import Allocation, InvoiceKind, Party, Split
from holdall.domain.money import EXACT, summed


class Lines(Struct, gc=False):
    """A line by code."""

    splits: Sequence[Split]


class Allocated(Struct, gc=False):
    """A payment by code."""

    allocations: Sequence[Allocation]


class Billed(Struct, gc=False):
    """What `billed` reads."""

    currency: str
    lines: Sequence[Lines]


class Paid(Struct, gc=False):
    """What `paid` reads."""

    currency: str
    payments: Sequence[Allocated] = ()


class Account(Struct, gc=False):
    """What `outstanding` reads."""

    currency: str
    lines: Sequence[Lines]
    payments: Sequence[Allocated] = ()


class Receipt(Struct, gc=False):
    """A payment as `received` and `statement` read it."""

    on: date
    amount: Decimal
    reference: str = ""


class Receipts(Struct, gc=False):
    """What `received` reads."""

    currency: str
    payments: Sequence[Receipt] = ()


class Balance(Struct, gc=False):
    """What `aging` reads."""

    customer: Party
    issued: date
    due: date | None
    currency: str
    total: Decimal
    payments: Sequence[Receipt] = ()


class Entry(Struct, gc=False):
    """What `statement` reads."""

    number: str
    kind: InvoiceKind
    customer: Party
    issued: date
    currency: str
    total: Decimal
    payments: Sequence[Receipt] = ()
    references: tuple[str, ...] = ()


Money = tuple[tuple[str, str], Decimal]


def billed(key: str, part: Billed) -> Iterator[Money]:
    """(currency, code) → amount."""
    currency = part.currency
    for line in part.lines:
        for split in line.splits:
            yield (currency, split.code), split.amount


def paid(key: str, part: Paid) -> Iterator[Money]:
    """(currency, code) → amount."""
    currency = part.currency
    for payment in part.payments:
        for each in payment.allocations:
            yield (currency, each.code), each.amount


def outstanding(key: str, part: Account) -> Iterator[Money]:
    """(currency, code) → amount, of a payment negative."""
    currency = part.currency
    for line in part.lines:
        for split in line.splits:
            yield (currency, split.code), split.amount
    for payment in part.payments:
        for each in payment.allocations:
            yield (currency, each.code), EXACT.minus(each.amount)


def received(key: str, part: Receipts) -> Iterator[Money]:
    """(month as 2026-03, currency) → amount."""
    for each in part.payments:
        yield (each.on.isoformat()[:7], part.currency), each.amount


def aging(
    on: date, bounds: Sequence[int], key: str, part: Balance
) -> Iterator[tuple[tuple[str, str, str, int], Decimal]]:
    """(customer id, currency, customer name, bucket) → balance, where there is one.

    Bucket n holds what is more than ``bounds[n - 1]`` and at most ``bounds[n]`` days past due on ``on``.
    """
    balance = EXACT.subtract(part.total, summed(each.amount for each in part.payments))
    if balance:
        late = (on - (part.due or part.issued)).days
        customer = part.customer
        yield (customer.id, part.currency, customer.name, bisect_left(bounds, late)), balance


Line = tuple[tuple[str, date, int, str], tuple[str, str, Decimal]]


def statement(customer: str, key: str, part: Entry) -> Iterator[Line]:
    """(currency, day, rank, number) → (kind, reference, amount), of a payment negative.

    The rank puts invoices before credit notes before payments of one day.
    """
    if part.customer.id != customer:
        return
    rank = 1 if part.kind == "credit-note" else 0
    reference = ", ".join(part.references)
    yield (part.currency, part.issued, rank, part.number), (part.kind, reference, part.total)
    for each in part.payments:
        yield (
            (part.currency, each.on, 2, part.number),
            ("payment", each.reference, EXACT.minus(each.amount)),
        )
