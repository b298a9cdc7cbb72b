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
    blocks = list(_blocks(old, new))
    for number, (kind, low, high, start, stop) in enumerate(blocks):
        pairs = zip_longest(_sides(old, low, high), _sides(new, start, stop), fillvalue=Side())
        if kind == "equal":
            same = [Row("equal", *pair) for pair in pairs]
            rows += _fold(same, is_first=number == 0, is_last=number == len(blocks) - 1)
        else:
            rows += [Row("change", *pair) for pair in pairs]
    return rows


def _blocks(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, int, int, int, int]]:
    """Yield the blocks of equal and of changed lines, as `SequenceMatcher.get_opcodes` does.

    The equal lines at both ends are found first. Among the others, lines that are frequent do not begin a block
    of equal lines: without this rule of difflib (autojunk), 2,000 lines could take it many minutes.
    """
    short = min(len(old), len(new))
    head = next((at for at in range(short) if old[at] != new[at]), short)
    tail = next((at for at in range(short - head) if old[-1 - at] != new[-1 - at]), short - head)
    if head:
        yield "equal", 0, head, 0, head
    middle = SequenceMatcher(None, old[head : len(old) - tail], new[head : len(new) - tail], autojunk=True)
    for kind, low, high, start, stop in middle.get_opcodes():
        yield kind, head + low, head + high, head + start, head + stop
    if tail:
        yield "equal", len(old) - tail, len(old), len(new) - tail, len(new)


def _sides(lines: Sequence[str], low: int, high: int) -> Iterator[Side]:
    return (Side(number + 1, lines[number]) for number in range(low, high))


def _fold(rows: list[Row], *, is_first: bool, is_last: bool) -> list[Row]:
    """Return ``rows`` with one row for the lines that are far from a change."""
    before, after = 0 if is_first else _AROUND, 0 if is_last else _AROUND
    skipped = len(rows) - before - after
    if skipped <= 1:
        return rows
    return [*rows[:before], Row("skip", skipped=skipped), *rows[len(rows) - after :]]
