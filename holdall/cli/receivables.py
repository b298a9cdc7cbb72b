"""Commands on what is owed: billed, paid, outstanding, received, aging, statement."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import click

from holdall.cli import address
from holdall.cli.books import books_at
from holdall.cli.days import DAY, today
from holdall.cli.output import formats, show
from holdall.cli.progress import counting
from holdall.domain import Receivables
from holdall.domain.report import Report


@click.group(epilog="Example: holdall receivables outstanding --from sqlite:///books.db --csv")
def receivables() -> None:
    """What is billed, paid and owed, each answer by map-reduce over the books."""


def _common(command: Callable[..., Any]) -> Callable[..., Any]:
    seller = click.option("--seller", metavar="ID", help="Only what this seller billed.")
    decorated: Callable[..., Any] = address.option("from")(seller(formats(command)))
    return decorated


@contextmanager
def _asked(uri: str, seller: str | None) -> Iterator[Receivables]:
    with books_at(uri) as books, counting("reading invoices") as progress:
        yield Receivables(books.store, seller, progress=progress)


def _print(report: Report[Any], style: str | None) -> None:
    show(report.columns, report.cells(), style)


def _by_name(name: str, text: str) -> click.Command:
    @receivables.command(name, help=text)
    @_common
    def command(uri: str, seller: str | None, style: str | None) -> None:
        with _asked(uri, seller) as asked:
            report = getattr(asked, name)()
        _print(report, style)

    return command


billed = _by_name("billed", "What is billed, less what is credited, per accounting code.")
paid = _by_name("paid", "What is paid per accounting code.")
outstanding = _by_name("outstanding", "What is owed per accounting code.")
received = _by_name("received", "Cash received per month.")


@receivables.command(epilog="Example: holdall receivables aging --on 2026-09-30 --from sqlite:///books.db")
@_common
@click.option("--on", type=DAY, default=today, help="As of this day [today].")
def aging(uri: str, seller: str | None, style: str | None, on: datetime) -> None:
    """What each customer owes, by how long it is past due."""
    with _asked(uri, seller) as asked:
        report = asked.aging(on.date())
    _print(report, style)


@receivables.command(epilog="Example: holdall receivables statement DE123456789 --from sqlite:///books.db")
@click.argument("customer", metavar="CUSTOMER-ID")
@_common
def statement(customer: str, uri: str, seller: str | None, style: str | None) -> None:
    """Every document and payment of one customer, with the running balance."""
    with _asked(uri, seller) as asked:
        report = asked.statement(customer)
    _print(report, style)
