"""The commands close, reopen and status, on the closed period of books."""

from datetime import date

import click

from holdall.cli import address, arguments, zone
from holdall.cli.books.open import note_if_empty, open_books
from holdall.cli.help import examples
from holdall.cli.history import user_name
from holdall.cli.output.printing import formats, print_rows
from holdall.cli.zone import Zone
from holdall.domain.closing import Closing

_AT = "--from sqlite:///books.db"
_by = click.option(
    "--by", envvar="HOLDALL_AUTHOR", show_envvar=True, help="The name that the record keeps [your user name]."
)


@click.command(short_help="Close the books until a day.", epilog=examples(f"books close 2026-09-30 {_AT}"))
@click.argument("until", type=arguments.day, metavar="YYYY-MM-DD")
@click.option("--reason", default="", help="A remark, which the record keeps.")
@_by
@address.option("from")
def close(until: date, reason: str, by: str | None, uri: str) -> None:
    """Refuse from now on all that is dated until that day: invoices, payments, voids, refunds, write-offs.

    Reports until that day stay as they are. `holdall invoices recode` leaves these invoices as they are. Commands on
    keys, such as `holdall set`, are not refused.
    """
    with open_books(uri) as books:
        note_if_empty(books, uri)
        _print_state(books.close(until, by=by or user_name(), reason=reason))


@click.command(
    short_help="Reopen closed books.",
    epilog=examples(f"books reopen --until 2026-08-31 --reason 'a late invoice' {_AT}"),
)
@click.option(
    "--until",
    type=arguments.day,
    metavar="YYYY-MM-DD",
    show_default="no day",
    help="The day until which the books stay closed.",
)
@click.option("--reason", required=True, help="Why the books are reopened, which the record keeps.")
@_by
@address.option("from")
def reopen(until: date | None, reason: str, by: str | None, uri: str) -> None:
    """Allow again documents and entries that are dated after a day.

    The record keeps who reopened the books, when and why, and `holdall books status` shows it.
    """
    with open_books(uri) as books:
        _print_state(books.reopen(until, by=by or user_name(), reason=reason))


def _print_state(closing: Closing) -> None:
    click.echo(f"the books are closed until {closing.until}" if closing.until else "the books are not closed")


@click.command(
    short_help="Show until which day the books are closed.",
    epilog=examples(f"books status {_AT}"),
)
@zone.option
@address.option("from")
@formats
def status(zone: Zone, uri: str, style: str | None) -> None:
    """Show until which day the books are closed, and each closing and reopening: when, by whom and why."""
    with open_books(uri) as books:
        closing = books.closing
        note_if_empty(books, uri)
    if style is None:
        _print_state(closing)
    rows = [
        (
            zone.instant(each.at).isoformat(sep=" ", timespec="seconds"),
            str(each.until or ""),
            each.by,
            each.reason,
        )
        for each in closing.changes
    ]
    if rows or style:
        print_rows(("at", "closed until", "by", "reason"), rows, style)
