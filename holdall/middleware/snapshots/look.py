"""One look: the listing of now is compared with the remembered listing, and then remembered in its place."""

import secrets
import time
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import chain, groupby, islice
from typing import Final

from holdall.keys import Span
from holdall.middleware.snapshots.blocks import Block, Manifest, Row, digest, dump_rows
from holdall.middleware.snapshots.state import State, new_name
from holdall.store import ABSENT, Tag

Listed = tuple[str, Tag]

ROWS: Final = 10_000
"""A block has half to twice as many rows."""


class Look:
    """Compares the listing of the keys in ``span`` with the blocks of the manifest ``held``.

    A block whose keys and tags have the digest that the manifest names is neither read nor written. Memory
    holds the rows of a few blocks.
    """

    def __init__(self, state: State, held: Manifest, span: Span) -> None:
        self._state = state
        self._held = held
        self._span = span
        self._number = new_number(held)
        self._deletions = 0
        self._blocks: list[Block] = []
        self._rows: list[Row] = []  # of the next block

    def run(self, listing: Iterable[Listed], expected: Tag) -> Manifest:
        """Remember ``listing``, and return the manifest. Nothing is written if nothing has changed.

        Raises Conflict or `Gone` if the manifest does not have the tag ``expected`` any more.
        """
        self._state.write(self._compare(iter(listing)))
        if expected != ABSENT and tuple(self._blocks) == self._held.blocks:
            return self._held
        manifest = self._held.after(self._number, self._deletions, self._blocks)
        self._state.commit(manifest, expected)
        return manifest

    def _compare(self, listing: Iterator[Listed]) -> Iterator[tuple[str, bytes]]:
        """Yield the name and the data of each new block, and note all blocks in their order."""
        if not self._held.blocks:
            yield from self._add(self._merge([], listing))
        for block, part, listed in self._divide(listing):
            head = list(islice(listed, block.keys + 1))
            if self._is_same(block, part, head):
                yield from self._keep(block)
            else:
                yield from self._add(self._merge(self._state.read(block), chain(head, listed)))
        if self._rows:
            yield self._cut(len(self._rows))

    def _divide(self, listing: Iterator[Listed]) -> Iterator[tuple[Block, Span, Iterator[Listed]]]:
        """Yield each block, its part of all keys, and what ``listing`` has of this part."""
        later = [block.first for block in self._held.blocks[1:]]
        groups = groupby(listing, lambda listed: bisect_right(later, listed[0]))
        nothing: tuple[int, Iterator[Listed]] = -1, iter(())
        index, listed = next(groups, nothing)
        for number, (block, part) in enumerate(self._held.parts()):
            if number == index:
                yield block, part, listed
                index, listed = next(groups, nothing)
            else:
                yield block, part, iter(())

    def _is_same(self, block: Block, part: Span, head: list[Listed]) -> bool:
        """Return whether ``block`` stays as it is. ``head`` has one more key than the block, if there are more."""
        if 0 < block.oldest <= self._held.horizon:
            return False  # nobody can go on from before these deletions, so forget them
        if not overlaps(part, self._span):
            return True
        if _covers(self._span, part):
            return len(head) == block.keys and digest(head) == block.digest
        rows = self._state.read(block)
        return head == [(key, tag) for key, tag, _ in rows if tag != ABSENT and key in self._span]

    def _merge(self, rows: list[Row], listing: Iterator[Listed]) -> Iterator[Row]:
        """Yield the rows of a block as they are after this look."""
        listed = next(listing, None)
        for row in rows:
            while listed is not None and listed[0] < row.key:
                yield Row(*listed, self._number)
                listed = next(listing, None)
            if listed is not None and listed[0] == row.key:
                yield row if listed[1] == row.tag else Row(*listed, self._number)
                listed = next(listing, None)
            elif row.tag != ABSENT and row.key in self._span:
                self._deletions += 1
                yield Row(row.key, ABSENT, self._number)
            elif row.tag != ABSENT or row.look > self._held.horizon:
                yield row
        if listed is not None:
            yield from (Row(*each, self._number) for each in chain([listed], listing))

    def _add(self, rows: Iterable[Row]) -> Iterator[tuple[str, bytes]]:
        for row in rows:
            self._rows.append(row)
            if len(self._rows) == 2 * ROWS:
                yield self._cut(ROWS)

    def _keep(self, block: Block) -> Iterator[tuple[str, bytes]]:
        """Keep ``block``, unless the rows before it are too few for a block of their own."""
        if 0 < len(self._rows) < ROWS // 2:
            yield from self._add(self._state.read(block))
        else:
            if self._rows:
                yield self._cut(len(self._rows))
            self._blocks.append(block)

    def _cut(self, count: int) -> tuple[str, bytes]:
        """Make a block of the first ``count`` rows, and return its name and data."""
        rows, self._rows = self._rows[:count], self._rows[count:]
        block = Block.of(new_name(self._held), rows)
        self._blocks.append(block)
        return block.name, dump_rows(rows)


def new_number(held: Manifest) -> int:
    """Return the number of a look after ``held``.

    It is a time in nanoseconds with a random part. So a state that was restored from a backup does not give a
    number again that it gave before.
    """
    return max(held.newest, time.time_ns()) + 1 + secrets.randbelow(1 << 20)


def overlaps(one: Span, other: Span) -> bool:
    """Return whether a key can be in both spans."""
    return not Span(max(one.low, other.low), _lower(one.high, other.high), True).empty


def _lower(one: str | None, other: str | None) -> str | None:
    return other if one is None else one if other is None else min(one, other)


def _covers(span: Span, part: Span) -> bool:
    return span.low <= part.low and _lower(span.high, part.high) == part.high
