"""Rows on standard output: a table for people, JSON or CSV for programs."""

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from io import StringIO
from typing import Any

import click

from holdall.cli.table import table

Cells = Iterable[Sequence[str]]


def formats(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options ``--json`` and ``--csv`` of a command that prints rows; it gets ``style``."""
    for name, text in (
        ("csv", "Print CSV with a header line."),
        ("json", "Print a JSON array, an object of text a row."),
    ):
        command = click.option(f"--{name}", "style", flag_value=name, help=text)(command)
    return command


def show(columns: Sequence[str], rows: Cells, style: str | None = None, title: str = "") -> None:
    """Print ``rows`` of text under ``columns``: a table, or "json" objects by column, or "csv".

    JSON and CSV are UTF-8 (RFC 8259, RFC 4180) wherever they go; lines of CSV end in a line feed.
    """
    if style == "json":
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    elif style == "csv":
        written = StringIO()
        csv.writer(written, lineterminator="\n").writerows([columns, *rows])
        click.echo(written.getvalue().encode(), nl=False)
    else:
        click.echo(table(columns, list(rows), title))


def print_json(value: object) -> None:
    """Print ``value`` as indented JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False).encode())
