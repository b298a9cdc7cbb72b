"""The commands void, refund and write-off, which correct and settle what is recorded on an invoice."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import wraps
from typing import Any

import click

from holdall.cli import address, arguments, zone
from holdall.cli.books.open import find, open_books, series_option
from holdall.cli.books.payments import confirm, on_option, parts_of, parts_option
from holdall.cli.help import examples
from holdall.cli.zone import Zone
from holdall.domain.allocation import in_proportion
from holdall.domain.books import Books
from holdall.domain.keys import series_of
from holdall.domain.model import Invoice, Payment
from holdall.errors import HoldallError

_AT = "--from sqlite:///books.db"
_AMOUNT_OF = "The amount, in the currency of the invoice"
_id = click.option(
    "--id", "id_", help="The id of the entry. An entry with the same id is recorded only once."
)


def _on_one_invoice(command: Callable[..., Payment]) -> Callable[..., None]:
    """Add the options of a command that records an entry. ``command`` gets the books, the invoice and the day."""

    @click.argument("number")
    @on_option
    @zone.option
    @click.option("--seller", metavar="ID", help="The id of the seller, if several sellers use this number.")
    @series_option
    @address.option("from")
    @wraps(command)
    def recording(
        *,
        number: str,
        on: date | None,
        zone: Zone,
        seller: str | None,
        series: str | None,
        uri: str,
        **own: Any,
    ) -> None:
        with open_books(uri) as books:
            invoice = find(books, number, seller, series)
            entry = command(books, invoice, on or zone.today(), **own)
            known = entry in invoice.payments
            changed = find(books, number, invoice.seller.id, series_of(invoice))
            confirm(changed, entry, zone.today(), known=known)

    decorated: Callable[..., None] = recording
    return decorated


@click.command(
    short_help="Take back a payment that was wrong.",
    epilog=examples(f"invoices void 2026/115 bank-0701 --reason 'the bank returned it' {_AT}"),
)
@_on_one_invoice
@click.argument("id_", metavar="ID")
@click.option("--reason", required=True, help="Why the payment is taken back.")
def void(books: Books, invoice: Invoice, on: date, id_: str, reason: str) -> Payment:
    """Take back the payment ID of the invoice NUMBER, or another entry with that id.

    The payment stays, and a new entry has the opposite amounts, so that reports on earlier days do not change.
    `holdall invoices show` shows the ids.
    """
    try:
        return books.void(
            invoice.number, id_, on, reason, seller=invoice.seller.id, series=series_of(invoice)
        )
    except KeyError as missing:
        raise HoldallError(missing.args[0]) from None


@click.command(
    short_help="Record money that was paid back.",
    epilog=examples(f"invoices refund 2026/115 --amount 20 --id bank-1002 --on 2026-10-02 {_AT}"),
)
@_on_one_invoice
@click.option("--amount", required=True, type=arguments.positive, help=f"{_AMOUNT_OF}: a positive number.")
@parts_option
@_id
@click.option("--reference", default="", help="The text on the payment.")
@click.option("--reason", default="", help="Why the money was paid back.")
def refund(
    books: Books,
    invoice: Invoice,
    on: date,
    amount: Decimal,
    parts: tuple[tuple[str, Decimal], ...],
    id_: str | None,
    reference: str,
    reason: str,
) -> Payment:
    """Record that money was paid back to the customer of the invoice or credit note NUMBER.

    Without --to, the amount is taken off the amount that the customer has in credit first, and then off the
    accounting codes in proportion to the cash received. The parts in --to are negative.
    """
    return books.refund(
        invoice.number,
        amount,
        on,
        parts_of(parts) or None,
        seller=invoice.seller.id,
        series=series_of(invoice),
        id=id_,
        reference=reference,
        note=reason,
    )


@click.command(
    "write-off",
    short_help="Settle an amount that nobody will pay.",
    epilog=examples(
        f"invoices write-off NL-2026-029 --code 6930 --reason insolvent {_AT}",
        f"invoices write-off 2026/106 --amount 0.40 --code 6855 --reason 'bank fee' {_AT}",
    ),
)
@_on_one_invoice
@click.option("--amount", type=arguments.amount, show_default="all that is owed", help=f"{_AMOUNT_OF}.")
@click.option(
    "--code",
    required=True,
    help="The accounting code that bears the amount, such as that of bad debts or of discounts.",
)
@click.option("--reason", required=True, help="Why the amount is written off.")
@click.option("--exchange", is_flag=True, help="The amount is an exchange difference.")
@parts_option
@_id
def write_off(
    books: Books,
    invoice: Invoice,
    on: date,
    amount: Decimal | None,
    code: str,
    reason: str,
    exchange: bool,
    parts: tuple[tuple[str, Decimal], ...],
    id_: str | None,
) -> Payment:
    """Settle an amount of the invoice NUMBER without cash: a bad debt, a small difference, an early-payment discount.

    `holdall receivables written-off` shows the amounts of each code that bears them.
    """
    return books.write_off(
        invoice.number,
        on,
        code,
        reason,
        amount,
        parts_of(parts) or in_proportion,
        exchange=exchange,
        seller=invoice.seller.id,
        series=series_of(invoice),
        id=id_,
    )
