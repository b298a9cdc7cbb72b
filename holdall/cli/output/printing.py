"""Prints rows on standard output: a table for people, JSON or CSV for programs."""

import csv
import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from io import StringIO
from typing import Any, Final

import click

from holdall.cli.output.safe_text import visible
from holdall.cli.output.table import table

_ODD: Final = "backslashreplace"  # for file names that are not UTF-8

Cells = Iterable[Sequence[str]]


def formats(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options ``--json``, ``--csv`` and ``--csv-exact`` to a command that prints rows.

    The command gets the name of the format as ``style``, or None for a table.
    """
    for name, text in (
        ("csv-exact", "Print CSV without added apostrophes."),
        ("csv", "Print CSV with a header line, and an apostrophe before text that looks like a formula."),
        ("json", "Print a JSON array with one object of texts per row."),
    ):
        command = click.option(f"--{name}", "style", flag_value=name, help=text)(command)
    return command


def print_rows(columns: Sequence[str], rows: Cells, style: str | None = None, title: str = "") -> None:
    """Print ``rows`` of text under ``columns``, as a table or in the format ``style``.

    "json" prints an array with one object per row, by column. "csv" prints CSV with an apostrophe before text
    that a spreadsheet would read as a formula, and "csv-exact" prints CSV without it. JSON and CSV are always
    UTF-8 (RFC 8259, RFC 4180), and lines of CSV end in a line feed.
    """
    if style == "json":
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    elif style == "csv":
        _print_csv([columns, *(map(_no_formula, row) for row in rows)])
    elif style == "csv-exact":
        _print_csv([columns, *rows])
    else:
        click.echo(table(columns, list(rows), title))


def print_json(value: object) -> None:
    """Print ``value`` as indented JSON."""
    print_bytes(json.dumps(value, indent=2, ensure_ascii=False).encode(errors=_ODD) + b"\n")


def print_bytes(data: bytes) -> None:
    """Write ``data`` to standard output. On a terminal, its control characters are shown as escapes."""
    shown = visible(data.decode(errors="backslashreplace")) if sys.stdout.isatty() else data
    click.echo(shown, nl=False)


def _print_csv(rows: Iterable[Iterable[str]]) -> None:
    print_bytes("".join(map(_csv_line, rows)).encode(errors=_ODD))


def _csv_line(row: Iterable[str]) -> str:
    written = StringIO()
    csv.writer(written).writerow(row)  # it ends lines in \r\n, so it quotes cells with either character
    return f"{written.getvalue()[:-2]}\n"


def _no_formula(cell: str) -> str:
    """Return ``cell``, with an apostrophe before it if a spreadsheet would read it as a formula.

    >>> list(map(_no_formula, ["=1+1", "-12.50", "-12.50+cmd", "Acme"]))
    ["'=1+1", '-12.50', "'-12.50+cmd", 'Acme']
    """
    return f"'{cell}" if cell.startswith(_FORMULA) and not _number(cell) else cell


_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_number = re.compile(r"-[0-9]+(\.[0-9]+)?", re.ASCII).fullmatch
