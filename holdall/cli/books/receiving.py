"""The commands receive, apply, credit and move, which settle several documents at once."""

from datetime import date
from decimal import Decimal
from typing import Any

import click

from holdall.cli import arguments
from holdall.cli.books.open import series_option
from holdall.cli.books.payments import POLICIES
from holdall.cli.books.settlements import reason_option, settles
from holdall.cli.help import examples
from holdall.domain.allotment import Targets
from holdall.domain.books import Books
from holdall.domain.model import Invoice

_AT = "--from sqlite:///books.db"
_limit = click.option(
    "--amount",
    type=arguments.positive,
    metavar="AMOUNT",
    show_default="all that is left",
    help="The most to apply to NUMBERS, of which the document that is due first comes first.",
)


@click.command(
    short_help="Record money that a customer paid for several invoices.",
    epilog=examples(
        f"payments receive 2026/117 2026/135 --amount 2000 --id bank-77 {_AT}",
        f"payments receive --amount 150 --to 2026/108=20 --to 2026/115=30 {_AT}",
        "payments receive --amount 500 --customer NO999000666MVA --currency NOK --id bank-78 \\\n"
        f"      {_AT}",
    ),
)
@settles
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
@settles
@_limit
@reason_option
def apply(books: Books, to: Targets, on: date, payment: str, amount: Decimal | None, **given: Any) -> Invoice:
    """Apply money of the payment ID, which is unapplied, to the invoices NUMBERS."""
    return books.apply(payment, to, on, amount, **given)


@click.command(
    short_help="Apply a credit note to invoices, without cash.",
    epilog=examples(f"payments credit 2026/127 2026/133 --on 2026-10-01 {_AT}"),
)
@click.argument("credit_note", metavar="CREDIT-NOTE")
@settles
@series_option
@_limit
@reason_option
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
@settles
@series_option
@_limit
@reason_option
def move(books: Books, to: Targets, on: date, number: str, amount: Decimal | None, **given: Any) -> Invoice:
    """Move cash that was recorded on the invoice NUMBER to the invoices NUMBERS. The cash received stays as it was."""
    return books.move(number, to, on, amount, **given)
