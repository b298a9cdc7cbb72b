"""Commands that report on receivables: by accounting code, by month, by customer."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import wraps
from typing import Any

import click

from holdall.cli import address, zone
from holdall.cli.arguments import day, moment
from holdall.cli.books.open import note_if_empty, open_to_read, skip_damaged
from holdall.cli.help import examples
from holdall.cli.indexed import open_indexed
from holdall.cli.output.printing import formats, print_rows
from holdall.cli.output.progress import show_progress
from holdall.cli.zone import Zone
from holdall.domain import Books, Invoice, Receivables, ViewedReceivables
from holdall.domain.report import Report
from holdall.errors import HoldallError

AT = "--from sqlite:///books.db"


@click.group(epilog=examples(f"receivables outstanding {AT}", f"receivables aging {AT} --csv"))
def receivables() -> None:
    """Report the amounts billed, paid and owed. Each report is a map-reduce query over the books.

    Amounts are in the currency that their row names, and amounts of different currencies are never added. If
    the books keep versions, --as-of reports on the books as they were at an earlier time.
    """


@dataclass(frozen=True)
class Viewing:
    """How a report reads views: the address of their index, and whether they may be out of date."""

    index: str | None
    stale: bool


@dataclass(frozen=True)
class Asked:
    """The books that a report reads, and how to print the report."""

    uri: str
    seller: str | None
    as_of: datetime | None
    zone: Zone
    skip_damaged: bool
    style: str | None
    viewing: Viewing | None = None

    def report(self, ask: Callable[[Receivables], Report[Any]], heading: str = "") -> Report[Any]:
        """Run the report ``ask`` on the books, print it, and return it.

        A table has a heading with its day and time.
        """
        with self._open() as (books, receivables):
            with show_progress("reading invoices") as receivables.progress:
                report = ask(receivables)
            print_rows(report.columns, report.cells(), self.style, self._title(heading))
            if not report:
                note_if_empty(books, self.uri)
            if isinstance(receivables, ViewedReceivables) and receivables.stale:
                self._note_age(receivables.refreshed)
        return report

    @contextmanager
    def _open(self) -> Iterator[tuple[Books, Receivables]]:
        if self.viewing is None:
            with open_to_read(self.uri, as_of=self.as_of, skip_damaged=self.skip_damaged) as books:
                yield books, Receivables(books.store, self.seller)
        else:
            with open_indexed(self.uri, self.viewing.index, type=Invoice) as (store, index):
                stale = self.viewing.stale
                yield Books(store), ViewedReceivables(store, index, self.seller, stale=stale)

    def _note_age(self, refreshed: datetime | None) -> None:
        if refreshed:
            age = (datetime.now(UTC) - refreshed).total_seconds()
            click.echo(f"holdall: as of {self.zone.describe(refreshed)}, {age:,.0f} seconds ago", err=True)

    def day(self) -> date:
        """Return the day of ``--as-of``, or today."""
        return self.zone.today() if self.as_of is None else self.zone.day(self.as_of)

    def _title(self, heading: str) -> str:
        as_of = f"Books as of {self.zone.describe(self.as_of)}" if self.as_of else ""
        return ". ".join(filter(None, [heading, as_of]))


_seller = click.option("--seller", metavar="ID", help="Report only on invoices of this seller.")
_as_of = click.option(
    "--as-of",
    type=moment,
    metavar="TIME",
    show_default="now",
    help="Report on the books as they were at this time (ISO 8601), or at the end of this day.",
)


_view = click.option(
    "--view",
    is_flag=True,
    help="Read a view, which keeps the result and reads only the invoices that changed since the last report.",
)
_index = click.option(
    "--index", metavar="URI", help="With --view: the store that keeps the view, instead of the default."
)
_stale = click.option(
    "--stale", is_flag=True, help="With --view: read no invoices, and report how old the view is."
)


def _viewing(view: bool, index: str | None, stale: bool, others: dict[str, Any]) -> Viewing | None:
    if not view:
        if index or stale:
            raise click.UsageError(f"{'--index' if index else '--stale'} needs --view")
        return None
    for name, value in others.items():
        if value:
            raise click.UsageError(f"{name} needs a report that reads all books; leave out --view")
    return Viewing(index, stale)


def _common(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that every report has. ``command`` gets them as an Asked, and then its own options."""

    @wraps(command)
    def asking(
        *,
        uri: str,
        seller: str | None,
        as_of: date | None,
        zone: Zone,
        skip_damaged: bool,
        style: str | None,
        view: bool,
        index: str | None,
        stale: bool,
        **own: Any,
    ) -> None:
        viewing = _viewing(view, index, stale, {"--as-of": as_of, "--skip-damaged": skip_damaged})
        instant = None if as_of is None else zone.instant(as_of)
        command(Asked(uri, seller, instant, zone, skip_damaged, style, viewing), **own)

    decorated: Callable[..., Any] = asking
    for option in (
        *(formats, _stale, _index, _view),
        *(skip_damaged, zone.option, _as_of, _seller, address.option("from")),
    ):
        decorated = option(decorated)
    return decorated


def _by_name(name: str, text: str) -> click.Command:
    @receivables.command(name, help=text, epilog=examples(f"receivables {name} {AT}"))
    @_common
    def command(asked: Asked) -> None:
        asked.report(lambda books: getattr(books, name.replace("-", "_"))())

    return command


billed = _by_name("billed", "Show the amounts billed per accounting code. Credit notes are subtracted.")
paid = _by_name(
    "paid", "Show the amounts paid in cash per accounting code. Amounts paid back are subtracted."
)
written_off = _by_name("written-off", "Show the write-offs per code that bears them.")
adjusted = _by_name("adjusted", "Show the amounts settled without cash per code.")
outstanding = _by_name("outstanding", "Show the amounts owed per accounting code.")
by_code = _by_name("by-code", "Show the amounts billed, paid, adjusted and owed per code.")
received = _by_name("received", "Show the cash received per month. Cash paid back is subtracted.")


@receivables.command(epilog=examples(f"receivables aging --on 2026-09-30 {AT}"))
@_common
@click.option(
    "--on",
    type=day,
    metavar="YYYY-MM-DD",
    show_default="today, or the day of --as-of",
    help="The day on which the days past due are counted.",
)
def aging(asked: Asked, on: date | None) -> None:
    """Show the balance of each customer by days past due."""
    late_on = on or asked.day()
    shown = f"{late_on}" if on else f"{late_on} ({asked.zone})"
    asked.report(lambda books: books.aging(late_on), f"Aging per customer, in days past due on {shown}")


@receivables.command(
    short_help="List the documents and payments of one customer.",
    epilog=examples(f"receivables statement NO999000666MVA {AT}"),
)
@_common
@click.argument("customer", metavar="CUSTOMER-ID")
def statement(asked: Asked, customer: str) -> None:
    """List every document and payment of one customer, in order, with the running balance."""
    if not asked.report(lambda books: books.statement(customer)):
        raise HoldallError(
            f"there are no documents of customer {customer!r}; `holdall invoices list` shows the existing ids"
        )
