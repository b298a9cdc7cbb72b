"""Writes a statement of account for its customer: as text that fits 60 columns, or as a page of HTML."""

from collections.abc import Iterable, Iterator
from html import escape
from itertools import groupby
from typing import Final

from holdall.cli.output.safe_text import one_line
from holdall.domain.money import text
from holdall.domain.report import StatementRow

WIDTH: Final = 60
_LEAST: Final = 16  # columns for the name of an entry
_COLUMNS: Final = ("Day", "Entry", "Amount", "Balance")
_STYLE: Final = """body { font-family: sans-serif; margin: 2em; }
table { border-collapse: collapse; margin: 1em 0; }
th, td { padding: 0.2em 0.8em; text-align: left; vertical-align: top; }
thead th { border-bottom: 1px solid; }
.amount { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }"""


def as_text(title: str, rows: Iterable[StatementRow]) -> Iterator[str]:
    """Yield the lines of the statement, each of at most 60 columns unless an amount is longer than that.

    >>> list(as_text("Statement of account C", []))
    ['Statement of account C']
    """
    yield from _wrap(title, WIDTH)
    for currency, account in groupby(rows, key=lambda row: row.currency):
        entries = list(account)
        yield from ("", currency)
        cells = [_amounts(row) for row in entries]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        room = WIDTH - len("2026-01-31") - sum(widths) - 6
        for row, amounts in zip(entries, cells, strict=True):
            figures = "  ".join(cell.rjust(width) for cell, width in zip(amounts, widths, strict=True))
            yield from _lines(f"{row.on}", _entry(row), figures, room)


def _lines(day: str, entry: str, figures: str, room: int) -> Iterator[str]:
    """Yield the lines of one entry. If there is too little room for its name, the figures have their own line."""
    from rich.cells import set_cell_size

    if room < _LEAST:
        yield day
        yield from (f"  {line}" for line in _wrap(entry, WIDTH - 2))
        yield figures.rjust(WIDTH)
        return
    first, *others = _wrap(entry, room)
    yield f"{day}  {set_cell_size(first, room)}  {figures}"
    yield from (f"{'':12}{line}" for line in others)


def _wrap(line: str, width: int) -> list[str]:
    from rich.console import Console
    from rich.text import Text

    return [each.plain.rstrip() for each in Text(one_line(line)).wrap(Console(width=width), width)]


def as_html(title: str, rows: Iterable[StatementRow]) -> Iterator[str]:
    """Yield the lines of the statement as a page of HTML, with a table for each currency. It loads nothing."""
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f"<title>{_html(title)}</title>\n<style>\n{_STYLE}\n</style>\n</head>\n<body>\n<h1>{_html(title)}</h1>"
    for currency, account in groupby(rows, key=lambda row: row.currency):
        heads = "".join(f'<th scope="col"{_right(index)}>{name}</th>' for index, name in enumerate(_COLUMNS))
        yield f"<h2>{_html(currency)}</h2>\n<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>"
        for row in account:
            cells = (f"{row.on}", _entry(row), *_amounts(row))
            yield f"<tr>{''.join(f'<td{_right(at)}>{_html(cell)}</td>' for at, cell in enumerate(cells))}</tr>"
        yield "</tbody>\n</table>"
    yield "</body>\n</html>"


def _right(column: int) -> str:
    return ' class="amount"' if column > 1 else ""


def _html(cell: str) -> str:
    return escape(one_line(cell))


def _entry(row: StatementRow) -> str:
    return f"{row.kind} {row.number}{f', {row.reference}' if row.reference else ''}"


def _amounts(row: StatementRow) -> tuple[str, str]:
    return text(row.amount, row.currency), text(row.balance, row.currency)
