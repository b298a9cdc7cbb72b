"""The figures of the board: the reports on receivables, by currency, each with its charts."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from holdall.domain.money import sum_amounts
from holdall.domain.report import AccountRow, AgingRow, MonthRow, Overview
from holdall.server.pages.charts import Bar, bars, positive, stack

_MONTHS: Final = 24
"""The most months of the chart of cash."""


class Late(NamedTuple):
    """The balance of one bucket of days past due."""

    label: str
    amount: Decimal
    bar: Bar


class Currency(NamedTuple):
    """The figures in one currency."""

    code: str
    accounts: list[tuple[AccountRow, Bar]]
    aging: list[tuple[AgingRow, list[Bar]]]
    late: list[Late]
    months: list[tuple[MonthRow, Bar]]

    @property
    def billed(self) -> Decimal:
        """The sum of the amounts billed."""
        return sum_amounts(row.billed for row, _ in self.accounts)

    @property
    def settled(self) -> Decimal:
        """The sum of the amounts settled."""
        return sum_amounts(row.settled for row, _ in self.accounts)

    @property
    def owed(self) -> Decimal:
        """The sum of the amounts owed."""
        return sum_amounts(row.owed for row, _ in self.accounts)

    @property
    def overdue(self) -> Decimal:
        """The sum of the amounts past due."""
        return sum_amounts(each.amount for each in self.late[1:])

    @property
    def received(self) -> Decimal:
        """The sum of the cash of the months that are shown."""
        return sum_amounts(row.amount for row, _ in self.months)


def by_currency(overview: Overview) -> list[Currency]:
    """Return the figures of ``overview``, a currency after another, by their codes."""
    codes = {row.currency for report in overview for row in report}
    labels = overview.aging.columns[3:-1]
    return [_figures(code, overview, labels) for code in sorted(codes)]


def _figures(code: str, overview: Overview, labels: Sequence[str]) -> Currency:
    accounts = [row for row in overview.by_code if row.currency == code]
    aging = [row for row in overview.aging if row.currency == code]
    months = _every_month([row for row in overview.received if row.currency == code])
    longest = max((positive(row.buckets) for row in aging), default=Decimal(0))
    return Currency(
        code,
        _with_bars(accounts, [row.owed for row in accounts]),
        [(row, stack(row.buckets, longest)) for row in aging],
        _late(
            labels, [sum_amounts(amounts) for amounts in zip(*(row.buckets for row in aging), strict=True)]
        ),
        _with_bars(months, [row.amount for row in months]),
    )


def _late(labels: Sequence[str], sums: list[Decimal]) -> list[Late]:
    sums = sums or [Decimal(0)] * len(labels)
    return [Late(*each) for each in zip(labels, sums, stack(sums, positive(sums)), strict=True)]


def _with_bars(rows: list, values: list[Decimal]) -> list:  # type: ignore[type-arg]
    return list(zip(rows, bars(values), strict=True))


def _every_month(rows: Iterable[MonthRow]) -> list[MonthRow]:
    """Return ``rows`` with a row of zero for each month between them: of the last two years."""
    found = {row.month: row for row in rows}
    if not found:
        return []
    made, (_, currency) = [], next((row.month, row.currency) for row in found.values())
    month, last = min(found), max(found)
    while month <= last:
        made.append(found.get(month, MonthRow(month, currency, Decimal(0))))
        month = _next(month)
    return made[-_MONTHS:]


def _next(month: str) -> str:
    """Return the month after ``month``.

    >>> _next("2026-09"), _next("2026-12")
    ('2026-10', '2027-01')
    """
    first = date.fromisoformat(f"{month}-01")
    year, number = divmod(first.year * 12 + first.month, 12)
    return f"{year:04}-{number + 1:02}"
