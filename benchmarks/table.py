"""Formats rows as a table, for a terminal or for a page."""

from collections.abc import Sequence
from itertools import groupby
from math import isnan

from rich.box import SIMPLE_HEAD
from rich.table import Table

from benchmarks.measure import Row

COLUMNS = ("holdall", "peer", "median", "quartiles", "other clock", "goal", "verdict")
_UNITS = {"s": 1.0, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9}


def table(rows: Sequence[Row]) -> Table:
    """The rows of one group, in colour."""
    made = Table(*_heads(rows), title=rows[0].group, title_justify="left", box=SIMPLE_HEAD)
    for row in rows:
        style = {"met": "green", "missed": "bold red"}.get(row.verdict)
        made.add_row(*_cells(row), style=style)
    return made


def markdown(rows: Sequence[Row]) -> str:
    """The rows of all groups as Markdown, with one heading per group."""
    parts = (_section(group, list(each)) for group, each in groupby(rows, key=lambda row: row.group))
    return "\n".join(parts)


def _section(group: str, rows: Sequence[Row]) -> str:
    lines = [_heads(rows), ("---",) + ("---:",) * 6 + ("---",), *map(_cells, rows)]
    return "\n".join([f"## {group}", "", *(f"| {' | '.join(line)} |" for line in lines), ""])


def _heads(rows: Sequence[Row]) -> tuple[str, ...]:
    clock = {"cpu": "processor time", "wall": "time on the wall"}[rows[0].clock]
    return clock, *COLUMNS


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.name,
        _time(row.ours),
        _time(row.peer),
        f"{_number(row.value)} {row.unit}",
        f"{_number(row.low)} - {_number(row.high)}",
        _number(row.other),
        str(row.goal or ""),
        row.verdict,
    )


def _time(seconds: float) -> str:
    if isnan(seconds):
        return ""
    unit = next((unit for unit, size in _UNITS.items() if seconds >= size), "ns")
    return f"{_number(seconds / _UNITS[unit])} {unit}"


def _number(value: float) -> str:
    if isnan(value):
        return ""
    return f"{value:.0f}" if abs(value) >= 20 else f"{value:.2f}"
