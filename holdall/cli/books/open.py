"""Opens the books at an address for a command."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import Any

import click
import msgspec

from holdall.address import Address
from holdall.cli.books.past import read_past
from holdall.cli.output.safe_text import one_line
from holdall.domain.books import Books
from holdall.domain.keys import PREFIX
from holdall.domain.model import Invoice
from holdall.domain.schema import check
from holdall.domain.sound import Sound, count_of, names, require_sound
from holdall.errors import Corrupt, HoldallError, Invalid
from holdall.registry import open as open_store
from holdall.store import Store


@contextmanager
def open_books(uri: str) -> Iterator[Books]:
    """Open the books at ``uri``, and close them when the command is done.

    The store holds values of the type Invoice, as JSON unless ``uri`` names another serializer.
    """
    with open_store(uri, type=Invoice) as store:
        yield Books(store)


@contextmanager
def open_to_read(uri: str, *, skip_damaged: bool = False) -> Iterator[Books]:
    """Open the books at ``uri`` for a command that reads all of them.

    Documents that are not invoices raise Corrupt, and the error counts them and names the first ten. With
    ``skip_damaged`` they are left out, and a line on standard error counts and names them in the same way.
    """
    with open_store(uri, type=Invoice) as store, _readable(store, skip_damaged=skip_damaged) as books:
        yield books


@contextmanager
def open_past(
    uri: str, as_of: datetime, *, skip_damaged: bool = False
) -> Iterator[tuple[Books, datetime | None]]:
    """Open the books at ``uri`` as they were at ``as_of``, as `open_to_read` does.

    The second value is the time at which their history begins if that is after ``as_of``, or else None. Raises the
    errors of `read_past`.
    """
    with open_store(uri, type=Invoice) as store:
        past, begins = read_past(store, as_of, Address.parse(uri))
        with _readable(past, skip_damaged=skip_damaged) as books:
            yield books, begins


@contextmanager
def _readable(store: Store[Invoice], *, skip_damaged: bool) -> Iterator[Books]:
    if skip_damaged:
        sound = Sound(store)
        yield Books(sound)
        _note_left_out(sound.left_out)
    else:
        with _name_damaged(store):
            yield Books(store)


def _note_left_out(keys: Collection[str]) -> None:
    if keys:
        found = f"{count_of(keys)} that are not invoices: {names(keys)}"
        click.echo(f"holdall: left out {one_line(found)}", err=True)


@contextmanager
def _name_damaged(store: Store[Invoice]) -> Iterator[None]:
    try:
        yield
    except Corrupt:
        try:
            require_sound(store)
        except Corrupt as error:
            message = f"{error}; to leave out such documents, add --skip-damaged"
            raise Corrupt(message, key=error.key) from error
        raise


def skip_damaged(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option ``--skip-damaged`` to a command that reads all books."""
    return click.option(
        "--skip-damaged",
        is_flag=True,
        help="Leave out documents that are not invoices, and report them on standard error.",
    )(command)


def require_invoice(store: Store[Any], key: str, value: object) -> None:
    """Raise Invalid if ``value`` must not be written under ``key``, which is the key of an invoice.

    An Invoice must satisfy the rules of `holdall.domain.schema`. Any other value is refused if ``store``
    holds books.
    """
    if isinstance(value, Invoice):
        check(value)
    elif holds_books(store):
        raise Invalid(
            f"{key!r} is a key of an invoice, but the address names no type of documents; "
            "add type=holdall.domain.model:Invoice to it, or use `holdall invoices import`",
            key=key,
        )


def holds_books(store: Store[Any]) -> bool:
    """Return whether one of the first ten documents under the keys of invoices is an invoice."""
    return any(_is_invoice(store, key) for key in islice(store.scan(PREFIX), _TRIED))


def _is_invoice(store: Store[Any], key: str) -> bool:
    try:
        value = store.get(key)
        if isinstance(value, bytes):
            value = msgspec.json.decode(value)
        msgspec.convert(value, Invoice, str_keys=True)
    except (Corrupt, msgspec.MsgspecError, RecursionError):
        return False
    return True


_TRIED = 10


def series_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option ``--series`` to a command on one invoice."""
    return click.option(
        "--series",
        metavar="YEAR-KIND",
        help="The series, such as 2026-invoice or 2026-credit-note, if the seller uses this number in several.",
    )(command)


def find(books: Books, number: str, seller: str | None, series: str | None = None) -> Invoice:
    """Return the invoice with that number. Raises HoldallError, with one line of text, if it is not found."""
    try:
        return books.find(number, seller, series)
    except KeyError as missing:
        reason = missing.args[0]
        raise HoldallError(f"{reason}; `holdall invoices list` shows the existing invoices") from None


def finish_payments(books: Books) -> None:
    """Finish the payments that another writer left unfinished. Name those that stay so on standard error."""
    for done in books.finish():
        click.echo(one_line(f"holdall: finished payment {done.number}, which was recorded in part"), err=True)
    if left := books.unfinished():
        counted = f"payments that are recorded in part: {names(left)}"
        remedy = "an amount that they move may be missing; run `holdall payments list` with write access"
        click.echo(one_line(f"holdall: {counted}; {remedy}"), err=True)


def note_if_empty(books: Books, uri: str) -> None:
    """Print a line on standard error if the books are empty, because the address may be wrong."""
    if next(books.sellers(), None) is None:
        click.echo(f"holdall: there are no invoices at {Address.parse(uri)}", err=True)
