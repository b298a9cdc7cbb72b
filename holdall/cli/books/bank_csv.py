"""The options that tell how to read a bank statement in CSV, and the table [bank] of the configuration."""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, Final

import click

from holdall.configuration.files import find_bank
from holdall.domain.bank.csv_format import DELIMITERS, PLAIN, Columns, CsvFormat, columns_of, format_of_table
from holdall.domain.bank.csv_values import DATES
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


def csv_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that tell how to read CSV. The command gets the format as ``how``."""
    options: tuple[tuple[str, dict[str, Any]], ...] = (
        ("columns", {"type": _columns, "metavar": "FIELD=HEADING,…", "help": _COLUMNS}),
        ("delimiter", {"type": click.Choice([*DELIMITERS]), "help": "The character between two cells."}),
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


_COLUMNS: Final = (
    "The columns of a CSV file by field: date, amount or credit and debit, name, reference, text, id, value, currency, "
    "account. A field that is not named is in the column with its own name."
)
_CURRENCY: Final = "The currency of the amounts, such as EUR."


def _declared() -> CsvFormat:
    """Return the format that [bank] in holdall.toml declares."""
    if (found := find_bank()) is None:
        return PLAIN
    file, table = found
    try:
        return format_of_table(table)
    except Invalid as problem:
        raise Invalid(f"{file}: [bank]: {problem}", errors=problem.errors) from None
