"""The command demo, which imports invoices, records payments and prints the receivables."""

import os
import shlex
import shutil
import sys
from datetime import date
from pathlib import Path
from typing import Any

import click

from holdall.address import Address
from holdall.cli.address import VARIABLE
from holdall.cli.arguments import day
from holdall.cli.books.bundled import import_bundled
from holdall.cli.books.importing import import_files
from holdall.cli.books.open import open_books
from holdall.cli.help import examples
from holdall.cli.output.printing import print_rows
from holdall.cli.zone import Zone
from holdall.domain import Receivables
from holdall.domain.books import Books
from holdall.domain.keys import series_of
from holdall.domain.report import Report
from holdall.errors import HoldallError, Invalid

BUNDLED = "sqlite:///holdall-demo.db"
OWN = "sqlite:///holdall-invoices.db"


@click.command(epilog=examples("demo", "demo --into sqlite:///books.db", "demo --invoices inbox/"))
@click.option(
    "--into",
    "uri",
    metavar="URI",
    envvar=VARIABLE,
    show_envvar=True,
    show_default=f"{BUNDLED}, or {OWN} for your own invoices",
    help="The address of the store for the invoices.",
)
@click.option(
    "--invoices",
    "folder",
    type=click.Path(exists=True, path_type=Path),
    help="A file or folder of your own UBL 2.1 invoices, instead of the set that comes with holdall.",
)
@click.option(
    "--as-of",
    type=day,
    metavar="YYYY-MM-DD",
    show_default="the last day of the set that comes with holdall; today for your own invoices",
    help="The day on which the days past due are counted.",
)
def demo(uri: str | None, folder: Path | None, as_of: date | None) -> None:
    """Import invoices, record payments and print the receivables.

    You can run the command again: it records no invoice and no payment twice. With --invoices, files that
    cannot be imported are listed with the reason, and no payments are recorded.
    """
    uri = uri or (OWN if folder else BUNDLED)
    with open_books(uri) as books:
        if folder:
            import_files(books, [folder], err=True)
            _refuse_nothing(books)
            on = Zone().today()
        else:
            on = import_bundled(books)
        _print(Receivables(books.store), as_of or on)
        example = _example(books)
    _what_next(uri, example)


def _refuse_nothing(books: Books) -> None:
    if next(iter(books), None) is None:
        raise HoldallError(
            "none of the files is an invoice that can be imported; run `holdall demo` without --invoices "
            "to see the reports on made-up invoices"
        )


def _print(receivables: Receivables, on: date) -> None:
    reports: dict[str, Report[Any]] = {
        "Billed per accounting code": receivables.billed(),
        "Paid per accounting code": receivables.paid(),
        "Outstanding per accounting code": receivables.outstanding(),
        f"Aging per customer, in days past due on {on}": receivables.aging(on),
        "Cash received per month": receivables.received(),
    }
    for title, report in reports.items():
        print_rows(report.columns, report.cells(), title=title)


def _example(books: Books) -> list[str]:
    """Return the arguments that name the first invoice: its number, and its seller and series if needed.

    The list is empty if the books are empty.
    """
    for invoice in books:
        try:
            books.find(invoice.number)
        except Invalid:  # another seller uses that number too, or another series of this seller
            return ["--seller", invoice.seller.id, "--series", series_of(invoice), "--", invoice.number]
        return ["--", invoice.number] if invoice.number.startswith("-") else [invoice.number]
    return []


def _what_next(uri: str, invoice: list[str]) -> None:
    at = ["--from", str(Address.parse(uri))]
    commands = [["invoices", "list", *at], ["receivables", "outstanding", *at, "--csv"]]
    if invoice:
        commands.insert(1, ["invoices", "show", *at, *invoice])
    click.echo("Commands to try next:", err=True)
    for command in commands:
        click.echo(f"  {_program()} {shlex.join(command)}", err=True)
    shown = at[1] + ("&" if "?" in at[1] else "?") + "type=holdall.domain.model:Invoice"
    click.echo("To look at the books in a browser:", err=True)
    click.echo(f"  {_program()} {shlex.join(['serve', f'books={shown}'])}", err=True)


def _program() -> str:
    """Return the name of this command if the shell finds it, else its path."""
    beside = Path(sys.executable).with_name("holdall")
    return "holdall" if shutil.which("holdall") else shlex.quote(os.path.relpath(beside))
