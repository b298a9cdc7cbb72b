"""Makes the rows of reports from the groups of queries."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import groupby, pairwise
from typing import Any, TypeAlias

from holdall.domain.money import EXACT, sum_amounts
from holdall.domain.report import AccountRow, AgingRow, CodeRow, MonthRow, Report, StatementRow
from holdall.errors import Invalid
from holdall.query import Row

Sums: TypeAlias = Iterable[Row[Decimal]]
"""The rows of a query that sums amounts."""

BOUNDS = (0, 30, 60, 90)

CODE = ("currency", "code", "amount")
ACCOUNT = ("currency", "code", "billed", "paid", "adjusted", "owed")
STATEMENT = ("on", "kind", "number", "reference", "currency", "amount", "balance")


def month_report(rows: Iterable[Row[Decimal]]) -> Report[MonthRow]:
    """Return the report on groups (month, currency)."""
    made = (MonthRow(month, currency, sum) for (month, currency), sum in rows)
    return Report(("month", "currency", "amount"), made)


def aging_report(labels: Sequence[str], rows: Iterable[Row[Decimal]]) -> Report[AgingRow]:
    """Return the report on groups (customer, currency, name, bucket). ``labels`` are the names of the buckets."""
    return Report(("customer", "name", "currency", *labels, "total"), _by_customer(len(labels), rows))


def code_rows(rows: Iterable[Row[Decimal]]) -> Iterator[CodeRow]:
    """Yield a row for each group (currency, code) with an amount that is not zero."""
    return (CodeRow(currency, code, sum) for (currency, code), sum in rows if sum)


def accounts(billed: Sums, paid: Sums, adjusted: Sums) -> Iterator[AccountRow]:
    """Yield a row for each group (currency, code) with an amount that is not zero."""
    columns = dict(billed), dict(paid), dict(adjusted)
    for currency, code in sorted(set().union(*columns)):
        one, two, three = (column.get((currency, code), Decimal(0)) for column in columns)
        if one or two or three:
            owed = EXACT.subtract(one, EXACT.add(two, three))
            yield AccountRow(currency, code, one, two, three, owed)


def labels_of(bounds: Sequence[int]) -> list[str]:
    """Return the names of the buckets, in days past due. There is one bucket more than there are bounds."""
    if not bounds or bounds[0] != 0 or any(low >= high for low, high in pairwise(bounds)):
        raise Invalid(
            f"bounds {tuple(bounds)} are not rising numbers of days from 0; write for example {BOUNDS}"
        )
    between = [f"{low + 1}-{high}" for low, high in pairwise(bounds)]
    return ["current", *between, f"over {bounds[-1]}"]


def _by_customer(count: int, rows: Iterable[Row[Decimal]]) -> Iterator[AgingRow]:
    accounts = groupby((row for row in rows if row.value), key=lambda row: row.key[:2])
    aged = (_aging_row(list(group), count) for _, group in accounts)
    return (row for row in aged if any(row.buckets))


def _aging_row(rows: list[Row[Decimal]], count: int) -> AgingRow:
    """Return the row of one customer, from groups (customer, currency, name, bucket)."""
    buckets = [Decimal(0)] * count
    for (_, _, _, bucket), amount in rows:
        buckets[bucket] = EXACT.add(buckets[bucket], amount)
    customer, currency, name, _ = rows[0].key
    return AgingRow(customer, name, currency, tuple(buckets), sum_amounts(buckets))


def without_transfers(rows: Sequence[Row[Any]]) -> list[Row[Any]]:
    """Return ``rows`` of the map `statement` without the parts of settlements that add up to zero among them."""
    sums: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for (currency, *_), (*_, amount, settlement) in rows:
        sums[currency, settlement] = EXACT.add(sums[currency, settlement], amount)
    return [row for row in rows if not row.value[3] or sums[row.key[0], row.value[3]]]


def running(rows: Iterable[Row[Any]]) -> Iterator[StatementRow]:
    """Yield the entries of groups (currency, day, rank, number), with the running balance of the currency."""
    for currency, entries in groupby(rows, key=lambda row: row.key[0]):
        balance = Decimal(0)
        for (_, on, _, number), (kind, reference, amount, _) in entries:
            balance = EXACT.add(balance, amount)
            yield StatementRow(on, kind, number, reference, currency, amount, balance)
