"""Whether what a store holds for amounts can be amounts; where it cannot, the invoice at fault by its key."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from reprlib import repr as brief

from msgspec import Struct

from holdall.domain.model import Allocation, Invoice, Split
from holdall.domain.money import possible
from holdall.errors import Corrupt


class Line(Struct, gc=False):
    """The amounts of a line."""

    amount: Decimal
    splits: Sequence[Split]


class Paid(Struct, gc=False):
    """The amounts of a payment."""

    amount: Decimal
    allocations: Sequence[Allocation]


class Amounts(Struct, gc=False):
    """The amounts of an invoice; an `Invoice` fits too."""

    total: Decimal
    lines: Sequence[Line]
    payments: Sequence[Paid] = ()


def damaged(key: str, part: Amounts | Invoice) -> Iterator[tuple[str, Decimal]]:
    """(key, amount) for each amount that is no number, or has more digits than any has."""
    return ((key, amount) for amount in _amounts(part) if not possible(amount))


def _amounts(part: Amounts | Invoice) -> Iterator[Decimal]:
    yield part.total
    for line in part.lines:
        yield line.amount
        yield from (split.amount for split in line.splits)
    for payment in part.payments:
        yield payment.amount
        yield from (each.amount for each in payment.allocations)


def sound(key: str, invoice: Invoice) -> Invoice:
    """``invoice``, which is kept under ``key``; Corrupt, naming it, where an amount in it is damaged."""
    for _, amount in damaged(key, invoice):
        raise corrupt(key, amount)
    return invoice


def corrupt(key: str, amount: Decimal) -> Corrupt:
    """The error of an ``amount`` that can be none, in the invoice under ``key``."""
    return Corrupt(
        f"the invoice at {key!r} holds {brief(str(amount))} for an amount, which can be none: "
        "restore it from a backup or its history, or import it again into other books",
        key=key,
    )
