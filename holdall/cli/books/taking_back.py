"""The commands refund and void, which take back money or its effects on documents."""

from datetime import date
from decimal import Decimal
from typing import Any

import click

from holdall.cli import address, arguments, zone
from holdall.cli.books.payments import on_option
from holdall.cli.books.settlements import (
    confirm,
    id_option,
    is_recorded,
    open_payments,
    reason_option,
    seller_option,
)
from holdall.cli.help import examples
from holdall.cli.output.safe_text import one_line
from holdall.cli.zone import Zone
from holdall.domain.money import text
from holdall.domain.settlement import unapplied
from holdall.domain.settling import void_id

_AT = "--from sqlite:///books.db"


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
@id_option
@click.option("--reference", default="", help="The text on the payment.")
@reason_option
@seller_option
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
@seller_option
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
        known = entry is None and is_recorded(books, void_id(payment), seller)
        made = books.void_payment(payment, on or zone.today(), reason, entry=entry, seller=seller)
        if entry is None:
            confirm(books, made, zone.today(), known=known)
        else:
            unit = made.currency
            click.echo(one_line(f"void of refund {entry}; {text(unapplied(made), unit)} {unit} is unapplied"))
