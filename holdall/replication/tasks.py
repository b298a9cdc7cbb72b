"""Finds the keys that a sync must look at: from the listings of both sides, or from their feeds."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import NamedTuple

from holdall.replication.rows import UNKNOWN, Block, Listed, Row, Summary
from holdall.store import ABSENT, Tag


class Task(NamedTuple):
    """A key, its tags at both sides now, and the remembered row, if there is one.

    A tag is None if nobody has looked. The feed of that side then did not tell a change of the key.
    """

    key: str
    source: Tag | None
    target: Tag | None
    row: Row | None


class Slices:
    """Cuts a listing into slices.

    >>> slices = Slices(iter([("a", Tag("1")), ("b", Tag("2")), ("c", Tag("3"))]))
    >>> slices.take(2, "c")
    [('a', '1'), ('b', '2')]
    >>> list(slices.until(None))
    [('c', '3')]
    """

    def __init__(self, listing: Iterator[Listed]) -> None:
        self._listing = listing
        self._ahead: list[Listed] = []  # read from the listing already

    def is_empty(self) -> bool:
        """Return whether no key is left. This may read one key."""
        if not self._ahead:
            self._ahead.extend(islice(self._listing, 1))
        return not self._ahead

    def take(self, count: int, stop: str | None) -> list[Listed] | None:
        """Return the slice before ``stop`` if it has exactly ``count`` keys; otherwise take nothing."""
        missing = max(0, count + 1 - len(self._ahead))
        self._ahead.extend(islice(self._listing, missing))
        taken, following = self._ahead[:count], self._ahead[count : count + 1]
        fits = len(taken) == count and not any(_ends(each, stop) for each in taken[-1:])
        if not fits or not all(_ends(each, stop) for each in following):
            return None
        del self._ahead[:count]
        return taken

    def put_back(self, taken: list[Listed]) -> None:
        """Put the slice that was taken last back in front of the listing."""
        self._ahead[:0] = taken

    def until(self, stop: str | None) -> Iterator[Listed]:
        """Yield the slice before ``stop``, lazily. Read it to its end before you take the next slice."""
        ahead, self._ahead = iter(self._ahead), []
        for each in chain(ahead, self._listing):
            if _ends(each, stop):
                self._ahead = [each, *ahead]
                return
            yield each


def _ends(listed: Listed, stop: str | None) -> bool:
    return stop is not None and listed[0] >= stop


def is_kept(block: Block, stop: str | None, source: Slices, target: Slices) -> bool:
    """Return whether both listings show exactly the keys and tags of ``block``; if so, take them."""
    if block.source == UNKNOWN:
        return False
    ours = source.take(block.source.keys, stop)
    theirs = None if ours is None else target.take(block.target.keys, stop)
    if (
        ours is not None
        and theirs is not None
        and (Summary.of(ours), Summary.of(theirs)) == (block.source, block.target)
    ):
        return True
    source.put_back(ours or [])
    target.put_back(theirs or [])
    return False


def merge(rows: list[Row], source: Iterator[Listed], target: Iterator[Listed]) -> Iterator[Task]:
    """Yield a task for each key of ``rows`` and of the slices of both listings, in order."""
    remembered = iter(rows)
    row, ours, theirs = next(remembered, None), next(source, None), next(target, None)
    while row or ours or theirs:
        key = min(each[0] for each in (row, ours, theirs) if each)
        found: list[Tag] = [ABSENT, ABSENT]
        held = None
        if ours and ours[0] == key:
            found[0], ours = ours[1], next(source, None)
        if theirs and theirs[0] == key:
            found[1], theirs = theirs[1], next(target, None)
        if row and row.key == key:
            held, row = row, next(remembered, None)
        yield Task(key, found[0], found[1], held)


def pick(
    rows: list[Row], keys: list[str], source: Mapping[str, Tag], target: Mapping[str, Tag]
) -> Iterator[Task]:
    """Yield a task for each of ``rows``, and for each of ``keys``, which are those that may have changed."""
    known = {row.key: row for row in rows}
    changed = set(keys)
    for key in sorted(known.keys() | changed):
        row = known.get(key)
        if key in changed:
            yield Task(key, source.get(key), target.get(key), row)
        elif row is not None:
            yield Task(key, row.source, row.target, row)


def group(keys: Iterable[str], blocks: tuple[Block, ...]) -> dict[int, list[str]]:
    """Return the sorted ``keys`` of each block, by the number of the block.

    >>> group(["b", "a"], ())
    {0: ['a', 'b']}
    """
    later = [block.first for block in blocks[1:]]
    groups: dict[int, list[str]] = {}
    for key in sorted(keys):
        groups.setdefault(bisect_right(later, key), []).append(key)
    return groups
