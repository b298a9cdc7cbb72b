"""Merges runs of segments, so that their number and the deleted names in them stay few."""

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping

from holdall.query.views.segments.manifest import Rows, Run, Segment, size_of

LARGEST = 1 << 20
"""A segment is cut when it has this many bytes of values. Only a single larger value makes it larger."""
_RATIO = 3
"""Each run is at least this many times as large as the run after it, which is newer."""

Row = tuple[str, bytes | None]


def divide(runs: list[Run], size: int) -> int:
    """Return how many of ``runs``, the newest first, a commit of ``size`` bytes merges into its run.

    >>> tiny, large = (Segment(name, "a", size, b"") for name, size in (("x", 10), ("y", 1000)))
    >>> divide([[tiny], [large]], 9), divide([[tiny], [large]], 1)
    (1, 0)
    """
    for count, run in enumerate(runs):
        if size_of(run) >= _RATIO * size:
            return count
        size += size_of(run)
    return len(runs)


def merged(
    changes: Mapping[str, bytes | None], runs: list[Run], read: Callable[[Segment], Rows]
) -> Iterator[Row]:
    """Yield the rows of ``changes`` and of ``runs`` in the order of their names; of equal names, the newest row.

    ``read`` returns the rows of a segment. Memory holds one segment of each run.
    """
    newest_first = [sorted(changes.items()), *(_rows(run, read) for run in runs)]
    last = None
    for name, _, value in heapq.merge(*(_numbered(age, rows) for age, rows in enumerate(newest_first))):
        if name != last:
            yield name, value
        last = name


def cut(rows: Iterable[Row]) -> Iterator[Rows]:
    """Yield the rows of one segment after the other."""
    taken: Rows = {}
    size = 0
    for name, value in rows:
        taken[name] = value
        size += len(name) + len(value or b"")
        if size >= LARGEST:
            yield taken
            taken, size = {}, 0
    if taken:
        yield taken


def _rows(run: Run, read: Callable[[Segment], Rows]) -> Iterator[Row]:
    for segment in run:
        yield from read(segment).items()


def _numbered(age: int, rows: Iterable[Row]) -> Iterator[tuple[str, int, bytes | None]]:
    return ((name, age, value) for name, value in rows)
