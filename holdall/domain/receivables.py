"""Reports on the amounts billed, paid and owed. Each report reads the books once, by map-reduce."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, Protocol, TypeAlias, TypeVar

from holdall.domain import maps
from holdall.domain.dated import DatedPart, dated
from holdall.domain.keys import PREFIX, seller_prefix
from holdall.domain.report import (
    AccountRow,
    AgingRow,
    CodeRow,
    CustomerRow,
    DaysRow,
    MonthRow,
    Overview,
    Report,
    StatementRow,
)
from holdall.domain.sound import require_sound
from holdall.domain.summaries import (
    CUSTOMER,
    DAYS,
    Account,
    Measure,
    customer_rows,
    customers,
    days_rows,
    days_sales,
    first_day,
    require_measure,
)
from holdall.domain.tables import (
    ACCOUNT,
    BOUNDS,
    CODE,
    STATEMENT,
    Sums,
    accounts,
    aging_report,
    code_rows,
    labels_of,
    month_report,
    running,
    without_transfers,
)
from holdall.errors import Corrupt, QueryFailed
from holdall.query import MapReduce, Row, together

BILLED = MapReduce(maps.billed, "sum", type=maps.Billed)
PAID = MapReduce(maps.paid, "sum", type=maps.Paid)
ADJUSTED = MapReduce(maps.adjusted, "sum", type=maps.Paid)
OUTSTANDING = MapReduce(maps.outstanding, "sum", type=maps.Billed)
WRITTEN_OFF = MapReduce(maps.written_off, "sum", type=maps.WrittenOff)
RECEIVED = MapReduce(maps.received, "sum", type=maps.Receipts)
CUSTOMERS = MapReduce(customers, "sum", type=Account)

Progress: TypeAlias = Callable[[int], None]
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
A = TypeVar("A", bound="Report[Any] | Overview")


class _Query(Protocol[T_co]):
    """A query, or several together."""

    def run(self, store: Mapping[str, Any], prefix: str, /, *, progress: Progress | None) -> T_co: ...


class Receivables:
    """Queries over the invoices in ``store``, of all sellers or of the seller with the id ``seller``.

    ``store`` is the store of `Books`, or any store whose documents are invoices. Amounts of different
    currencies are never added. ``progress`` is called with the number of invoices read so far.

    The reports count the documents issued and the entries dated from the day ``since`` to the day ``until``, both
    included. So with ``until``, balances are as they stood at the end of that day, whenever they were recorded; with
    ``since`` too, `billed`, `paid`, `adjusted`, `written_off` and `received` have the amounts of these days.

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
        since: date | None = None,
        until: date | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.store = store
        self.until = until
        self._source = dated(store, since, until)
        self.prefix = PREFIX if seller is None else seller_prefix(seller)
        self.progress = progress

    def billed(self) -> Report[CodeRow]:
        """Return the amounts billed, less the amounts credited, and less the amounts that earlier invoices billed.

        They are by currency and accounting code, in that order.
        """
        return self._by_code(BILLED)

    def paid(self) -> Report[CodeRow]:
        """Return the amounts paid in cash, less the amounts paid back.

        They are by currency and accounting code, in that order.
        """
        return self._by_code(PAID)

    def adjusted(self) -> Report[CodeRow]:
        """Return the amounts that were settled without cash, such as credits that are applied, and write-offs.

        They are by currency and accounting code, in that order.
        """
        return self._by_code(ADJUSTED)

    def written_off(self) -> Report[CodeRow]:
        """Return the write-offs and exchange differences, by currency and by the accounting code that bears them."""
        return self._by_code(WRITTEN_OFF)

    def outstanding(self) -> Report[CodeRow]:
        """Return the amounts billed, less the amounts settled.

        They are by currency and accounting code, in that order. Settled codes are left out.
        """
        return self._by_code(OUTSTANDING)

    def received(self) -> Report[MonthRow]:
        """Return the cash received, less the cash paid back, by month and currency, in that order.

        Applied credits, write-offs and transfers are not cash. Neither is an amount that an invoice states as
        prepaid on another invoice: it counts where it is paid.
        """
        return self._checked(lambda: month_report(self._rows(RECEIVED)))

    def aging(self, on: date, bounds: Sequence[int] = BOUNDS) -> Report[AgingRow]:
        """Return balances by customer and currency, in that order, in buckets of days past due.

        Each document has a balance: its total less the amounts settled. The balance is current until ``on`` is after
        the due day, or after the day of issue if the document has no due day. Then it is 1-30 days past due,
        31-60 days, and so on, as ``bounds`` sets the limits. The balance of a credit note is negative, in the
        bucket of its own day.

        ``on`` decides how late a balance is, and not which documents are counted. So the totals equal those of
        `outstanding`. A customer whose buckets are all zero is left
        out. If a customer has several names, the first by code point is shown. Raises Invalid if ``bounds``
        do not rise from 0.
        """
        labels = labels_of(bounds)
        return self._checked(lambda: aging_report(labels, self._aged(on, bounds)))

    def statement(self, customer: str) -> Report[StatementRow]:
        """Return the account of the customer with that id.

        The rows are every document and payment, each with the balance after it. They are sorted by currency,
        and within a currency by day. Within a day, invoices come first, then credit notes, then payments,
        each sorted by number. The last balance of a currency is the amount that the customer owes in it. The
        report is empty if the customer has no documents.

        A payment of several documents is one row, with its own id as the number. Transfers and applied credit notes are
        left out if they only move an amount between documents of this customer.
        """
        return self._checked(lambda: Report(STATEMENT, running(self._known_entries(customer))))

    def by_code(self) -> Report[AccountRow]:
        """Return the amounts billed, paid, adjusted and owed, by currency and accounting code, in that order.

        They equal those of `billed`, `paid`, `adjusted` and `outstanding`, from one reading of the books.
        """
        return self._checked(lambda: Report(ACCOUNT, accounts(*self._account())))

    def customers(self, by: Measure = "owed", most: int | None = None) -> Report[CustomerRow]:
        """Return the amounts of the customers, by currency, those with the largest amount ``by`` first.

        ``by`` is billed, paid, adjusted or owed, and a customer without this amount is left out. ``most`` is the
        largest number of customers in each currency. With ``since``, the amounts are those of the days from
        then on, and owed is the change of the balance. Raises Invalid if ``by`` or ``most`` is not valid.
        """
        require_measure(by, most)
        return self._checked(lambda: Report(CUSTOMER, customer_rows(self._rows(CUSTOMERS), by, most)))

    def dso(self, on: date, days: int = 90) -> Report[DaysRow]:
        """Return the days sales outstanding of each currency at the end of the day ``on``.

        This is the balance then, divided by the average amount that was billed on each of the ``days`` days until then:
        owed * days / billed. This is the simple method with the balance at the end, as analysts compute it. It is not
        the count-back method, and it does not average the balance. Tax counts in both amounts.

        Raises Invalid if ``days`` is not valid.
        """
        query = MapReduce(partial(days_sales, first_day(on, days), on), "sum", type=DatedPart)
        return self._checked(lambda: Report(DAYS, days_rows(self._run(query), on, days)))

    def overview(self, on: date, bounds: Sequence[int] = BOUNDS) -> Overview:
        """Return the reports `by_code`, `received` and `aging`, from one reading of the books."""
        labels = labels_of(bounds)

        def ask() -> Overview:
            billed, paid, adjusted, received, aged = self._all(on, bounds)
            by_code = Report(ACCOUNT, accounts(billed, paid, adjusted))
            return Overview(by_code, month_report(received), aging_report(labels, aged))

        return self._checked(ask)

    def _by_code(self, query: MapReduce[Any, Decimal]) -> Report[CodeRow]:
        return self._checked(lambda: Report(CODE, code_rows(self._rows(query))))

    def _rows(self, query: MapReduce[Any, Decimal]) -> Sums:
        return self._run(query)

    def _account(self) -> tuple[Sums, Sums, Sums]:
        """Return the amounts billed, paid and adjusted."""
        billed, paid, adjusted = self._run(together(BILLED, PAID, ADJUSTED, type=maps.Billed))
        return billed, paid, adjusted

    def _aged(self, on: date, bounds: Sequence[int]) -> Sums:
        return self._run(_aging(on, bounds))

    def _all(self, on: date, bounds: Sequence[int]) -> tuple[Sums, Sums, Sums, Sums, Sums]:
        billed, paid, adjusted, received, aged = self._run(
            together(BILLED, PAID, ADJUSTED, RECEIVED, _aging(on, bounds), type=maps.Whole)
        )
        return billed, paid, adjusted, received, aged

    def _entries(self, customer: str) -> Iterable[Row[Any]]:
        return self._run(MapReduce(partial(maps.statement, customer), type=maps.Entry))

    def _known_entries(self, customer: str) -> Iterable[Row[Any]]:
        """Return the entries until the last day. A document that was paid before its issue is left out."""
        rows = [row for row in self._entries(customer) if self.until is None or row.key[1] <= self.until]
        return without_transfers(rows)

    def _run(self, query: _Query[T]) -> T:
        return query.run(self._source, self.prefix, progress=self.progress)

    def _checked(self, ask: Callable[[], A]) -> A:
        """Return the result of ``ask``, which runs queries.

        Raises Corrupt if a document is not an invoice or an amount is damaged. The documents are checked one
        by one only if something is wrong, so that sound books are read only once.
        """
        try:
            answer = ask()
        except (Corrupt, QueryFailed, ArithmeticError):
            require_sound(self.store, self.prefix)
            raise
        if not answer.is_possible():
            require_sound(self.store, self.prefix)
        return answer


def _aging(on: date, bounds: Sequence[int]) -> MapReduce[Any, Decimal]:
    return MapReduce(partial(maps.aging, on, bounds), "sum", type=maps.Balance)
