"""Reads the reports of the board: from declared views if there are any, else from the books.

A declared view is one of the query `BILLED`, `PAID`, `ADJUSTED` or `RECEIVED` of `holdall.domain.receivables`. Aging
has none, because a balance gets older each day, without a change of its document.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any, Final

from holdall.domain.keys import PREFIX
from holdall.domain.receivables import ADJUSTED, BILLED, PAID, RECEIVED, Receivables
from holdall.domain.report import Overview
from holdall.domain.sound import Sound
from holdall.domain.tables import Sums
from holdall.errors import Corrupt
from holdall.query import MapReduce, View
from holdall.store import Store

_QUERIES: Final = (BILLED, PAID, ADJUSTED, RECEIVED)


class _FromViews(Receivables):
    """The reports whose queries ``views`` keep, by the id of the query."""

    def __init__(self, store: Store[Any], views: dict[int, View[Any]]) -> None:
        super().__init__(store)
        self._views = views

    def _rows(self, query: MapReduce[Any, Decimal]) -> Sums:
        rows: Sums = self._views[id(query)].rows()
        return rows

    def _account(self) -> tuple[Sums, Sums, Sums]:
        return self._rows(BILLED), self._rows(PAID), self._rows(ADJUSTED)


def read_overview(store: Store[Any], views: Iterable[View[Any]], on: date) -> tuple[Overview, list[str]]:
    """Return the reports, and the keys of the documents that are left out because they are damaged."""
    found = {id(view.query): view for view in views if view.prefix in ("", PREFIX)}
    try:
        if all(id(query) in found for query in _QUERIES):
            kept = _FromViews(store, found)
            return Overview(kept.by_code(), kept.received(), Receivables(store).aging(on)), []
        return Receivables(store).overview(on), []
    except Corrupt:
        sound = Sound(store)
        return Receivables(sound).overview(on), list(sound.left_out)
