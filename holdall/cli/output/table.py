"""Draws rows as a table for people."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from holdall.cli.output.safe_text import one_line

if TYPE_CHECKING:
    from rich.table import Table

# These columns may wrap on a narrow terminal. No other column wraps, and no text is ever cut off.
_WORDS = {"name", "description", "reference", "message", "detail", "problem", "layers", "reason"}
_NAMES = {"line", "code", "number", "id", "seller", "customer"}  # may be only digits, but are not amounts
_ANY_WIDTH = 10_000  # characters; a table uses only as many as it needs


def table(columns: Sequence[str], rows: list[Sequence[str]], title: str) -> str:
    """Return ``rows`` under ``columns``, with amounts aligned right, and a line feed at the end.

    On a terminal, the table fits the width of the terminal if it is enough to wrap the columns of words.
    Elsewhere the table is as wide as it needs to be, so that the output is the same everywhere.
    """
    from rich.console import Console  # imported late: it takes longer than most commands
    from rich.text import Text

    drawn = _draw(columns, rows)
    console = Console(highlight=False)
    least = Console(width=_ANY_WIDTH).measure(drawn).minimum
    console.width = max(console.width, least) if sys.stdout.isatty() else _ANY_WIDTH
    with console.capture() as captured:
        if title:
            console.print(Text(title, style="bold"))
        console.print(drawn if rows else "(nothing)")
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def _draw(columns: Sequence[str], rows: list[Sequence[str]]) -> "Table":
    from rich import box
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    lines = [[one_line(cell) for cell in row] for row in rows]
    for index, column in enumerate(columns):
        right = column not in _NAMES and all(_is_amount(line[index]) for line in lines)
        words = column in _WORDS
        least = None if words else max(map(cell_len, [column, *(line[index] for line in lines)]))
        heading = Text(one_line(column))  # rich reads a str as markup, and a heading may be a number
        drawn.add_column(heading, justify="right" if right else "left", no_wrap=not words, min_width=least)
    for line in lines:
        drawn.add_row(*map(Text, line))
    return drawn


def _is_amount(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdecimal()
