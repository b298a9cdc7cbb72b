"""Books that pages show: the demo's, with a history."""

from holdall import Json, Memory, Versions
from holdall.cli.books.bundled import import_bundled
from holdall.domain import Books, Invoice

KEY = "invoices/NO999000222MVA/2026%2F115"
LINK = "invoices/NO999000222MVA/2026%252F115"
DAY = "2026-09-30"


def demo_books():
    """A store of the demo's invoices and payments."""
    store = Json(Versions(Memory()), Invoice)
    import_bundled(Books(store))
    return store
