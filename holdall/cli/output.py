"""Rows on standard output: a table for people, JSON or CSV for programs."""

import csv
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click

Cells = Iterable[Sequence[str]]
_ANY_WIDTH = 10_000  # columns; a table takes what it needs of them


def formats(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options ``--json`` and ``--csv`` of a command that prints rows; it gets ``style``."""
    for name, text in (("csv", "Print CSV with a header line."), ("json", "Print a JSON array.")):
        command = click.option(f"--{name}", "style", flag_value=name, help=text)(command)
    return command


def show(columns: Sequence[str], rows: Cells, style: str | None = None, title: str = "") -> None:
    """Print ``rows`` of text under ``columns``: a table, or "json" objects by column, or "csv"."""
    if style == "json":
        records = [dict(zip(columns, row, strict=True)) for row in rows]
        click.echo(json.dumps(records, indent=2, ensure_ascii=False))
    elif style == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
    else:
        _table(columns, list(rows), title)


def _table(columns: Sequence[str], rows: list[Sequence[str]], title: str) -> None:
    from rich import box  # late: it takes longer to import than most commands run
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for index, column in enumerate(columns):
        numeric = bool(rows) and all(_is_amount(row[index]) for row in rows)
        table.add_column(column, justify="right" if numeric else "left", no_wrap=numeric)
    for row in rows:
        table.add_row(*map(Text, row))
    # What is piped or kept in a file is as wide as it needs to be, the same everywhere.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _ANY_WIDTH)
    console.print(table)
    if not rows:
        click.echo("  (nothing)\n")


def _is_amount(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdecimal()
