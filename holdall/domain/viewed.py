"""Reports on receivables from views, which keep the rows of each query instead of reading all books again."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from hashlib import blake2b
from operator import itemgetter
from typing import Any, Final

from holdall.domain import maps
from holdall.domain.keys import PREFIX
from holdall.domain.money import EXACT
from holdall.domain.receivables import (
    ADJUSTED,
    BILLED,
    CUSTOMERS,
    OUTSTANDING,
    PAID,
    RECEIVED,
    WRITTEN_OFF,
    Progress,
    Receivables,
)
from holdall.domain.tables import Sums
from holdall.query import MapReduce, Row, View, Views, together
from holdall.store import Store

_BALANCES: Final = MapReduce(maps.balances, "sum", type=maps.Balance)
_QUERIES: Final = BILLED, PAID, ADJUSTED, OUTSTANDING, WRITTEN_OFF, RECEIVED, _BALANCES, CUSTOMERS
_ENTRIES: Final = MapReduce(maps.entries, type=maps.Entry)


class ViewedReceivables(Receivables):
    """The reports of `Receivables`, from views. They equal the reports that read the books.

    One view answers all reports but `statement`, which has its own, and `dso`, which reads the books. The first
    report builds the view. It is kept in ``index``, or in ``store`` itself if ``index`` is None. Later reports read
    only the documents that changed. If ``stale``, a report reads no documents once its view is built, and `refreshed`
    tells how old it is.

    `aging` and `overview` add up one group for each customer and due day of open invoices. ``store`` must have
    a change feed. A report raises Unsupported if it has none.

    >>> from holdall import Json, Memory
    >>> from holdall.domain.model import Invoice
    >>> books = Json(Memory(), Invoice)
    >>> ViewedReceivables(books).outstanding().records()
    []
    """

    def __init__(
        self,
        store: Store[Any],
        index: Store[bytes] | None = None,
        seller: str | None = None,
        *,
        stale: bool = False,
        progress: Progress | None = None,
    ) -> None:
        super().__init__(store, seller, progress=progress)
        self.stale = stale
        self._documents = store
        self._index = index
        self._refreshed: list[datetime] = []

    @property
    def refreshed(self) -> datetime | None:
        """When the oldest view that a report has read was brought up to date; None before the first report."""
        return min(self._refreshed, default=None)

    def _rows(self, query: MapReduce[Any, Decimal]) -> Sums:
        return self._sums(query)[0]

    def _account(self) -> tuple[Sums, Sums, Sums]:
        billed, paid, adjusted = self._sums(BILLED, PAID, ADJUSTED)
        return billed, paid, adjusted

    def _aged(self, on: date, bounds: Sequence[int]) -> Sums:
        return _by_bucket(on, bounds, *self._sums(_BALANCES))

    def _all(self, on: date, bounds: Sequence[int]) -> tuple[Sums, Sums, Sums, Sums, Sums]:
        billed, paid, adjusted, received, balances = self._sums(BILLED, PAID, ADJUSTED, RECEIVED, _BALANCES)
        return billed, paid, adjusted, received, _by_bucket(on, bounds, balances)

    def _sums(self, *queries: MapReduce[Any, Decimal]) -> list[Sums]:
        """Return the rows of each of ``queries``, from one state of the view."""
        self._prepare(self._kept)
        return [*self._kept.some(*map(_QUERIES.index, queries), stale=True)]

    def _entries(self, customer: str) -> Iterable[Row[Any]]:
        view = View(self._documents, _ENTRIES, self._index, name=self._name("statements"), prefix=self.prefix)
        self._prepare(view)
        rows = view.rows(at=customer, stale=True)
        return sorted((Row(entry[:4], entry[4:]) for _, entry in rows), key=itemgetter(0))

    @cached_property
    def _kept(self) -> Views[Any]:
        queries = together(*_QUERIES, type=maps.Whole)
        return Views(
            self._documents, queries, self._index, name=self._name("receivables"), prefix=self.prefix
        )

    def _prepare(self, view: View[Any] | Views[Any]) -> None:
        """Bring ``view`` up to date, unless it may be stale."""
        if not self.stale or view.refreshed is None:
            view.refresh(self.progress)
        if view.refreshed:
            self._refreshed.append(view.refreshed)

    def _name(self, name: str) -> str:
        """Return the name of a view. The views of one seller have names of their own."""
        if self.prefix == PREFIX:
            return name
        return f"{name}-{blake2b(self.prefix.encode(), digest_size=6).hexdigest()}"


def _by_bucket(on: date, bounds: Sequence[int], balances: Sums) -> Sums:
    """Return the rows of `maps.aging`, made of those of `maps.balances`."""
    sums: defaultdict[tuple[str, str, str, int], Decimal] = defaultdict(Decimal)
    for (customer, currency, name, due), balance in balances:
        key = customer, currency, name, maps.bucket(on, bounds, due)
        sums[key] = EXACT.add(sums[key], balance)
    return [Row(key, sums[key]) for key in sorted(sums)]
