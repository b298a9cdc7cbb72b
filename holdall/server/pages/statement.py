"""The page of a customer's statement: every document and payment, with the balance after it. It prints well."""

from itertools import groupby
from typing import Any

from holdall.domain.keys import PREFIX
from holdall.domain.maps import Entry
from holdall.domain.receivables import Receivables
from holdall.extras import needs
from holdall.server.pages.dates import today
from holdall.server.pages.invoices import find_books
from holdall.server.pages.live import Feeds
from holdall.server.pages.rendering import Renderer
from holdall.server.parameters import read_parameters
from holdall.server.slots import Slots
from holdall.server.stores import Stores
from holdall.store import Store

with needs("server"):
    import falcon


class Statements:
    """The resource of the statement of a customer."""

    def __init__(self, stores: Stores, renderer: Renderer, feeds: Feeds, slots: Slots) -> None:
        self._stores = stores
        self._renderer = renderer
        self._feeds = feeds
        self._slots = slots

    def on_get(self, req: falcon.Request, resp: falcon.Response, store: str) -> None:
        """Answer with the statement of the customer with the id ``customer``."""
        customer = read_parameters(req, "customer").get("customer", "")
        served = find_books(self._stores, req, store)
        live = self._feeds.position(served, PREFIX)
        with self._slots.take():
            rows = Receivables(served.store).statement(customer)
            name, keys = _documents(served.store, customer)
        if not rows:
            raise falcon.HTTPNotFound(description="there are no documents of this customer")
        self._renderer.render(
            req,
            resp,
            "statement.html",
            store=store,
            invoices=True,
            customer=customer,
            name=name,
            keys=keys,
            currencies=[(code, list(group)) for code, group in groupby(rows, lambda row: row.currency)],
            today=today(),
            live=live,
        )

    on_head = on_get


def _documents(store: Store[Any], customer: str) -> tuple[str, dict[str, str]]:
    """Return the name of the customer, and the key of each of the customer's documents, by its number.

    A number that two sellers use has no key.
    """
    name, keys = customer, dict[str, str]()
    for key, part in store.typed(Entry).scan_items(PREFIX):
        if part.customer.id == customer:
            name = part.customer.name
            keys[part.number] = "" if part.number in keys else key
    return name, keys
