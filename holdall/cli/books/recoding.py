"""The command recode, which files unpaid invoices under other accounting codes."""

from pathlib import Path

import click

from holdall.cli import address
from holdall.cli.books.open import note_if_empty, open_books
from holdall.cli.books.settings import codes_option, read_settings
from holdall.cli.help import examples
from holdall.cli.output.printing import print_rows
from holdall.domain import recoding
from holdall.domain.model import Invoice
from holdall.domain.money import text
from holdall.errors import HoldallError


@click.command(
    "recode",
    short_help="File unpaid invoices under other accounting codes.",
    epilog=examples(
        "invoices recode --codes codes.toml --reason 'new chart of accounts' --from sqlite:///books.db"
    ),
)
@codes_option
@click.option("--reason", required=True, help="The reason, which the history of the books keeps.")
@click.option("--dry-run", is_flag=True, help="Print the changes, and change nothing.")
@address.option("from")
def recode(codes: Path | None, reason: str, dry_run: bool, uri: str) -> None:
    """File the lines of invoices without payments by the mapping in --codes, or by that of the books.

    Lines whose codes you gave yourself stay as they are. If the store keeps history, the change of each invoice is
    a revision with the reason.
    """
    rows = []
    with open_books(uri) as books:
        mapping = read_settings(books, codes).codes
        if mapping is None:
            raise HoldallError(
                "there is no mapping of accounting codes; name one with --codes, or set one with `holdall books set`"
            )
        if until := books.closing.until:
            click.echo(f"holdall: the books are closed until {until}, so invoices until then stay", err=True)
        for before, after in recoding.recode(books, mapping, reason, dry_run=dry_run):
            rows.append((after.number, after.seller.id, _codes(before), _codes(after)))
        if rows:
            print_rows(("number", "seller", "before", "after"), rows)
        else:
            note_if_empty(books, uri)
    click.echo(f"{'would recode' if dry_run else 'recoded'} {len(rows):,}", err=True)


def _codes(invoice: Invoice) -> str:
    return ", ".join(f"{code}={text(amount, invoice.currency)}" for code, amount in invoice.billed().items())
