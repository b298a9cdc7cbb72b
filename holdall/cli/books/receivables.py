"""Commands that report on receivables: by accounting code, by month, by customer."""

from collections.abc import Callable
from datetime import date
from typing import Any

import click

from holdall.cli.arguments import day
from holdall.cli.books.asking import LETTERS, Asked, balance, flow
from holdall.cli.help import examples
from holdall.domain.summaries import MEASURES, Measure
from holdall.errors import HoldallError

AT = "--from sqlite:///books.db"


@click.group(epilog=examples(f"receivables outstanding {AT}", f"receivables aging {AT} --csv"))
def receivables() -> None:
    """Report the amounts billed, paid and owed. Each report is a map-reduce query over the books.

    Amounts are in the currency that their row names, and amounts of different currencies are never added.
    --at counts what is dated until the end of a day; --as-of reads the books as they were recorded at a time.
    """


def _by_name(name: str, text: str, dates: Callable[..., Any] = flow) -> click.Command:
    @receivables.command(name, help=text, epilog=examples(f"receivables {name} {AT}"))
    @dates
    def command(asked: Asked) -> None:
        asked.report(lambda books: getattr(books, name.replace("-", "_"))())

    return command


billed = _by_name("billed", "Show the amounts billed per accounting code. Credit notes are subtracted.")
paid = _by_name(
    "paid", "Show the amounts paid in cash per accounting code. Amounts paid back are subtracted."
)
written_off = _by_name("written-off", "Show the write-offs per code that bears them.")
adjusted = _by_name("adjusted", "Show the amounts settled without cash per code.")
outstanding = _by_name("outstanding", "Show the amounts owed per accounting code.", balance)
by_code = _by_name("by-code", "Show the amounts billed, paid, adjusted and owed per code.", balance)
received = _by_name("received", "Show the cash received per month. Cash paid back is subtracted.")


_on = click.option(
    "--on",
    type=day,
    metavar="YYYY-MM-DD",
    show_default="the day of --at or --as-of, or today",
    help="The day on which the days past due are counted.",
)


@receivables.command(
    short_help="Show the amounts per customer, the largest first.",
    epilog=examples(
        f"receivables customers --top 10 {AT}",
        f"receivables customers --by billed --top 3 --from-date 2026-01-01 --to-date 2026-03-31 {AT}",
    ),
)
@flow
@click.option(
    "--by",
    type=click.Choice(MEASURES),
    default="owed",
    show_default=True,
    help="The amount that sorts the customers. A customer without it is left out.",
)
@click.option(
    "--top",
    "most",
    type=click.IntRange(1),
    metavar="N",
    help="Show only the first N customers in each currency.",
)
def customers(asked: Asked, by: Measure, most: int | None) -> None:
    """Show the amounts billed, paid, adjusted and owed per customer, the largest first in each currency.

    With --from-date, the amount owed is its change in these days.
    """
    asked.report(lambda books: books.customers(by, most), f"Customers by the amount {by}")


@receivables.command(
    short_help="Show the days sales outstanding (DSO).",
    epilog=examples(f"receivables dso --at 2026-09-30 {AT}", f"receivables dso --days 365 --json {AT}"),
)
@balance
@click.option(
    "--days",
    type=click.IntRange(1, 36_500),
    default=90,
    show_default=True,
    help="The number of days whose billed amount is compared with the balance.",
)
def dso(asked: Asked, days: int) -> None:
    """Show the days sales outstanding of each currency: how many days of billing the customers owe.

    The formula is owed * days / billed, with the balance at the end of the day of --at, and the amount that was billed
    in the days until then (the simple method). Both amounts include tax.
    """
    if asked.viewing:
        raise click.UsageError("dso reads all books; leave out --view")
    on = asked.day()
    asked.report(
        lambda books: books.dso(on, days), f"Days sales outstanding on {on}, from {days} days of billing"
    )


def _aging_heading(asked: Asked, on: date | None) -> str:
    shown = f"{on or asked.day()}" if on or asked.until else f"{asked.day()} ({asked.zone})"
    return f"Aging per customer, in days past due on {shown}"


@receivables.command(epilog=examples(f"receivables aging --at 2026-09-30 {AT}"))
@balance
@_on
def aging(asked: Asked, on: date | None) -> None:
    """Show the balance of each customer by days past due."""
    asked.report(lambda books: books.aging(on or asked.day()), _aging_heading(asked, on))


@receivables.command(
    short_help="Show amounts by code, cash by month, and aging at once.",
    epilog=examples(f"receivables overview --at 2026-09-30 {AT}"),
)
@balance
@_on
def overview(asked: Asked, on: date | None) -> None:
    """Show the reports by-code, received and aging, from one reading of the books."""
    headings = ("Amounts per accounting code", "Cash received per month", _aging_heading(asked, on))
    asked.reports(lambda books: books.overview(on or asked.day()), headings)


@receivables.command(
    short_help="List the documents and payments of one customer.",
    epilog=examples(
        f"receivables statement NO999000666MVA {AT}",
        f"receivables statement NO999000666MVA --at 2026-09-30 --html {AT}",
    ),
)
@balance
@click.option("--text", "style", flag_value="text", help="Print text that fits 60 columns, for a letter.")
@click.option("--html", "style", flag_value="html", help="Print a page of HTML, which a browser can print.")
@click.argument("customer", metavar="CUSTOMER-ID")
def statement(asked: Asked, customer: str) -> None:
    """List every document and payment of one customer, in order, with the running balance."""
    heading = f"Statement of account {customer}" if asked.style in LETTERS else ""
    if not asked.report(lambda books: books.statement(customer), heading):
        raise HoldallError(
            f"there are no documents of customer {customer!r}; `holdall invoices list` shows the existing ids"
        )
