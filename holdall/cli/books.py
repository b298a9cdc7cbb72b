"""The books at an address, opened for a command."""

from collections.abc import Iterator
from contextlib import contextmanager

from holdall.domain.books import Books
from holdall.domain.model import Invoice
from holdall.errors import HoldallError
from holdall.middleware.json import Json
from holdall.registry import open as open_store


@contextmanager
def books_at(uri: str) -> Iterator[Books]:
    """The books at ``uri``: invoices as typed JSON, closed when the command is done with them."""
    with open_store(uri) as store:
        yield Books(Json(store, type=Invoice))


@contextmanager
def known() -> Iterator[None]:
    """Around a look-up of one invoice: an unknown number is a refusal in one line."""
    try:
        yield
    except KeyError as missing:
        raise HoldallError(f"{missing.args[0]}; `holdall invoices list` shows those there are") from None
