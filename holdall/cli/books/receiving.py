"""The commands receive, apply, credit, move, refund and void, which settle several documents at once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from functools import wraps
from typing import Any

import click

from holdall.cli import address, arguments, zone
from holdall.cli.books.open import open_books, series_option
from holdall.cli.books.payments import POLICIES, on_option
from holdall.cli.help import examples
from holdall.cli.output.safe_text import one_line
from holdall.cli.zone import Zone
from holdall.domain.allotment import Targets
from holdall.domain.books import Books
from holdall.domain.doubts import doubts
from holdall.domain.keys import number_of
from holdall.domain.model import Invoice
from holdall.domain.money import text
from holdall.domain.settlement import received, settlement_of, unapplied
from holdall.domain.settling import void_id
from holdall.errors import HoldallError

_AT = "--from sqlite:///books.db"
_seller = click.option("--seller", metavar="ID", help="The id of the seller, if there are several.")
_id = click.option(
    "--id", "id_", help="The id of the entry. An entry with the same id is recorded only once."
)
_reason = click.option("--reason", "note", default="", help="Why, as a note on each entry.")
_limit = click.option(
    "--amount",
    type=arguments.positive,
    metavar="AMOUNT",
    show_default="all that is left",
    help="The most to apply to NUMBERS, of which the document that is due first comes first.",
)


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


def _settling(command: Callable[..., Invoice]) -> Callable[..., None]:
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
    @_id
    @_seller
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
            known = id_ is not None and _is_recorded(books, id_, seller)
            made = command(books, targets, on or zone.today(), id=id_, seller=seller, **own)
            _confirm(books, made, zone.today(), known=known)

    decorated: Callable[..., None] = settling
    return decorated


def _targets(numbers: tuple[str, ...], parts: tuple[tuple[str, Decimal], ...]) -> Targets:
    if numbers and parts:
        raise click.UsageError("give NUMBERS or --to, not both")
    if len(dict(parts)) < len(parts):
        raise click.UsageError("--to names one document twice; add its amounts up")
    return dict(parts) if parts else numbers


def _is_recorded(books: Books, id: str, seller: str | None) -> bool:
    try:
        return settlement_of(books.payment(id, seller)).state == "done"
    except KeyError:
        return False


def _confirm(books: Books, made: Invoice, today: date, *, known: bool) -> None:
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


@click.command(
    short_help="Record money that a customer paid for several invoices.",
    epilog=examples(
        f"payments receive 2026/117 2026/135 --amount 2000 --id bank-77 {_AT}",
        f"payments receive --amount 150 --to 2026/108=20 --to 2026/115=30 {_AT}",
        "payments receive --amount 500 --customer NO999000666MVA --currency NOK --id bank-78 \\\n"
        f"      {_AT}",
    ),
)
@_settling
@click.option(
    "--amount", required=True, type=arguments.positive, metavar="AMOUNT", help="The amount received."
)
@click.option("--customer", metavar="ID", show_default="that of the invoices", help="The customer who paid.")
@click.option(
    "--currency", help="The currency, such as EUR, if no invoice is named or to refuse another one."
)
@click.option("--reference", default="", help="The text that the payer wrote on the payment.")
@click.option(
    "--policy",
    type=click.Choice(list(POLICIES)),
    default="in-proportion",
    show_default=True,
    help="How to divide the part of each invoice among its codes.",
)
def receive(books: Books, to: Targets, on: date, policy: str, **given: Any) -> Invoice:
    """Record money that was received from a customer, and pay the invoices NUMBERS with it.

    The invoice that is due first is paid first, each up to the amount owed; --to names amounts instead. A credit note
    among NUMBERS is settled too. The rest stays unapplied, as a credit of the customer, until `apply` applies it. If
    one of the invoices cannot take its part, nothing changes.
    """
    return books.receive(given.pop("amount"), on, to, policy=POLICIES[policy], **given)


@click.command(
    short_help="Apply unapplied money to invoices.",
    epilog=examples(
        f"payments apply bank-78 2026/115 --amount 100 {_AT}",
        f"payments apply bank-78 --to 2026/129=30 --on 2026-10-01 {_AT}",
    ),
)
@click.argument("payment", metavar="ID")
@_settling
@_limit
@_reason
def apply(books: Books, to: Targets, on: date, payment: str, amount: Decimal | None, **given: Any) -> Invoice:
    """Apply money of the payment ID, which is unapplied, to the invoices NUMBERS."""
    return books.apply(payment, to, on, amount, **given)


@click.command(
    short_help="Apply a credit note to invoices, without cash.",
    epilog=examples(f"payments credit 2026/127 2026/133 --on 2026-10-01 {_AT}"),
)
@click.argument("credit_note", metavar="CREDIT-NOTE")
@_settling
@series_option
@_limit
@_reason
def credit(
    books: Books, to: Targets, on: date, credit_note: str, amount: Decimal | None, **given: Any
) -> Invoice:
    """Apply the credit note CREDIT-NOTE to the invoices NUMBERS. No cash moves."""
    return books.credit(credit_note, to, on, amount, **given)


@click.command(
    short_help="Move cash from one invoice to others.",
    epilog=examples(f"payments move 2026/131 2026/135 --amount 20 --reason 'wrong invoice' {_AT}"),
)
@click.argument("number", metavar="NUMBER")
@_settling
@series_option
@_limit
@_reason
def move(books: Books, to: Targets, on: date, number: str, amount: Decimal | None, **given: Any) -> Invoice:
    """Move cash that was recorded on the invoice NUMBER to the invoices NUMBERS. The cash received stays as it was."""
    return books.move(number, to, on, amount, **given)


@click.command(
    short_help="Record unapplied money that was paid back.",
    epilog=examples(f"payments refund bank-78 --amount 20 --id bank-99 {_AT}"),
)
@click.argument("payment", metavar="ID")
@click.option(
    "--amount",
    required=True,
    type=arguments.positive,
    metavar="AMOUNT",
    help="The amount that was paid back.",
)
@on_option
@zone.option
@_id
@click.option("--reference", default="", help="The text on the payment.")
@_reason
@_seller
@address.option("from")
def refund(
    payment: str, amount: Decimal, on: date | None, zone: Zone, id_: str | None, uri: str, **given: Any
) -> None:
    """Record that unapplied money of the payment ID was paid back to the customer."""
    with open_payments(uri) as books:
        before = books.payment(payment, given["seller"])
        entry = books.refund_payment(payment, amount, on or zone.today(), id=id_, **given)
        after = books.payment(payment, given["seller"])
    recorded = f" is already recorded on {entry.on}" if entry in before.payments else ""
    unit = after.currency
    shown = f"{text(entry.amount, unit)} {unit} on payment {payment}{recorded}"
    click.echo(one_line(f"refund {entry.id} of {shown}; {text(unapplied(after), unit)} {unit} is unapplied"))


@click.command(
    short_help="Take back a payment with all of its parts.",
    epilog=examples(f"payments void bank-77 --reason 'the bank returned it' {_AT}"),
)
@click.argument("payment", metavar="ID")
@click.option("--reason", required=True, help="Why the payment is taken back.")
@click.option("--entry", metavar="ID", help="Take back only the refund of the payment that has this id.")
@on_option
@zone.option
@_seller
@address.option("from")
def void(
    payment: str,
    reason: str,
    entry: str | None,
    on: date | None,
    zone: Zone,
    seller: str | None,
    uri: str,
) -> None:
    """Take back the payment ID on all of its documents. ID may also be that of an applied credit note or a transfer.

    The entries stay, and new entries have the opposite amounts. Money that was applied later must be voided first.
    """
    with open_payments(uri) as books:
        known = entry is None and _is_recorded(books, void_id(payment), seller)
        made = books.void_payment(payment, on or zone.today(), reason, entry=entry, seller=seller)
        if entry is None:
            _confirm(books, made, zone.today(), known=known)
        else:
            unit = made.currency
            click.echo(one_line(f"void of refund {entry}; {text(unapplied(made), unit)} {unit} is unapplied"))
