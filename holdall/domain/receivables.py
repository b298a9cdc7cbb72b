"""What is billed, paid and owed: the queries over the books, each one map-reduce."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import groupby, pairwise
from typing import Any

from holdall.domain import maps
from holdall.domain.keys import PREFIX, seller_prefix
from holdall.domain.money import EXACT, summed
from holdall.domain.report import AgingRow, CodeRow, MonthRow, Report, StatementRow
from holdall.domain.sound import require_sound
from holdall.errors import Corrupt, Invalid, QueryFailed
from holdall.query import MapReduce, Row

BOUNDS = (0, 30, 60, 90)


class Receivables:
    """Queries over the invoices in ``store``, of all sellers or of the one whose id is given.

    ``store`` is what `Books` were given, or any store whose documents are invoices. Amounts of different
    currencies are never added up. ``progress`` is called with the number of invoices read so far. A report
    raises Corrupt, naming every document at fault, if one is not an invoice or has a damaged amount. To
    leave such documents out, give `holdall.domain.sound.Sound` of the store, and look at its ``left_out``.

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
        """What is billed, less what is credited, by currency and accounting code, in that order."""
        return self._by_code(MapReduce(maps.billed, "sum", type=maps.Billed))

    def paid(self) -> Report[CodeRow]:
        """What is paid, less what is paid back, by currency and accounting code, in that order."""
        return self._by_code(MapReduce(maps.paid, "sum", type=maps.Paid))

    def outstanding(self) -> Report[CodeRow]:
        """Billed less paid, by currency and accounting code, in that order; settled codes are left out."""
        return self._by_code(MapReduce(maps.outstanding, "sum", type=maps.Account))

    def received(self) -> Report[MonthRow]:
        """Cash received, less cash paid back, by month and currency, in that order."""
        query = MapReduce(maps.received, "sum", type=maps.Receipts)
        return self._report(("month", "currency", "amount"), query, _by_month)

    def aging(self, on: date, bounds: Sequence[int] = BOUNDS) -> Report[AgingRow]:
        """Balances by customer and currency, in that order, spread over how long they are past due.

        A balance is that of a document, net of its payments. It is current until ``on`` is past the due
        day, and where there is none past the day of issue; then it belongs to 1-30 days, 31-60 and so on
        as ``bounds`` has it. A credit note stands in the bucket of its own day, as a negative balance.
        ``on`` decides how late a balance is, not what is counted: all of the books are. So the totals are
        those of `outstanding`. A customer with a balance in no bucket is left out; of several names in use
        the first by code point is shown.
        """
        labels = _labels(bounds)
        query = MapReduce(partial(maps.aging, on, bounds), "sum", type=maps.Balance)
        columns = ("customer", "name", "currency", *labels, "total")
        return self._report(columns, query, partial(_by_customer, len(labels)))

    def statement(self, customer: str) -> Report[StatementRow]:
        """The account of the customer with that id: every document and payment, with the balance then.

        By currency, and in each by day; on one day invoices, then credit notes, then payments, each by
        number. The last balance of a currency is what the customer owes in it. No rows where there are no
        documents of that customer.
        """
        query = MapReduce(partial(maps.statement, customer), type=maps.Entry)
        columns = ("on", "kind", "number", "reference", "currency", "amount", "balance")
        return self._report(columns, query, _running)

    def _by_code(self, query: MapReduce[Any, Any]) -> Report[CodeRow]:
        return self._report(("currency", "code", "amount"), query, _coded)

    def _report(
        self,
        columns: Sequence[str],
        query: MapReduce[Any, Any],
        shown: Callable[[list[Row[Any]]], Iterable[Any]],
    ) -> Report[Any]:
        """The answer as ``shown`` makes it; Corrupt if a document is not an invoice or an amount is damaged.

        All documents are looked through only if something is wrong, so that sound books are read once.
        """
        try:
            report = Report(columns, shown(query.run(self.store, self.prefix, progress=self.progress)))
        except (Corrupt, QueryFailed, ArithmeticError):
            require_sound(self.store, self.prefix)
            raise
        if not report.possible():
            require_sound(self.store, self.prefix)
        return report


def _coded(rows: list[Row[Decimal]]) -> Iterator[CodeRow]:
    return (CodeRow(currency, code, sum) for (currency, code), sum in rows if sum)


def _by_month(rows: list[Row[Decimal]]) -> Iterator[MonthRow]:
    return (MonthRow(month, currency, sum) for (month, currency), sum in rows)


def _labels(bounds: Sequence[int]) -> list[str]:
    """Names of the buckets that ``bounds`` make, days past due: one more than there are bounds."""
    if not bounds or bounds[0] != 0 or any(low >= high for low, high in pairwise(bounds)):
        raise Invalid(f"bounds {tuple(bounds)} are not days that rise from 0; write such as {BOUNDS}")
    between = [f"{low + 1}-{high}" for low, high in pairwise(bounds)]
    return ["current", *between, f"over {bounds[-1]}"]


def _by_customer(count: int, rows: list[Row[Decimal]]) -> Iterator[AgingRow]:
    accounts = groupby((row for row in rows if row.value), key=lambda row: row.key[:2])
    aged = (_aged(list(group), count) for _, group in accounts)
    return (row for row in aged if any(row.buckets))


def _aged(rows: list[Row[Decimal]], count: int) -> AgingRow:
    """One customer's row, of groups (customer, currency, name, bucket)."""
    buckets = [Decimal(0)] * count
    for (_, _, _, bucket), amount in rows:
        buckets[bucket] = EXACT.add(buckets[bucket], amount)
    customer, currency, name, _ = rows[0].key
    return AgingRow(customer, name, currency, tuple(buckets), summed(buckets))


def _running(rows: list[Row[Any]]) -> Iterator[StatementRow]:
    """The entries, groups (currency, day, rank, number), with the balance of their currency."""
    for currency, entries in groupby(rows, key=lambda row: row.key[0]):
        balance = Decimal(0)
        for (_, on, _, number), (kind, reference, amount) in entries:
            balance = EXACT.add(balance, amount)
            yield StatementRow(on, kind, number, reference, currency, amount, balance)
