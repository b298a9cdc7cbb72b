"""The board: amounts owed by accounting code, aging by customer, and cash by month."""

from typing import Any

from holdall.domain.keys import PREFIX
from holdall.extras import needs
from holdall.query import View
from holdall.server.pages.dates import read_day
from holdall.server.pages.figures import by_currency
from holdall.server.pages.invoices import find_books
from holdall.server.pages.live import Feeds
from holdall.server.pages.overview import read_overview
from holdall.server.pages.rendering import Renderer
from holdall.server.parameters import read_parameters
from holdall.server.slots import Slots
from holdall.server.stores import Stores
from holdall.server.views import Views

with needs("server"):
    import falcon


class Board:
    """The resource of the board."""

    def __init__(self, stores: Stores, renderer: Renderer, feeds: Feeds, views: Views, slots: Slots) -> None:
        self._stores = stores
        self._renderer = renderer
        self._feeds = feeds
        self._views = views
        self._slots = slots

    def on_get(self, req: falcon.Request, resp: falcon.Response, store: str) -> None:
        """Answer with the figures in one currency, on one day. The day only tells how late a balance is."""
        given = read_parameters(req, "on", "currency")
        on = read_day(given.get("on"))
        served = find_books(self._stores, req, store)
        live = self._feeds.position(served, PREFIX)
        with self._slots.take():
            overview, left_out = read_overview(served.store, self._views_of(req, store), on)
        currencies = by_currency(overview)
        self._renderer.render(
            req,
            resp,
            "board.html",
            store=store,
            invoices=True,
            on=on,
            given_on=given.get("on", ""),
            currencies=currencies,
            current=_choose(currencies, given.get("currency", "")),
            left_out=left_out,
            live=live,
        )

    on_head = on_get

    def _views_of(self, req: falcon.Request, store: str) -> list[View[Any]]:
        """Return the views of ``store`` whose documents the visitor may read."""
        views = self._views.get(store, {}).values()
        return [view for view in views if req.context.access.allows(store, view.prefix)]


def _choose(currencies: Any, code: str) -> Any:
    """Return the currency with this code, or the one with the most lines."""
    found = next((each for each in currencies if each.code == code), None)
    return found or max(currencies, key=lambda each: len(each.accounts) + len(each.aging), default=None)
