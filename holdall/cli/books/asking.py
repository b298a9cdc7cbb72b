"""The options that every report has, and the books that it reads with them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import wraps
from typing import Any, Final, TypeVar

import click

from holdall.cli import address, zone
from holdall.cli.arguments import day, moment
from holdall.cli.books.open import finish_payments, note_if_empty, open_past, open_to_read, skip_damaged
from holdall.cli.indexed import open_indexed
from holdall.cli.output.letter import as_html, as_text
from holdall.cli.output.printing import formats, print_bytes, print_json, print_rows
from holdall.cli.output.progress import show_progress
from holdall.cli.zone import Zone
from holdall.domain import Books, Invoice, Receivables, ViewedReceivables
from holdall.domain.report import Overview, Report

LETTERS: Final = {"text": as_text, "html": as_html}
"""The styles in which a statement is written for its customer."""

A = TypeVar("A", bound=Sequence[Any])


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
    since: date | None = None
    until: date | None = None

    def report(self, ask: Callable[[Receivables], Report[Any]], heading: str = "") -> Report[Any]:
        """Run the report ``ask`` on the books, print it, and return it.

        A table has a heading with its day and time.
        """
        with self._answer(ask) as (report, note):
            title = self._title(heading, note)
            if self.style in LETTERS:
                lines = LETTERS[self.style](title, report)
                print_bytes("".join(f"{line}\n" for line in lines).encode(errors="backslashreplace"))
            else:
                print_rows(report.columns, report.cells(), self.style, title)
        return report

    def reports(self, ask: Callable[[Receivables], Overview], headings: Sequence[str]) -> None:
        """Run the reports ``ask`` on the books, and print each with one of ``headings``, or all as one JSON object."""
        if self.style not in (None, "json"):
            raise click.UsageError("CSV has one table; ask for one report, or for --json")
        with self._answer(ask) as (overview, note):
            if self.style == "json":
                found = {name: report.records() for name, report in overview._asdict().items()}
                print_json({**found, "note": note} if note else found)
                return
            every: Sequence[Report[Any]] = overview
            for heading, report in zip(headings, every, strict=True):
                print_rows(report.columns, report.cells(), title=self._title(heading, note))

    @contextmanager
    def _answer(self, ask: Callable[[Receivables], A]) -> Iterator[tuple[A, str]]:
        """Give the result of ``ask`` on the books, and a note, which is empty unless their history begins later.

        A line on standard error has this note too if the result is printed for a program, and others if the books are
        empty or the view is old.
        """
        with self._open() as (books, receivables, begins):
            with show_progress("reading invoices") as receivables.progress:
                answer = ask(receivables)
            note = (
                f"The history begins {self.zone.describe(begins)}; earlier books are not known"
                if begins
                else ""
            )
            yield answer, note
            if note and self.style not in (None, *LETTERS):
                click.echo(f"holdall: {note}", err=True)
            if not any(answer) and not note:
                note_if_empty(books, self.uri)
            if isinstance(receivables, ViewedReceivables) and receivables.stale:
                self._note_age(receivables.refreshed)

    @contextmanager
    def _open(self) -> Iterator[tuple[Books, Receivables, datetime | None]]:
        """Give the books, their reports, and the time at which their history begins if that is after ``as_of``."""
        if self.viewing:
            with open_indexed(self.uri, self.viewing.index, type=Invoice) as (store, index):
                books = Books(store)
                finish_payments(books)
                yield books, ViewedReceivables(store, index, self.seller, stale=self.viewing.stale), None
        elif self.as_of:
            with open_past(self.uri, self.as_of, skip_damaged=self.skip_damaged) as (books, begins):
                yield books, self._reports(books), begins
        else:
            with open_to_read(self.uri, skip_damaged=self.skip_damaged) as books:
                finish_payments(books)
                yield books, self._reports(books), None

    def _reports(self, books: Books) -> Receivables:
        return Receivables(books.store, self.seller, since=self.since, until=self.until)

    def _note_age(self, refreshed: datetime | None) -> None:
        if refreshed:
            age = (datetime.now(UTC) - refreshed).total_seconds()
            click.echo(f"holdall: as of {self.zone.describe(refreshed)}, {age:,.0f} seconds ago", err=True)

    def day(self) -> date:
        """Return the day of ``--at``, or else of ``--as-of``, or today."""
        if self.until is not None:
            return self.until
        return self.zone.today() if self.as_of is None else self.zone.day(self.as_of)

    def _title(self, heading: str, note: str) -> str:
        first, last = self.since, self.until
        days = f"From {first} to {last or 'the last day'}" if first is not None else ""
        at = f"At the end of {last}" if first is None and last is not None else ""
        as_of = f"Books as of {self.zone.describe(self.as_of)}" if self.as_of else ""
        return ". ".join(filter(None, [heading, days or at, as_of, note]))


_seller = click.option("--seller", metavar="ID", help="Report only on invoices of this seller.")
_as_of = click.option(
    "--as-of",
    type=moment,
    metavar="TIME",
    show_default="now",
    help="Report on the books as they were recorded at this time (ISO 8601), or at the end of this day.",
)
_at = click.option(
    "--at",
    type=day,
    metavar="YYYY-MM-DD",
    show_default="all days",
    help="Count only the documents and payments that are dated until the end of this day.",
)
_from_date = click.option(
    "--from-date",
    type=day,
    metavar="YYYY-MM-DD",
    help="Count only documents and entries of this day or later.",
)
_to_date = click.option(
    "--to-date",
    type=day,
    metavar="YYYY-MM-DD",
    help="Count only documents and entries until the end of this day.",
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
        at: date | None = None,
        from_date: date | None = None,
        to_date: date | None = None,
        **own: Any,
    ) -> None:
        others = {"--as-of": as_of, "--skip-damaged": skip_damaged}
        others |= {"--at": at, "--from-date": from_date, "--to-date": to_date}
        viewing = _viewing(view, index, stale, others)
        instant = None if as_of is None else zone.instant(as_of)
        asked = Asked(uri, seller, instant, zone, skip_damaged, style, viewing, from_date, at or to_date)
        command(asked, **own)

    decorated: Callable[..., Any] = asking
    for option in (
        *(formats, _stale, _index, _view),
        *(skip_damaged, zone.option, _as_of, _seller, address.option("from")),
    ):
        decorated = option(decorated)
    return decorated


def flow(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a report on amounts that move on a day."""
    return _from_date(_to_date(_common(command)))


def balance(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option of a report on balances."""
    return _at(_common(command))
