"""The group invoices: list and show, and the commands of `writing` and `payments`."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

import click
import msgspec

from holdall.cli import address, arguments
from holdall.cli.books.open import find, note_if_empty, open_books, open_to_read, series_option, skip_damaged
from holdall.cli.books.payments import pay
from holdall.cli.books.recoding import recode
from holdall.cli.books.settling import refund, void, write_off
from holdall.cli.books.writing import add, export, import_, new
from holdall.cli.help import examples
from holdall.cli.output.printing import formats, print_json, print_rows
from holdall.domain.model import Invoice
from holdall.domain.money import sum_amounts, text
from holdall.domain.selecting import select


@click.group(
    epilog=examples(
        "invoices list --from sqlite:///books.db", "invoices show 2026/101 --from sqlite:///books.db"
    )
)
def invoices() -> None:
    """Add, import, list, show, pay and export invoices."""


for command in (add, export, import_, new, pay, recode, refund, void, write_off):
    invoices.add_command(command)


@invoices.command(
    "list",
    epilog=examples(
        "invoices list --from sqlite:///books.db --csv",
        "invoices list --unpaid --due-before 2026-09-30 --from sqlite:///books.db",
    ),
)
@click.option("--unpaid", is_flag=True, help="List only documents on which an amount is owed, or in credit.")
@click.option("--customer", metavar="ID", help="List only documents of this customer.")
@click.option(
    "--due-before", type=arguments.day, metavar="YYYY-MM-DD", help="List only documents due before this day."
)
@click.option(
    "--over",
    type=arguments.positive,
    metavar="AMOUNT",
    help="List only documents on which more than this is owed, in their currency.",
)
@address.option("from")
@skip_damaged
@formats
def list_(
    unpaid: bool,
    customer: str | None,
    due_before: date | None,
    over: Decimal | None,
    uri: str,
    skip_damaged: bool,
    style: str | None,
) -> None:
    """List the invoices, by seller and number.

    The columns seller and customer show ids, and the column name shows the name of the customer. The column
    owed shows the total less all payments. If you select documents, they are sorted by their due day.
    """
    columns = ["number", "kind", "seller", "customer", "name", "issued", "due", "currency", "total", "owed"]
    with open_to_read(uri, skip_damaged=skip_damaged) as books:
        found: Iterable[Invoice] = books
        if unpaid or customer is not None or due_before is not None or over is not None:
            found = select(books, unpaid=unpaid, customer=customer, due_before=due_before, over=over)
        print_rows(columns, map(_line, found), style)
        note_if_empty(books, uri)


def _line(invoice: Invoice) -> tuple[str, ...]:
    owed = sum_amounts(invoice.owed().values())
    return (
        invoice.number,
        invoice.kind,
        invoice.seller.id,
        invoice.customer.id,
        invoice.customer.name,
        str(invoice.issued),
        str(invoice.due or ""),
        invoice.currency,
        text(invoice.total, invoice.currency),
        text(owed, invoice.currency),
    )


@invoices.command(
    "show",
    short_help="Show one invoice.",
    epilog=examples(
        "invoices show 2026/101 --from sqlite:///books.db",
        "invoices show 2026/101 --from sqlite:///books.db --json",
    ),
)
@click.argument("number")
@address.option("from")
@click.option("--seller", metavar="ID", help="The id of the seller, if several sellers use this number.")
@series_option
@click.option("--json", "as_json", is_flag=True, help="Print the document as JSON, with amounts as text.")
def show(number: str, uri: str, seller: str | None, series: str | None, as_json: bool) -> None:
    """Show the invoice NUMBER: its lines, their accounting codes, its payments and the amounts still owed."""
    with open_books(uri) as books:
        invoice = find(books, number, seller, series)
    if as_json:
        print_json(msgspec.to_builtins(invoice))
    else:
        _describe(invoice)


def _describe(invoice: Invoice) -> None:
    print_rows((invoice.kind, invoice.number), _head(invoice))
    print_rows(("line", "description", "kind", "code", "amount"), _lines(invoice), title="Lines")
    print_rows(("on", "entry", "id", "reference", "code", "amount"), _payments(invoice), title="Payments")
    owed = ((code, text(amount, invoice.currency)) for code, amount in invoice.owed().items())
    print_rows(("code", "owed"), owed, title="Owed")


def _head(invoice: Invoice) -> Iterator[tuple[str, str]]:
    yield "seller", f"{invoice.seller.name} ({invoice.seller.id})"
    yield "customer", f"{invoice.customer.name} ({invoice.customer.id})"
    yield "issued", str(invoice.issued)
    yield "due", str(invoice.due or "")
    yield "total", f"{text(invoice.total, invoice.currency)} {invoice.currency}"


def _lines(invoice: Invoice) -> Iterator[tuple[str, ...]]:
    for line in invoice.lines:
        for split in line.splits:
            yield line.id, line.description, line.kind, split.code, text(split.amount, invoice.currency)


def _payments(invoice: Invoice) -> Iterator[tuple[str, ...]]:
    for paid in invoice.payments:
        for part in paid.allocations:
            yield (
                str(paid.on),
                paid.name,
                paid.id,
                paid.reference,
                part.code,
                text(part.amount, invoice.currency),
            )
