"""Compares two values line by line, side by side."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Final, Literal, NamedTuple

MOST: Final = 2000
"""The most lines of each value that are compared."""

_AROUND: Final = 3  # unchanged lines that are shown before and after a change


class Side(NamedTuple):
    """A line and its number, from 1; both are empty if the other side has more lines here."""

    number: int | str = ""
    text: str = ""


class Row(NamedTuple):
    """A line of both sides. ``skipped`` counts the equal lines that a row of the kind "skip" stands for."""

    kind: Literal["equal", "change", "skip"]
    old: Side = Side()
    new: Side = Side()
    skipped: int = 0


def compare(old: Sequence[str], new: Sequence[str]) -> list[Row]:
    """Return the rows that show ``old`` beside ``new``, of the first `MOST` lines of each.

    >>> [(row.old.text, row.new.text) for row in compare(["a", "b"], ["a", "c", "d"])]
    [('a', 'a'), ('b', 'c'), ('', 'd')]
    """
    old, new = old[:MOST], new[:MOST]
    rows: list[Row] = []
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    for number, (kind, low, high, start, stop) in enumerate(blocks):
        pairs = zip_longest(_sides(old, low, high), _sides(new, start, stop), fillvalue=Side())
        if kind == "equal":
            same = [Row("equal", *pair) for pair in pairs]
            rows += _fold(same, is_first=number == 0, is_last=number == len(blocks) - 1)
        else:
            rows += [Row("change", *pair) for pair in pairs]
    return rows


def _sides(lines: Sequence[str], low: int, high: int) -> Iterator[Side]:
    return (Side(number + 1, lines[number]) for number in range(low, high))


def _fold(rows: list[Row], *, is_first: bool, is_last: bool) -> list[Row]:
    """Return ``rows`` with one row for the lines that are far from a change."""
    before, after = 0 if is_first else _AROUND, 0 if is_last else _AROUND
    skipped = len(rows) - before - after
    if skipped <= 1:
        return rows
    return [*rows[:before], Row("skip", skipped=skipped), *rows[len(rows) - after :]]
