"""Commands on what is owed: billed, paid, outstanding, received, aging, statement."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import click

from holdall.cli import address
from holdall.cli.arguments import day, moment, today
from holdall.cli.books import books_at, note_if_empty
from holdall.cli.examples import examples
from holdall.cli.output import formats, show
from holdall.cli.progress import counting
from holdall.domain import Receivables
from holdall.domain.report import Report
from holdall.errors import HoldallError

AT = "--from sqlite:///books.db"


@click.group(epilog=examples(f"receivables outstanding {AT}", f"receivables aging {AT} --csv"))
def receivables() -> None:
    """What is billed, paid and owed, each answer by map-reduce over the books.

    Amounts are in the currency that their row names; amounts of different currencies are never added.
    Where the books keep versions, --as-of asks them as they were.
    """


def _common(command: Callable[..., Any]) -> Callable[..., Any]:
    seller = click.option("--seller", metavar="ID", help="Only what this seller billed.")
    as_of = click.option(
        "--as-of",
        type=moment,
        metavar="TIME",
        show_default="now",
        help="The books as they were at this time (ISO 8601, UTC), or at the end of this day.",
    )
    decorated: Callable[..., Any] = address.option("from")(as_of(seller(formats(command))))
    return decorated


def _report(
    uri: str,
    seller: str | None,
    as_of: datetime | None,
    style: str | None,
    ask: Callable[[Receivables], Report[Any]],
) -> Report[Any]:
    """Ask the books at ``uri``, print the answer, and return it."""
    with books_at(uri, as_of) as books:
        with counting("reading invoices") as tell:
            report = ask(Receivables(books.store, seller, progress=tell))
        show(report.columns, report.cells(), style)
        if not report:
            note_if_empty(books, uri)
    return report


def _by_name(name: str, text: str) -> click.Command:
    @receivables.command(name, help=text, epilog=examples(f"receivables {name} {AT}"))
    @_common
    def command(uri: str, seller: str | None, as_of: datetime | None, style: str | None) -> None:
        _report(uri, seller, as_of, style, lambda asked: getattr(asked, name)())

    return command


billed = _by_name("billed", "What is billed, less what is credited, per accounting code.")
paid = _by_name("paid", "What is paid, less what is paid back, per accounting code.")
outstanding = _by_name("outstanding", "What is owed per accounting code.")
received = _by_name("received", "Cash received, less cash paid back, per month.")


@receivables.command(epilog=examples(f"receivables aging --on 2026-09-30 {AT}"))
@_common
@click.option(
    "--on",
    type=day,
    metavar="YYYY-MM-DD",
    show_default="today, or that of --as-of",
    help="The day for which to tell how late debts are.",
)
def aging(uri: str, seller: str | None, as_of: datetime | None, style: str | None, on: date | None) -> None:
    """What each customer owes, by how many days it is past due."""
    _report(uri, seller, as_of, style, lambda asked: asked.aging(on or _day(as_of)))


def _day(as_of: datetime | None) -> date:
    return today() if as_of is None else as_of.date()


@receivables.command(
    short_help="The account of one customer.",
    epilog=examples(f"receivables statement NO999000666MVA {AT}"),
)
@click.argument("customer", metavar="CUSTOMER-ID")
@_common
def statement(customer: str, uri: str, seller: str | None, as_of: datetime | None, style: str | None) -> None:
    """Every document and payment of one customer, in order, with the running balance."""
    if not _report(uri, seller, as_of, style, lambda asked: asked.statement(customer)):
        raise HoldallError(
            f"no documents of customer {customer!r}; `holdall invoices list` shows the ids there are"
        )
