"""Policies that divide a payment among the accounting codes, or the invoices, that it settles.

A policy is a function of the amount paid and of the amounts owed, all in minor units. The amounts owed are in
the order of the invoice's codes. The policy returns the parts in the same order, and they sum to the amount
paid. That amount is never zero, and never beyond the sum of the amounts owed; both may be negative, as for a
credit note. Every function of this form can be used as a policy.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal

from holdall.domain.model import UNAPPLIED, Allocation, Invoice
from holdall.domain.money import largest_remainder, major, minor, sum_amounts, text
from holdall.errors import Invalid

Policy = Callable[[int, Sequence[int]], Sequence[int]]


def in_proportion(amount: int, owed: Sequence[int]) -> list[int]:
    """Pay each code in proportion to the amount owed on it.

    The parts are exact to the unit, by the method of the largest remainder (see `money`).

    >>> in_proportion(50, [60, 40]), in_proportion(10, [1, 1, 1])
    ([30, 20], [4, 3, 3])
    """
    return largest_remainder(amount, owed)


def oldest_first(amount: int, owed: Sequence[int]) -> list[int]:
    """Pay each code in full, in order, as far as the amount reaches.

    A code owed with the opposite sign (a code of allowances among codes of items) is settled at once, so that
    the amount reaches further. No part shrinks if the amount grows. An amount of 0 gives 0 for each code.

    >>> oldest_first(70, [60, 40]), oldest_first(50, [60, -20, 40])
    ([60, 10], [60, -20, 10])
    """
    if not amount:
        return [0] * len(owed)
    if amount < 0:
        return [-part for part in oldest_first(-amount, [-each for each in owed])]
    left = amount - sum(each for each in owed if each < 0)
    parts = []
    for each in owed:
        parts.append(min(each, left))
        left -= max(parts[-1], 0)
    return parts


def allocate(
    amount: Decimal,
    owed: Mapping[str, Decimal],
    currency: str,
    to: Policy | Mapping[str, Decimal] = in_proportion,
    *,
    overpaid: bool = False,
) -> tuple[Allocation, ...]:
    """Return ``amount`` allocated to codes. ``to`` is a policy, or the amount of each code.

    If ``to`` names amounts, they are taken as they are. A policy divides ``amount`` among the codes of
    ``owed``, never beyond the amount owed, and parts of zero are left out. If ``amount`` is more than the
    amount owed, the rest is allocated to UNAPPLIED if ``overpaid`` is True; otherwise this raises Invalid.

    >>> allocate(Decimal("0.10"), {"4400": Decimal(2), "4410": Decimal(1)}, "EUR")
    (Allocation(code='4400', amount=Decimal('0.07')), Allocation(code='4410', amount=Decimal('0.03')))
    """
    if isinstance(to, Mapping):
        return tuple(Allocation(code, part) for code, part in to.items())
    units, debts = minor(amount, currency), [minor(each, currency) for each in owed.values()]
    within = _within(units, sum(debts))
    if within != units and not overpaid:
        raise Invalid(_beyond(amount, sum_amounts(owed.values()), currency))
    parts = to(within, debts) if within else [0] * len(debts)
    shares = dict(zip(owed, parts, strict=True))
    shares[UNAPPLIED] = shares.get(UNAPPLIED, 0) + units - within
    return tuple(Allocation(code, major(part, currency)) for code, part in shares.items() if part)


def oldest_due_first(
    amount: Decimal, currency: str, invoices: Iterable[Invoice]
) -> list[tuple[Invoice, Decimal]]:
    """Divide ``amount`` among invoices: each is paid in full, the one with the earliest due day first.

    Returns pairs of an invoice and its part. If an invoice has no due day, its day of issue counts; among
    equal days, the smaller number comes first. A credit note is settled at once, so that ``amount`` reaches
    further. Invoices that get nothing are left out. Raises Invalid if ``amount`` is more than all invoices
    owe together, or if an invoice is not in ``currency``.

    >>> oldest_due_first(Decimal(0), "EUR", [])
    []
    """
    queue = sorted(invoices, key=lambda each: (each.due or each.issued, each.number))
    debts = [_debt(each, currency) for each in queue]
    units = minor(amount, currency)
    if _within(units, sum(debts)) != units:
        raise Invalid(_beyond(amount, major(sum(debts), currency), currency))
    parts = oldest_first(units, debts) if units else []
    return [(each, major(part, currency)) for each, part in zip(queue, parts) if part]  # noqa: B905 - no units, no parts


def _debt(invoice: Invoice, currency: str) -> int:
    if invoice.currency != currency:
        raise Invalid(
            f"invoice {invoice.number!r} is in {invoice.currency}, but the payment is in {currency}; "
            "pay each currency by itself"
        )
    return minor(sum_amounts(invoice.owed().values()), currency)


def _within(amount: int, owed: int) -> int:
    """Return ``amount``, limited to the range between 0 and ``owed``. ``owed`` may be negative."""
    return max(min(amount, max(owed, 0)), min(owed, 0))


def _beyond(amount: Decimal, owed: Decimal, currency: str) -> str:
    paid = f"{text(amount, currency)} {currency}"
    due = f"the {text(owed, currency)} that is owed"
    if amount < 0 <= owed:
        return f"{paid} pays nothing of {due}; to take a payment back, name the amount of each code"
    if owed < 0 < amount:
        return f"{paid} pays nothing of {due}; pay a negative amount, or name the amount of each code"
    return (
        f"{paid} is beyond {due}; "
        "pay no more than that, name the amount of each code, or mark the payment as overpaid"
    )
