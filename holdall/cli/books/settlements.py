"""The common parts of the commands that settle several documents, or undo that: their options and their output."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from functools import wraps
from typing import Any

import click

from holdall.cli import address, arguments, zone
from holdall.cli.books.open import open_books
from holdall.cli.books.payments import on_option
from holdall.cli.output.safe_text import one_line
from holdall.cli.zone import Zone
from holdall.domain.allotment import Targets
from holdall.domain.books import Books
from holdall.domain.doubts import doubts
from holdall.domain.keys import number_of
from holdall.domain.model import Invoice
from holdall.domain.money import text
from holdall.domain.settlement import received, settlement_of, unapplied
from holdall.errors import HoldallError

seller_option = click.option("--seller", metavar="ID", help="The id of the seller, if there are several.")
id_option = click.option(
    "--id", "id_", help="The id of the entry. An entry with the same id is recorded only once."
)
reason_option = click.option("--reason", "note", default="", help="Why, as a note on each entry.")


@contextmanager
def open_payments(uri: str) -> Iterator[Books]:
    """Open the books at ``uri``. A document that is missing raises HoldallError, with one line of text."""
    try:
        with open_books(uri) as books:
            yield books
    except KeyError as missing:
        raise HoldallError(
            f"{missing.args[0]}; `holdall invoices list` and `holdall payments list` show the existing documents"
        ) from None


def settles(command: Callable[..., Invoice]) -> Callable[..., None]:
    """Add the options of a command that settles documents. ``command`` gets the books, the documents and the day."""

    @click.argument("numbers", nargs=-1)
    @click.option(
        "--to",
        "parts",
        multiple=True,
        type=arguments.part,
        metavar="NUMBER=AMOUNT",
        help="The part of the amount for one document. Repeat the option for other documents.",
    )
    @on_option
    @zone.option
    @id_option
    @seller_option
    @address.option("from")
    @wraps(command)
    def settling(
        *,
        numbers: tuple[str, ...],
        parts: tuple[tuple[str, Decimal], ...],
        on: date | None,
        zone: Zone,
        id_: str | None,
        seller: str | None,
        uri: str,
        **own: Any,
    ) -> None:
        targets = _targets(numbers, parts)
        with open_payments(uri) as books:
            known = id_ is not None and is_recorded(books, id_, seller)
            made = command(books, targets, on or zone.today(), id=id_, seller=seller, **own)
            confirm(books, made, zone.today(), known=known)

    decorated: Callable[..., None] = settling
    return decorated


def _targets(numbers: tuple[str, ...], parts: tuple[tuple[str, Decimal], ...]) -> Targets:
    if numbers and parts:
        raise click.UsageError("give NUMBERS or --to, not both")
    if len(dict(parts)) < len(parts):
        raise click.UsageError("--to names one document twice; add its amounts up")
    return dict(parts) if parts else numbers


def is_recorded(books: Books, id: str, seller: str | None) -> bool:
    """Return whether the books have a payment document with this id, and all of its documents have their parts."""
    try:
        return settlement_of(books.payment(id, seller)).state == "done"
    except KeyError:
        return False


def confirm(books: Books, made: Invoice, today: date, *, known: bool) -> None:
    """Print the payment document ``made``, which was recorded now, or before if it is ``known``.

    If its day is probably a mistake for one of the documents, a line on standard error says so.
    """
    currency, parts = made.currency, settlement_of(made).parts
    name, cash, told = "payment", "", []
    if made.payments:
        cash = f" of {text(received(made), currency)} {currency} from {made.customer.id}"
        told = [f"{text(unapplied(made), currency)} {currency} is unapplied"]
    else:
        name = parts[-1].entry.name
    shares = ", ".join(f"{number_of(key)}={text(entry.amount, currency)}" for key, entry in _pairs(made))
    recorded = f" is already recorded on {made.issued}" if known else ""
    click.echo(one_line(f"{name} {made.number}{cash}{recorded}: {'; '.join(filter(None, [shares, *told]))}"))
    if not known:
        for key, entry in _pairs(made):
            for doubt in doubts(books.store[key], entry.on, today):
                click.echo(one_line(f"holdall: check the day of {name} {made.number}: {doubt}"), err=True)


def _pairs(made: Invoice) -> Iterator[tuple[str, Any]]:
    return ((part.document, part.entry) for part in settlement_of(made).parts)
