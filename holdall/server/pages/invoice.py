"""The page of an invoice: its lines and their codes, its payments, and the balance of each code."""

from decimal import Decimal
from typing import NamedTuple

from holdall.domain.model import Invoice
from holdall.domain.money import sum_amounts
from holdall.extras import needs
from holdall.server.pages.dates import today
from holdall.server.pages.invoices import find_books, read_invoice
from holdall.server.pages.links import crumbs
from holdall.server.pages.live import Feeds
from holdall.server.pages.rendering import Renderer
from holdall.server.parameters import read_parameters
from holdall.server.stores import Stores
from holdall.store import Feature

with needs("server"):
    import falcon


class Balance(NamedTuple):
    """The amounts of one accounting code of an invoice."""

    code: str
    billed: Decimal
    settled: Decimal
    owed: Decimal


class InvoicePages:
    """The resource of one invoice."""

    def __init__(self, stores: Stores, renderer: Renderer, feeds: Feeds) -> None:
        self._stores = stores
        self._renderer = renderer
        self._feeds = feeds

    def on_get(self, req: falcon.Request, resp: falcon.Response, store: str, key: str) -> None:
        """Answer with the invoice. ``recorded`` is the id of a payment that was recorded just now."""
        recorded = read_parameters(req, "recorded").get("recorded", "")
        served = find_books(self._stores, req, store, key)
        live = self._feeds.position(served, key)
        invoice, _ = read_invoice(served, key)
        owed = sum_amounts(invoice.owed().values())
        due = invoice.due or invoice.issued
        can_pay = invoice.kind != "payment" and Feature.SWAP in served.store.features
        can_pay = can_pay and req.context.access.allows(store, key, write=True)
        self._renderer.render(
            req,
            resp,
            "invoice.html",
            store=store,
            invoices=True,
            key=key,
            crumbs=crumbs(key),
            invoice=invoice,
            owed=owed,
            days_late=(today() - due).days if owed > 0 else 0,
            balances=_balances(invoice),
            recorded=next((each for each in invoice.payments if each.id == recorded), None),
            can_pay=can_pay,
            has_history=Feature.HISTORY in served.store.features,
            live=live,
        )

    on_head = on_get


def _balances(invoice: Invoice) -> list[Balance]:
    billed, settled, zero = invoice.billed(), invoice.settled(), Decimal(0)
    return [
        Balance(code, billed.get(code, zero), settled.get(code, zero), owed)
        for code, owed in invoice.owed().items()
    ]
