"""Finds the stores that hold invoices, and reads one invoice.

A store holds invoices if its documents are declared with the type `Invoice`. No document is read to find out.
"""

from typing import Any

from holdall.domain.keys import PREFIX
from holdall.domain.model import Invoice
from holdall.domain.sound import sound
from holdall.extras import needs
from holdall.layer import layers
from holdall.middleware.documents.base import Documents
from holdall.server.pages.reading import read_tagged
from holdall.server.stores import Served, Stores
from holdall.store import Store, Tagged

with needs("server"):
    import falcon


def holds_invoices(store: Store[Any]) -> bool:
    """Return whether the documents of ``store`` are declared as invoices.

    >>> from holdall import Json, Memory
    >>> holds_invoices(Json(Memory(), Invoice)), holds_invoices(Json(Memory()))
    (True, False)
    """
    return any(isinstance(layer, Documents) and layer.document_type is Invoice for layer in layers(store))


def find_books(
    stores: Stores, req: falcon.Request, store: str, key: str = PREFIX, *, write: bool = False
) -> Served:
    """Return the store with invoices of this name. Raises HTTPNotFound if it holds no invoices.

    Raises HTTPForbidden unless the visitor may read, or ``write``, the keys that begin with ``key``.
    """
    req.context.access.check(store, key, write=write)
    served = stores.find(store, req)
    if not holds_invoices(served.store):
        raise falcon.HTTPNotFound(description="the documents of this store are not declared as invoices")
    return served


def read_invoice(served: Served, key: str) -> Tagged[Invoice]:
    """Return the invoice under ``key`` and its tag. Raises Corrupt if an amount of it is damaged."""
    value, tag = read_tagged(served, key)
    return Tagged(sound(key, value), tag)
