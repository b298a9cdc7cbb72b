"""Commands that bring invoices into books, and out again: import, add, new and export."""

import json
import sys
from contextlib import nullcontext
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any

import click
import msgspec

from holdall.cli import address, arguments, zone
from holdall.cli.books.importing import add as add_source
from holdall.cli.books.importing import import_files
from holdall.cli.books.open import finish_payments, note_if_empty, open_books, open_to_read, skip_damaged
from holdall.cli.books.outcome import Outcome
from holdall.cli.books.settings import codes_option, configured, read_settings
from holdall.cli.help import examples
from holdall.cli.output.printing import print_bytes
from holdall.cli.output.safe_text import one_line
from holdall.cli.zone import Zone
from holdall.domain.codes import Codes
from holdall.domain.files import JSON_BYTES, Reading, Source, documents_of
from holdall.domain.model import Invoice
from holdall.domain.money import text
from holdall.domain.stored_settings import read_stored
from holdall.errors import Invalid

_as_json = click.option(
    "--json", "as_json", is_flag=True, help="Print the outcome as JSON, with every reason."
)


@click.command(
    "import",
    short_help="Import invoices and credit notes from files.",
    epilog=examples(
        "invoices import inbox/ --into sqlite:///books.db",
        "invoices import inbox/ --codes codes.toml --explain --into sqlite:///books.db",
    ),
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@codes_option
@click.option(
    "--explain", is_flag=True, help="Print the accounting codes of each line, and the rule that filed it."
)
@click.option(
    "--tolerance",
    type=arguments.positive,
    metavar="AMOUNT",
    help="Accept a document whose lines and total differ by at most this amount, such as 0.01.",
)
@_as_json
@zone.option
@address.option("into")
@click.pass_context
def import_(
    ctx: click.Context,
    paths: tuple[Path, ...],
    codes: Path | None,
    explain: bool,
    tolerance: Decimal | None,
    as_json: bool,
    zone: Zone,
    uri: str,
) -> None:
    """Import invoices and credit notes from PATHS, which are files or folders.

    holdall reads UBL 2.1 and CII in .xml files, Factur-X and ZUGFeRD in .pdf files (with the extra pdf), and small
    documents in .json files (see `holdall invoices add`). Of a folder, it reads every such file in it and below
    it, and counts the others. An invoice that is in the books already stays as it is. If a document cannot be
    imported, it is listed with the reason, the others are imported, and the exit code is 1; many refused
    documents are grouped by reason. A difference within --tolerance becomes a line of its own, of the kind
    rounding.
    """
    with open_books(uri) as books:
        how = Reading(read_settings(books, codes), tolerance or Decimal(0), zone.today())
        explaining = _explainer(how.settings.codes or Codes(()), err=as_json) if explain else None
        outcome = import_files(books, paths, how, explain=explaining, as_json=as_json)
    ctx.exit(1 if outcome.refused else 0)


def _explainer(codes: Codes, *, err: bool) -> Any:
    def explain(name: str, invoice: Invoice) -> None:
        for line, reason in codes.explain(invoice):
            shares = ", ".join(f"{each.code}={text(each.amount, invoice.currency)}" for each in line.splits)
            about = f"{invoice.number} line {line.id} {line.description}".rstrip()
            click.echo(one_line(f"{name}: {about}: {shares}: {reason}"), err=err)

    return explain


@click.command(
    "add",
    short_help="Add invoices from small JSON documents.",
    epilog=examples("invoices add rent.json --into sqlite:///books.db"),
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@codes_option
@_as_json
@zone.option
@address.option("into")
@click.pass_context
def add(ctx: click.Context, file: Path, codes: Path | None, as_json: bool, zone: Zone, uri: str) -> None:
    """Add the invoices in FILE, which has one JSON document, a list of them, or one a line. - is standard input.

    `holdall invoices new` prints a document to begin with. If a document names no seller or no currency, it gets
    that of the books (see `holdall books set`) or of [books] in holdall.toml. The day of issue is today, and lines
    without codes are filed by --codes. Every error of a document is named at once, by its path.
    """
    outcome = Outcome()
    with open_books(uri) as books:
        how = Reading(read_settings(books, codes), today=zone.today())
        try:
            for source in _sources(file, how, outcome):
                add_source(books, source, outcome)
        finally:
            outcome.print(err=False, as_json=as_json)
    ctx.exit(1 if outcome.refused else 0)


def _sources(file: Path, how: Reading, outcome: Outcome) -> list[Source]:
    """Return the documents in ``file``. If it is not JSON, it is refused."""
    name = "<standard input>" if str(file) == "-" else str(file)
    try:
        with nullcontext(sys.stdin.buffer) if str(file) == "-" else file.open("rb") as opened:
            data = opened.read(JSON_BYTES + 1)
        return list(documents_of(data, name, how))
    except (Invalid, OSError) as problem:
        outcome.refuse(name, problem)
        return []


@click.command("new", short_help="Print a document to begin with.", epilog=examples("invoices new"))
@zone.option
@address.option("into", required=False)
def new(zone: Zone, uri: str | None) -> None:
    """Print a small JSON document of an invoice. Fill it in, and add it with `holdall invoices add`.

    The seller and the currency are those of the books, if you name the books. Fields that you leave out get
    defaults. The reference lists all of them.
    """
    if uri is None:
        settings = configured()
    else:
        with open_books(uri) as books:
            settings = read_settings(books)
    document: dict[str, Any] = {"number": f"{zone.today().year}-1"}
    document["seller"] = msgspec.to_builtins(settings.seller) if settings.seller else {"id": "", "name": ""}
    document |= {
        "customer": {"id": "", "name": ""},
        "issued": str(zone.today()),
        "due": None,
        "currency": settings.currency or "EUR",
        "lines": [
            {
                "description": "",
                "quantity": "1",
                "amount": "0.00",
                "tax_rate": None,
                "codes": {"uncoded": "0.00"},
            }
        ],
    }
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


@click.command(
    "export",
    short_help="Print all invoices as JSON, one a line.",
    epilog=examples("invoices export --from sqlite:///books.db"),
)
@address.option("from")
@skip_damaged
def export(uri: str, skip_damaged: bool) -> None:
    """Print all invoices with their payments as JSON, one a line. If the books have settings, they are the first line.

    The payments over several invoices come last.
    `holdall invoices import` and `holdall invoices add` make equal books of it.
    """
    with open_to_read(uri, skip_damaged=skip_damaged) as books:
        if entries := read_stored(books.store).entries():
            print_bytes(msgspec.json.encode({"settings": entries}) + b"\n")
        finish_payments(books)
        for document in chain(books, books.payment_documents()):
            print_bytes(msgspec.json.encode(document) + b"\n")
        note_if_empty(books, uri)
