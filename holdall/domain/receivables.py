"""Reports on the amounts billed, paid and owed. Each report is one map-reduce query over the books."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import groupby, pairwise
from typing import Any

from holdall.domain import maps
from holdall.domain.keys import PREFIX, seller_prefix
from holdall.domain.money import EXACT, sum_amounts
from holdall.domain.report import AgingRow, CodeRow, MonthRow, Report, StatementRow
from holdall.domain.sound import require_sound
from holdall.errors import Corrupt, Invalid, QueryFailed
from holdall.query import MapReduce, Row

BOUNDS = (0, 30, 60, 90)


class Receivables:
    """Queries over the invoices in ``store``, of all sellers or of the seller with the id ``seller``.

    ``store`` is the store of `Books`, or any store whose documents are invoices. Amounts of different
    currencies are never added. ``progress`` is called with the number of invoices read so far.

    A report raises Corrupt if a document is not an invoice or has a damaged amount. The error counts these
    documents and names the first ten. To leave them out, pass `holdall.domain.sound.Sound` of the store, and
    read its ``left_out`` afterwards.

    >>> from holdall.domain.books import Books
    >>> books = {}
    >>> Receivables(books).outstanding().records()
    []
    """

    def __init__(
        self,
        store: Mapping[str, Any],
        seller: str | None = None,
        *,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        self.store = store
        self.prefix = PREFIX if seller is None else seller_prefix(seller)
        self.progress = progress

    def billed(self) -> Report[CodeRow]:
        """Return the amounts billed, less the amounts credited.

        They are by currency and accounting code, in that order.
        """
        return self._by_code(MapReduce(maps.billed, "sum", type=maps.Billed))

    def paid(self) -> Report[CodeRow]:
        """Return the amounts paid, less the amounts paid back.

        They are by currency and accounting code, in that order.
        """
        return self._by_code(MapReduce(maps.paid, "sum", type=maps.Paid))

    def outstanding(self) -> Report[CodeRow]:
        """Return the amounts billed, less the amounts paid.

        They are by currency and accounting code, in that order. Settled codes are left out.
        """
        return self._by_code(MapReduce(maps.outstanding, "sum", type=maps.Account))

    def received(self) -> Report[MonthRow]:
        """Return the cash received, less the cash paid back, by month and currency, in that order."""
        query = MapReduce(maps.received, "sum", type=maps.Receipts)
        return self._report(("month", "currency", "amount"), query, _by_month)

    def aging(self, on: date, bounds: Sequence[int] = BOUNDS) -> Report[AgingRow]:
        """Return balances by customer and currency, in that order, in buckets of days past due.

        Each document has a balance: its total less its payments. The balance is current until ``on`` is after
        the due day, or after the day of issue if the document has no due day. Then it is 1-30 days past due,
        31-60 days, and so on, as ``bounds`` sets the limits. The balance of a credit note is negative, in the
        bucket of its own day.

        ``on`` decides how late a balance is, and not which documents are counted: all documents in the books
        are counted, so the totals equal those of `outstanding`. A customer whose buckets are all zero is left
        out. If a customer has several names, the first by code point is shown. Raises Invalid if ``bounds``
        do not rise from 0.
        """
        labels = _labels(bounds)
        query = MapReduce(partial(maps.aging, on, bounds), "sum", type=maps.Balance)
        columns = ("customer", "name", "currency", *labels, "total")
        return self._report(columns, query, partial(_by_customer, len(labels)))

    def statement(self, customer: str) -> Report[StatementRow]:
        """Return the account of the customer with that id.

        The rows are every document and payment, each with the balance after it. They are sorted by currency,
        and within a currency by day. Within a day, invoices come first, then credit notes, then payments,
        each sorted by number. The last balance of a currency is the amount that the customer owes in it. The
        report is empty if the customer has no documents.
        """
        query = MapReduce(partial(maps.statement, customer), type=maps.Entry)
        columns = ("on", "kind", "number", "reference", "currency", "amount", "balance")
        return self._report(columns, query, _running)

    def _by_code(self, query: MapReduce[Any, Any]) -> Report[CodeRow]:
        return self._report(("currency", "code", "amount"), query, _by_code)

    def _report(
        self,
        columns: Sequence[str],
        query: MapReduce[Any, Any],
        shown: Callable[[list[Row[Any]]], Iterable[Any]],
    ) -> Report[Any]:
        """Run ``query``, and return the rows that ``shown`` makes of its result.

        Raises Corrupt if a document is not an invoice or an amount is damaged. The documents are checked one
        by one only if something is wrong, so that sound books are read only once.
        """
        try:
            report = Report(columns, shown(query.run(self.store, self.prefix, progress=self.progress)))
        except (Corrupt, QueryFailed, ArithmeticError):
            require_sound(self.store, self.prefix)
            raise
        if not report.is_possible():
            require_sound(self.store, self.prefix)
        return report


def _by_code(rows: list[Row[Decimal]]) -> Iterator[CodeRow]:
    return (CodeRow(currency, code, sum) for (currency, code), sum in rows if sum)


def _by_month(rows: list[Row[Decimal]]) -> Iterator[MonthRow]:
    return (MonthRow(month, currency, sum) for (month, currency), sum in rows)


def _labels(bounds: Sequence[int]) -> list[str]:
    """Return the names of the buckets, in days past due. There is one bucket more than there are bounds."""
    if not bounds or bounds[0] != 0 or any(low >= high for low, high in pairwise(bounds)):
        raise Invalid(
            f"bounds {tuple(bounds)} are not rising numbers of days from 0; write for example {BOUNDS}"
        )
    between = [f"{low + 1}-{high}" for low, high in pairwise(bounds)]
    return ["current", *between, f"over {bounds[-1]}"]


def _by_customer(count: int, rows: list[Row[Decimal]]) -> Iterator[AgingRow]:
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


def _running(rows: list[Row[Any]]) -> Iterator[StatementRow]:
    """Yield the entries of groups (currency, day, rank, number), with the running balance of the currency."""
    for currency, entries in groupby(rows, key=lambda row: row.key[0]):
        balance = Decimal(0)
        for (_, on, _, number), (kind, reference, amount) in entries:
            balance = EXACT.add(balance, amount)
            yield StatementRow(on, kind, number, reference, currency, amount, balance)
