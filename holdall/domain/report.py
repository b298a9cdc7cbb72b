"""The result of a query: typed rows, and the same rows as columns of text for tables, CSV and JSON."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Generic, NamedTuple, TypeVar, overload

from msgspec import Struct
from msgspec.structs import astuple

from holdall.domain.money import EXACT, is_possible, text


class CodeRow(Struct, frozen=True):
    """An amount of one accounting code."""

    currency: str
    code: str
    amount: Decimal


class AccountRow(Struct, frozen=True):
    """The amounts of one accounting code. ``owed`` is ``billed`` less ``paid`` and ``adjusted``.

    ``paid`` is cash, and ``adjusted`` is settled without cash.
    """

    currency: str
    code: str
    billed: Decimal
    paid: Decimal
    adjusted: Decimal
    owed: Decimal

    @property
    def settled(self) -> Decimal:
        """The amount paid or adjusted."""
        return EXACT.add(self.paid, self.adjusted)


class MonthRow(Struct, frozen=True):
    """The cash of one month. ``month`` is written as 2026-03."""

    month: str
    currency: str
    amount: Decimal


class AgingRow(Struct, frozen=True):
    """A customer's balance in one currency, by days past due, and its total."""

    customer: str
    name: str
    currency: str
    buckets: tuple[Decimal, ...]
    total: Decimal


class CustomerRow(Struct, frozen=True):
    """The amounts of one customer in one currency. ``owed`` is ``billed`` less ``paid`` and ``adjusted``."""

    customer: str
    name: str
    currency: str
    billed: Decimal
    paid: Decimal
    adjusted: Decimal
    owed: Decimal


class DaysRow(Struct, frozen=True):
    """The days sales outstanding of one currency at the end of the day ``on``.

    ``owed`` is the balance then, ``billed`` the amount billed in the ``days`` days until then. ``dso`` is
    owed * days / billed, with one decimal. It is empty if nothing was billed.
    """

    currency: str
    on: date
    days: int
    owed: Decimal
    billed: Decimal
    dso: str


class StatementRow(Struct, frozen=True):
    """One entry of a customer's account. ``amount`` is the change of the balance, ``balance`` the result.

    ``kind`` is invoice, credit-note, payment, refund, void, or another kind of an entry. ``number`` is the number of
    the invoice or credit note; a payment has the number of the document that it settles. ``reference`` is the
    reference of the payment, or the numbers of the invoices that a credit note corrects.
    """

    on: date
    kind: str
    number: str
    reference: str
    currency: str
    amount: Decimal
    balance: Decimal


AnyRow = CodeRow | AccountRow | MonthRow | AgingRow | CustomerRow | DaysRow | StatementRow
Row = TypeVar("Row", bound=AnyRow)


class Report(Sequence[Row], Generic[Row]):
    """Rows in order. ``columns`` names their cells, even if the report is empty.

    >>> report = Report(("currency", "code", "amount"), [CodeRow("EUR", "4400", Decimal(7))])
    >>> report.columns, list(report.cells())
    (('currency', 'code', 'amount'), [('EUR', '4400', '7.00')])
    >>> report.records()
    [{'currency': 'EUR', 'code': '4400', 'amount': '7.00'}]
    """

    def __init__(self, columns: Sequence[str], rows: Iterable[Row]) -> None:
        self.columns = tuple(columns)
        self._rows = list(rows)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        return self._rows[index]

    def cells(self) -> Iterator[tuple[str, ...]]:
        """Yield each row as text, one cell per column. Amounts have the decimals of their currency."""
        return (tuple(_texts(row)) for row in self._rows)

    def records(self) -> list[dict[str, str]]:
        """Return each row as a dict from column to text."""
        return [dict(zip(self.columns, cells, strict=True)) for cells in self.cells()]

    def is_possible(self) -> bool:
        """Return whether every amount is within the limits of an amount in one document.

        False does not prove damage: a sum over many documents may be larger.
        """
        values = (each for row in self._rows for each in _values(row))
        return all(is_possible(each) for each in values if isinstance(each, Decimal))


class Overview(NamedTuple):
    """Three reports from one reading of the books."""

    by_code: Report[AccountRow]
    received: Report[MonthRow]
    aging: Report[AgingRow]

    def is_possible(self) -> bool:
        """Return whether every amount is within the limits of an amount in one document."""
        return all(report.is_possible() for report in self)


def _texts(row: AnyRow) -> Iterator[str]:
    for each in _values(row):
        yield text(each, row.currency) if isinstance(each, Decimal) else str(each)


def _values(row: AnyRow) -> Iterator[object]:
    for value in astuple(row):
        yield from value if isinstance(value, tuple) else (value,)
