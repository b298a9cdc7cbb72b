"""The books at an address, opened for a command."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import click

from holdall.address import Address
from holdall.cli.versioned import versioned
from holdall.domain.books import Books
from holdall.domain.model import Invoice
from holdall.errors import HoldallError, Unsupported
from holdall.middleware.versions.names import ROOT
from holdall.registry import open as open_store
from holdall.store import Feature


@contextmanager
def books_at(uri: str, as_of: datetime | None = None) -> Iterator[Books]:
    """The books at ``uri``: typed invoices, as JSON unless it says otherwise, closed when the command is done.

    With ``as_of``, as they were at that time, for reading; Unsupported where no history was ever kept, for
    what is there now would be shown as what was there then.
    """
    with open_store(uri, type=Invoice) as books:
        if as_of is not None and Feature.HISTORY not in books.features and not books.raw(ROOT):
            raise Unsupported(
                f"{Address.parse(uri)} keeps no history, so what was in the books at that time is not known; "
                "for another time, begin by `holdall manifest --record 'URI?serializer=json&history=on'`"
            )
        yield Books(books if as_of is None else versioned(books).as_of(as_of))


def find(books: Books, number: str, seller: str | None) -> Invoice:
    """The invoice of that number; an unknown one is a refusal in one line."""
    try:
        return books.find(number, seller)
    except KeyError as missing:
        reason = missing.args[0]
        raise HoldallError(f"{reason}; `holdall invoices list` shows those there are") from None


def note_if_empty(books: Books, uri: str) -> None:
    """Say on standard error that there are no invoices at all: the address may be another than was meant."""
    if next(iter(books), None) is None:
        click.echo(f"holdall: there are no invoices at {Address.parse(uri)}", err=True)
