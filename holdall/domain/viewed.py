"""Reports on receivables from views, which keep the rows of each query instead of reading all books again."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from operator import itemgetter
from typing import Any

from holdall.domain import maps
from holdall.domain.keys import PREFIX
from holdall.domain.receivables import BILLED, PAID, Progress, Receivables, Sums
from holdall.errors import Unsupported
from holdall.query import MapReduce, Row, View
from holdall.store import Store

_ENTRIES = MapReduce(maps.entries, type=maps.Entry)


class ViewedReceivables(Receivables):
    """The reports of `Receivables`, from views. They equal the reports that read the books.

    Each query has a view, which the first report builds. It is kept in ``index``, or in ``store`` itself if
    ``index`` is None. Later reports read only the documents that changed. If ``stale``, a report reads no
    documents once its view is built, and `refreshed` tells how old it is.

    ``store`` must have a change feed. Raises Unsupported if it has none. `aging` and `overview` raise Unsupported
    too, because they depend on the day.

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
        self._views: dict[str, View[Any]] = {}

    @property
    def refreshed(self) -> datetime | None:
        """When the oldest view that a report has read was brought up to date; None before the first report."""
        return min((view.refreshed for view in self._views.values() if view.refreshed), default=None)

    def _rows(self, query: MapReduce[Any, Decimal]) -> Sums:
        rows: Sums = self._view(query).rows(stale=True)
        return rows

    def _billed_and_paid(self) -> tuple[Sums, Sums]:
        return self._rows(BILLED), self._rows(PAID)

    def _entries(self, customer: str) -> Iterable[Row[Any]]:
        rows = self._view(_ENTRIES).rows(at=customer, stale=True)
        return sorted((Row(entry[:4], entry[4:]) for _, entry in rows), key=itemgetter(0))

    def _run(self, query: Any) -> Any:
        raise Unsupported(
            "a view cannot answer aging, because a balance gets older each day, without a change of its document; "
            "read the books, without a view"
        )

    def _view(self, query: MapReduce[Any, Any]) -> View[Any]:
        """Return the view of ``query``, brought up to date unless it may be stale."""
        name = query.map.__name__
        if name not in self._views:
            self._views[name] = View(
                self._documents, query, self._index, name=self._full_name(name), prefix=self.prefix
            )
        view = self._views[name]
        if not self.stale or view.refreshed is None:
            view.refresh(self.progress)
        return view

    def _full_name(self, query: str) -> str:
        """Return the name of a view. The views of one seller have names of their own."""
        if self.prefix == PREFIX:
            return f"receivables-{query}"
        return f"receivables-{query}-{blake2b(self.prefix.encode(), digest_size=6).hexdigest()}"
