"""Accounts receivable: invoices, payments against accounting codes, and the amounts still owed.

`model` defines an invoice, `create` makes one from a small document, `ubl` reads one, `codes` files its lines
under accounting codes, `schema` checks it before it is stored, and `allocation` divides a payment. `Books`
keeps invoices in any mapping, and `Receivables` answers questions about them. `bank` books the entries of bank
statements, and `closing` closes a period.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from holdall.extras import at_hand, needs

if TYPE_CHECKING:
    from holdall.domain.allocation import in_proportion, oldest_due_first, oldest_first
    from holdall.domain.books import Books
    from holdall.domain.codes import Codes
    from holdall.domain.model import Allocation, Invoice, Item, LineItem, Party, Payment, Split
    from holdall.domain.receivables import Receivables
    from holdall.domain.schema import InvoiceSchema
    from holdall.domain.settings import Settings
    from holdall.domain.viewed import ViewedReceivables

# Each name is imported when it is first used, so that a program that needs only the model skips FormEncode.
_lazy = {
    "Allocation": "model",
    "Books": "books",
    "Codes": "codes",
    "Invoice": "model",
    "InvoiceSchema": "schema",
    "Item": "model",
    "LineItem": "model",
    "Party": "model",
    "Payment": "model",
    "Receivables": "receivables",
    "Settings": "settings",
    "Split": "model",
    "ViewedReceivables": "viewed",
    "in_proportion": "allocation",
    "oldest_due_first": "allocation",
    "oldest_first": "allocation",
}

__all__ = [
    "Allocation",
    "Books",
    "Codes",
    "Invoice",
    "InvoiceSchema",
    "Item",
    "LineItem",
    "Party",
    "Payment",
    "Receivables",
    "Settings",
    "Split",
    "ViewedReceivables",
    "in_proportion",
    "oldest_due_first",
    "oldest_first",
]


def __getattr__(name: str) -> Any:
    if name not in _lazy:
        raise AttributeError(f"module 'holdall.domain' has no attribute {name!r}")
    with needs("domain"):
        value = globals()[name] = getattr(import_module(f"holdall.domain.{_lazy[name]}"), name)
    return value


def __dir__() -> list[str]:
    return at_hand(__name__, __all__)
