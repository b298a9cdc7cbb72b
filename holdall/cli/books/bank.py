"""The command payments import, which matches bank statements with open invoices."""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

import click

from holdall.cli import address
from holdall.cli.books.bank_output import print_outcome
from holdall.cli.books.open import open_to_read
from holdall.cli.books.settings import read_settings
from holdall.cli.help import examples
from holdall.configuration.files import find_bank
from holdall.domain.bank.csv_format import PLAIN, Columns, CsvFormat, columns_of, format_of_table
from holdall.domain.bank.csv_values import DATES
from holdall.domain.bank.importing import propose, read_files
from holdall.domain.money import PLACES
from holdall.errors import Invalid


def _columns(text: str) -> Columns:
    """Return the headings of each field in ``text``, which is written as FIELD=HEADING,FIELD=HEADING."""
    pairs = []
    for part in text.split(","):
        name, mark, heading = part.partition("=")
        if not mark:
            raise click.BadParameter(f"{part!r} is not FIELD=HEADING; write for example date=Buchungstag")
        pairs.append((name.strip(), heading))
    try:
        return columns_of(pairs)
    except Invalid as problem:
        raise click.BadParameter(str(problem)) from None


def _csv_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that tell how to read CSV. The command gets the format as ``how``."""
    options = (
        ("columns", {"type": _columns, "metavar": "FIELD=HEADING,…", "help": _COLUMNS}),
        ("delimiter", {"metavar": "CHARACTER", "help": "The character between two cells."}),
        ("encoding", {"metavar": "NAME", "help": "The encoding, such as utf-8 or cp1252."}),
        ("dates", {"type": click.Choice(DATES), "help": "The notation of days."}),
        ("decimal", {"type": click.Choice(["comma", "point"]), "help": "The decimal mark of amounts."}),
        ("currency", {"type": click.Choice(sorted(PLACES)), "metavar": "CODE", "help": _CURRENCY}),
        ("account", {"metavar": "NAME", "help": "The account, such as its IBAN, if the file names none."}),
    )

    @wraps(command)
    def reading(**given: Any) -> Any:
        declared = {name: value for name, _ in options if (value := given.pop(name))}
        return command(how=replace(_declared(), **declared), **given)

    for name, settings in reversed(options):
        reading = click.option(f"--{name}", **settings)(reading)
    return reading


_COLUMNS = (
    "The columns of a CSV file by field: date, amount or credit and debit, name, reference, text, id, value, currency, "
    "account. A field that is not named is in the column with its own name."
)
_CURRENCY = "The currency of the amounts, such as EUR."


def _declared() -> CsvFormat:
    """Return the format that [bank] in holdall.toml declares."""
    if (found := find_bank()) is None:
        return PLAIN
    file, table = found
    try:
        return format_of_table(table)
    except Invalid as problem:
        raise Invalid(f"{file}: [bank]: {problem}", errors=problem.errors) from None


@click.command(
    "import",
    short_help="Match bank statements with open invoices.",
    epilog=examples(
        "payments import bank.xml --dry-run --into sqlite:///books.db",
        "payments import bank.csv --columns date=Buchungstag,amount=Betrag,name=Zahler,text=Zweck \\\n"
        "      --currency EUR --dry-run --into sqlite:///books.db",
    ),
)
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@_csv_options
@click.option("--dry-run", is_flag=True, required=True, help="Print the proposals, and book nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON, with every entry.")
@address.option("into")
@click.pass_context
def import_(
    ctx: click.Context, files: tuple[Path, ...], how: CsvFormat, dry_run: bool, as_json: bool, uri: str
) -> None:
    """Match the entries of bank statements with open invoices. FILES are CAMT.053 (ISO 20022) or CSV.

    An entry names an invoice by its structured reference, or by the number in its text. Otherwise the invoice is
    proposed whose amount is equal and whose customer has a name like that of the payer. An exact match is beyond
    doubt: the reference or the number is of one invoice, and the amount is all that is owed on it.

    A CSV file tells its delimiter, encoding, dates and decimal mark, unless an option or [bank] in holdall.toml does.
    """
    with open_to_read(uri) as books:
        how = replace(how, currency=how.currency or read_settings(books).currency or "")
        found = read_files(files, how)
        proposals = propose(books, found.read)
    print_outcome(found, proposals, as_json=as_json)
    ctx.exit(1 if found.refused else 0)
