"""The group payments: the commands on money that was received, whatever invoices it pays."""

from collections.abc import Iterator

import click
import msgspec

from holdall.cli import address
from holdall.cli.books.bank import import_
from holdall.cli.books.open import note_if_empty
from holdall.cli.books.receiving import apply, credit, move, receive
from holdall.cli.books.settlements import open_payments
from holdall.cli.books.taking_back import refund, void
from holdall.cli.help import examples
from holdall.cli.output.printing import formats, print_json, print_rows
from holdall.domain.keys import number_of
from holdall.domain.model import Invoice
from holdall.domain.money import text
from holdall.domain.settlement import received, settlement_of, unapplied

_AT = "--from sqlite:///books.db"


@click.group(
    epilog=examples(
        f"payments receive 2026/117 2026/135 --amount 2000 --id bank-77 {_AT}",
        "payments receive --amount 500 --customer NO999000666MVA --currency NOK --id bank-78 \\\n"
        f"      {_AT}",
        f"payments list --unapplied {_AT}",
        "payments import bank.xml --dry-run --into sqlite:///books.db",
    )
)
def payments() -> None:
    """Record money that pays several invoices, apply credit notes, and import bank statements.

    Each command changes all documents that it names, or none, also on a store without transactions.
    """


for command in (apply, credit, import_, move, receive, refund, void):
    payments.add_command(command)


@payments.command("list", epilog=examples(f"payments list --unapplied {_AT}"))
@click.option(
    "--unapplied", "only_unapplied", is_flag=True, help="List only payments of which an amount is unapplied."
)
@click.option("--customer", metavar="ID", help="List only payments of this customer.")
@click.option("--seller", metavar="ID", help="List only payments to this seller.")
@address.option("from")
@formats
def list_(
    only_unapplied: bool, customer: str | None, seller: str | None, uri: str, style: str | None
) -> None:
    """List the payments that `receive` recorded, by day. Payments on one invoice are listed with the invoice.

    The column unapplied shows the amount that no invoice has taken.
    """
    columns = ("on", "id", "customer", "name", "reference", "currency", "amount", "unapplied")
    with open_payments(uri) as books:
        found = books.payments(seller=seller, customer=customer, unapplied=only_unapplied)
        print_rows(columns, map(_line, found), style)
        note_if_empty(books, uri)


def _line(payment: Invoice) -> tuple[str, ...]:
    return (
        str(payment.issued),
        payment.number,
        payment.customer.id,
        payment.customer.name,
        payment.payments[0].reference,
        payment.currency,
        text(received(payment), payment.currency),
        text(unapplied(payment), payment.currency),
    )


@payments.command("show", short_help="Show one payment.", epilog=examples(f"payments show bank-77 {_AT}"))
@click.argument("id_", metavar="ID")
@click.option("--seller", metavar="ID", help="The id of the seller, if several sellers have this id.")
@click.option("--json", "as_json", is_flag=True, help="Print the document as JSON, with amounts as text.")
@address.option("from")
def show(id_: str, seller: str | None, as_json: bool, uri: str) -> None:
    """Show the payment ID: its entries, and its parts on other documents.

    ID may also be that of an applied credit note, a transfer or a void.
    """
    with open_payments(uri) as books:
        payment = books.payment(id_, seller)
    if as_json:
        print_json(msgspec.to_builtins(payment))
        return
    print_rows(("payment", payment.number), _head(payment))
    print_rows(("on", "entry", "id", "reference", "amount"), _entries(payment), title="Entries")
    print_rows(("document", "entry", "code", "amount"), _parts(payment), title="Parts")


def _head(payment: Invoice) -> Iterator[tuple[str, str]]:
    yield "seller", f"{payment.seller.name} ({payment.seller.id})"
    yield "customer", f"{payment.customer.name} ({payment.customer.id})"
    yield "on", str(payment.issued)
    yield "amount", f"{text(received(payment), payment.currency)} {payment.currency}"
    yield "unapplied", f"{text(unapplied(payment), payment.currency)} {payment.currency}"
    settlement = settlement_of(payment)
    if settlement.state != "done":
        yield "state", f"{settlement.state}: {settlement.reason}".removesuffix(": ")


def _entries(payment: Invoice) -> Iterator[tuple[str, ...]]:
    for entry in payment.payments:
        yield str(entry.on), entry.name, entry.id, entry.reference, text(entry.amount, payment.currency)


def _parts(payment: Invoice) -> Iterator[tuple[str, ...]]:
    for key, entry in ((part.document, part.entry) for part in settlement_of(payment).parts):
        for each in entry.allocations:
            yield number_of(key), entry.name, each.code, text(each.amount, payment.currency)
