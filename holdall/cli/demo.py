"""The demo: a set of invoices into one store, payments recorded, and what is owed."""

import shlex
import tomllib
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import click

from holdall.cli.address import VARIABLE
from holdall.cli.books import books_at
from holdall.cli.days import DAY, today
from holdall.cli.importing import files_in, import_files
from holdall.cli.invoices import POLICIES
from holdall.cli.output import show
from holdall.domain import Receivables
from holdall.domain.books import Books
from holdall.domain.report import Report

BUNDLED = "sqlite:///holdall-demo.db"
OWN = "sqlite:///holdall-invoices.db"


@click.command(epilog="Examples: holdall demo; holdall demo --invoices inbox/ --into s3://acme/books")
@click.option("--into", "uri", metavar="URI", envvar=VARIABLE, help=f"Where to keep them [{BUNDLED}].")
@click.option(
    "--invoices",
    "folder",
    type=click.Path(exists=True, path_type=Path),
    help="Your own UBL files, in place of the set that comes with holdall.",
)
@click.option("--as-of", type=DAY, help="The day for which to tell how late debts are.")
def demo(uri: str | None, folder: Path | None, as_of: Any) -> None:
    """Import invoices, record payments and print the receivables; again, and nothing is doubled."""
    uri = uri or (OWN if folder else BUNDLED)
    with books_at(uri) as books:
        if folder:
            outcome, on = import_files(books, files_in([folder])), date.fromisoformat(today())
        else:
            outcome, on = _bundled(books)
        click.echo(outcome.summary(), err=True)
        _print(Receivables(books.store), as_of.date() if as_of else on)
        number = next((invoice.number for invoice in books), None)
    _what_next(uri, number)


def _bundled(books: Books) -> Any:
    """Import the set that comes with the package and record its payments; and the day of that set."""
    with as_file(files("holdall") / "demo") as folder:
        outcome = import_files(books, files_in([folder / "invoices"]))
        told = tomllib.loads((folder / "payments.toml").read_text(encoding="utf-8"))
    _record(books, told["payments"])
    return outcome, told["as_of"]


def _record(books: Books, payments: Iterable[dict[str, Any]]) -> None:
    for each in payments:
        to = {code: Decimal(part) for code, part in each.get("to", {}).items()}
        books.pay(
            each["number"],
            Decimal(each["amount"]),
            each["on"],
            to or POLICIES[each.get("policy", "in-proportion")],
            seller=each["seller"],
            id=each["id"],
            reference=each["reference"],
            overpaid=each.get("overpaid", False),
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
        show(report.columns, report.cells(), title=title)


def _what_next(uri: str, number: str | None) -> None:
    at = f"--from {shlex.quote(uri)}"
    lines = [f"holdall invoices list {at}", f"holdall receivables outstanding {at} --csv"]
    if number:
        lines.insert(1, f"holdall invoices show {shlex.quote(number)} {at}")
    click.echo("What to type next:", err=True)
    for line in lines:
        click.echo(f"  {line}", err=True)
