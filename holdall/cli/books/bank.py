"""The command payments import, which matches bank statements with open invoices."""

from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final

import click

from holdall.cli import address
from holdall.cli.books.bank_csv import csv_options
from holdall.cli.books.bank_output import print_outcome
from holdall.cli.books.open import open_books, open_to_read
from holdall.cli.books.settings import read_settings
from holdall.cli.help import examples
from holdall.domain.bank.booking import book
from holdall.domain.bank.csv_format import CsvFormat
from holdall.domain.bank.importing import read_files, read_proposals, write_proposals
from holdall.domain.bank.matching import match
from holdall.domain.bank.open_items import open_items
from holdall.domain.bank.proposal import BOOKABLE
from holdall.domain.books import Books
from holdall.domain.settings import Settings

_EXACT: Final = "exact"


@click.command(
    "import",
    short_help="Match bank statements with open invoices, and book them.",
    epilog=examples(
        "payments import bank.xml --dry-run --into sqlite:///books.db",
        "payments import bank.csv --columns date=Buchungstag,amount=Betrag,name=Zahler,text=Zweck \\\n"
        "      --currency EUR --dry-run --out proposals.json --into sqlite:///books.db",
        "payments import --confirm proposals.json --into sqlite:///books.db",
        "payments import bank.xml --confirm exact --seller DE999000111 --into sqlite:///books.db",
    ),
)
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@csv_options
@click.option("--dry-run", is_flag=True, help="Print the proposals, and book nothing.")
@click.option(
    "--confirm",
    metavar="exact|FILE",
    help="Book the exact matches and record unmatched money, or book all proposals in FILE, which --out wrote.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the proposals that are not booked to a new JSON file, in which you can edit them.",
)
@click.option("--seller", metavar="ID", help="Match only invoices of this seller, who owns the accounts.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON, with every entry.")
@address.option("into")
@click.pass_context
def import_(
    ctx: click.Context,
    files: tuple[Path, ...],
    how: CsvFormat,
    dry_run: bool,
    confirm: str | None,
    out: Path | None,
    seller: str | None,
    as_json: bool,
    uri: str,
) -> None:
    """Match the entries of bank statements with open invoices. FILES are CAMT.053 (ISO 20022) or CSV.

    An entry names an invoice by its structured reference, or by the number in its text. Otherwise the invoice is
    proposed whose amount is equal and whose customer has a name like that of the payer. An exact match is beyond
    doubt: the reference or the number is of one invoice, and the amount is all that is owed on it.

    --confirm exact books the exact matches. Money that fits no invoice is recorded too, and waits as unapplied money of
    its customer, or of the customer unknown; `holdall payments apply` applies it later. The other proposals are for you
    to decide: --out writes them to a file. Edit the invoices and amounts in it, remove the entries that are not yours
    to book, and book the rest with --confirm FILE.

    An entry is booked once, under its account and the id that the bank gave to it, however often you import it. If an
    import is interrupted, run it again.

    A CSV file tells its delimiter, encoding, dates and decimal mark, unless an option or [bank] in holdall.toml does.
    """
    chosen = _chosen(files, dry_run, confirm)
    booked = frozenset() if dry_run else BOOKABLE if chosen else BOOKABLE - {"proposed"}
    with open_to_read(uri) if dry_run else open_books(uri) as books:
        settings = read_settings(books)
        found = read_files(files, replace(how, currency=how.currency or settings.currency or ""))
        if not dry_run:
            books.finish()
        items = open_items(books, seller)
        entries = (entry for each in found.read for entry in each.entries)
        proposals = read_proposals(chosen) if chosen else list(match(entries, items))
        if out:
            write_proposals(out, (each for each in proposals if each.status not in booked))
        proposals = list(book(books, proposals, items, booked, _owner(books, seller, settings)))
    print_outcome(found, proposals, as_json=as_json, dry_run=dry_run)
    ctx.exit(1 if found.refused or any(each.status == "unclear" for each in proposals) else 0)


def _chosen(files: tuple[Path, ...], dry_run: bool, confirm: str | None) -> Path | None:
    """Return the file of proposals to book, or None if the proposals come from ``files``."""
    if dry_run == (confirm is not None):
        raise click.UsageError("give --dry-run, to look at the proposals, or --confirm, to book them")
    chosen = Path(confirm) if confirm not in (None, _EXACT) else None
    if chosen and files:
        raise click.UsageError(
            "--confirm FILE books the proposals in the file; leave out the bank statements"
        )
    if not (chosen or files):
        raise click.UsageError("name the files of the bank")
    return chosen


def _owner(books: Books, seller: str | None, settings: Settings) -> str:
    """Return the id of the seller who owns the accounts, or an empty text if it is not clear."""
    sellers = list(islice(books.sellers(), 2))
    own = settings.seller.id if settings.seller else ""
    return seller or own or (sellers[0] if len(sellers) == 1 else "")
