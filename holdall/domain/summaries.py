"""Maps and rows of the reports that sum up whole customers and whole currencies."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from typing import Any, Final, Literal, get_args

from holdall.domain.dated import DatedPart, on_days
from holdall.domain.maps import Billed, adjusted, billed, outstanding, paid
from holdall.domain.model import Party
from holdall.domain.money import EXACT, sum_amounts
from holdall.domain.report import CustomerRow, DaysRow
from holdall.errors import Invalid
from holdall.query import Row

Measure = Literal["billed", "paid", "adjusted", "owed"]
MEASURES: Final[tuple[Measure, ...]] = get_args(Measure)
CUSTOMER: Final = ("customer", "name", "currency", *MEASURES)
DAYS: Final = ("currency", "on", "days", "owed", "billed", "dso")
_TENTHS: Final = 10


class Account(Billed, kw_only=True, gc=False):
    """The part of an invoice that `customers` reads."""

    customer: Party


def customers(key: str, part: Account) -> Iterator[tuple[tuple[str, str, str, str], Decimal]]:
    """Yield (customer id, currency, customer name, measure) → amount. The measures are billed, paid and adjusted."""
    customer = part.customer
    for measure, amounts in (
        ("billed", billed(key, part)),
        ("paid", paid(key, part)),
        ("adjusted", adjusted(key, part)),
    ):
        if amount := sum_amounts(each for _, each in amounts):
            yield (customer.id, part.currency, customer.name, measure), amount


def customer_rows(rows: Iterable[Row[Decimal]], by: Measure, most: int | None) -> Iterator[CustomerRow]:
    """Yield the rows of each currency, those with the largest amount ``by`` first, and at most ``most`` of them.

    ``rows`` are the groups of `customers`. Customers with equal amounts are in the order of their ids. A customer
    without an amount in ``by`` is left out.
    """
    made = (_customer_row(list(group)) for _, group in groupby(rows, key=lambda row: row.key[:2]))
    found = sorted(
        (row for row in made if getattr(row, by)),
        key=lambda row: (row.currency, -getattr(row, by), row.customer),
    )
    for _, group in groupby(found, key=lambda row: row.currency):
        yield from list(group)[:most]


def _customer_row(rows: list[Row[Decimal]]) -> CustomerRow:
    """Return the row of one customer in one currency. If it has several names, the first one is shown."""
    customer, currency, name, _ = rows[0].key
    sums = {each: sum_amounts(row.value for row in rows if row.key[3] == each) for each in MEASURES[:3]}
    owed = EXACT.subtract(sums["billed"], EXACT.add(sums["paid"], sums["adjusted"]))
    return CustomerRow(customer, name, currency, **sums, owed=owed)


def require_measure(by: str, most: int | None) -> None:
    """Raise Invalid if ``by`` is not a measure, or ``most`` is less than 1."""
    if by not in MEASURES:
        raise Invalid(f"{by!r} is not an amount of a customer; choose one of {', '.join(MEASURES)}")
    if most is not None and most < 1:
        raise Invalid(f"{most} customers cannot be shown; ask for at least 1")


def first_day(on: date, days: int) -> date:
    """Return the first of ``days`` days, of which ``on`` is the last. Raises Invalid if there is no such day."""
    if not 1 <= days <= (on - date.min).days:
        raise Invalid(f"a period of {days} days is not possible; write a number of days such as 90")
    return on - timedelta(days - 1)


def days_sales(since: date, on: date, key: str, part: DatedPart) -> Iterator[tuple[tuple[str, str], Decimal]]:
    """Yield (currency, "owed") → balance at the end of ``on``, and (currency, "billed") → amount since ``since``."""
    if until := on_days(part, None, on):
        yield (part.currency, "owed"), sum_amounts(amount for _, amount in outstanding(key, until))
    if within := on_days(part, since, on):
        yield (part.currency, "billed"), sum_amounts(amount for _, amount in billed(key, within))


def days_rows(rows: Iterable[Row[Decimal]], on: date, days: int) -> Iterator[DaysRow]:
    """Yield the row of each currency. ``rows`` are the groups of `days_sales`."""
    for currency, group in groupby(rows, key=lambda row: row.key[0]):
        sums: dict[Any, Decimal] = {row.key[1]: row.value for row in group}
        owed, sold = (sums.get(name, Decimal(0)) for name in ("owed", "billed"))
        if owed or sold:
            yield DaysRow(currency, on, days, owed, sold, _ratio(owed, sold, days))


def _ratio(owed: Decimal, sold: Decimal, days: int) -> str:
    if sold <= 0:
        return ""
    tenths = round(Fraction(owed) * days * _TENTHS / Fraction(sold))
    return f"{Decimal(tenths) / _TENTHS:.1f}"
