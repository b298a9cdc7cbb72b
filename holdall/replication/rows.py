"""The rows that a sync remembers: the tags of each key at both sides, in blocks, and the manifest of the blocks.

    manifest = gzip file of a JSON object: "format": 1, "names": [ source, target ],
               "positions": [ source / null, target / null ], "ends": [ source / null, target / null ],
               "complete": true / false, "pending": [ *key ],
               "blocks": [ *[ first, name, [ keys, digest ], [ keys, digest ] ] ]
    block    = gzip file of a JSON object: "keys": [ *key ], "source": [ *tag ], "target": [ *tag ]

The lists of a block are the columns of its rows, in the order of the keys. A tag is empty if the key was missing
at that side. The rows of a block before the key ``first`` are out of date. For each side, a block has the number
of keys that were there, and the digest of these keys and their tags.
"""

import hashlib
import json
from collections.abc import Iterator
from itertools import chain
from typing import Any, Final, NamedTuple, Self

from holdall.changes import Position
from holdall.errors import Corrupt, InvalidPosition, Mismatch
from holdall.middleware._columns import is_growing, require_texts
from holdall.store import ABSENT, Tag

FORMAT: Final = 1
PENDING: Final = 1_000
"""The most keys that a manifest names as pending."""

Listed = tuple[str, Tag]
"""A key and its tag at one side."""


class Row(NamedTuple):
    """The tags of ``key`` at both sides when it was last settled.

    If both are ABSENT, the key was deleted. If only ``source`` is ABSENT, the source never had the key.
    """

    key: str
    source: Tag
    target: Tag


class Summary(NamedTuple):
    """The number of keys of a block at one side, and the digest of the keys and their tags."""

    keys: int
    digest: str

    @classmethod
    def of(cls, listed: list[Listed]) -> Self:
        """Return the number and the digest of ``listed``.

        >>> Summary.of([("a", Tag("1"))]) == Summary.of([("a", Tag("2"))])
        False
        """
        text = "\0".join(chain.from_iterable(listed)).encode(errors="surrogatepass")
        return cls(len(listed), hashlib.sha256(text).hexdigest()[:32])  # most processors have it built in


UNKNOWN: Final = Summary(0, "")
"""Stands for a side of a block whose first rows are out of date. It is never equal to that of a listing."""


class Block(NamedTuple):
    """The rows from the key ``first`` on, before the first key of the next block."""

    first: str
    name: str
    source: Summary
    target: Summary

    @classmethod
    def of(cls, name: str, rows: list[Row]) -> Self:
        """Return the block with this name and these rows."""
        source = [(row.key, row.source) for row in rows if row.source != ABSENT]
        target = [(row.key, row.target) for row in rows if row.target != ABSENT]
        return cls(rows[0].key, name, Summary.of(source), Summary.of(target))

    def after(self, key: str) -> "Block":
        """Return this block without its rows up to ``key``."""
        return Block(key + "\0", self.name, UNKNOWN, UNKNOWN)

    def load(self, data: bytes) -> list[Row]:
        """Return the rows of this block. Raises Corrupt if they are not those that were written."""
        try:
            read = json.loads(data)
            keys, source, target = read["keys"], read["source"], read["target"]
            if not len(keys) == len(source) == len(target) or not is_growing(require_texts(keys)):
                raise ValueError("its rows are not in order")
            rows = list(map(Row, keys, map(Tag, require_texts(source)), map(Tag, require_texts(target))))
            if self.source == UNKNOWN:
                return [row for row in rows if row.key >= self.first]
            if Block.of(self.name, rows) != self:
                raise ValueError("its rows are not those that were written")
        except (ValueError, TypeError, LookupError, RecursionError) as error:
            raise Corrupt(f"block {self.name} is damaged: {error}") from error
        return rows


def dump_rows(rows: list[Row]) -> bytes:
    """Return ``rows`` as `Block.load` reads them."""
    keys, source, target = zip(*rows, strict=True)
    return json.dumps({"keys": keys, "source": source, "target": target}).encode()


class Manifest(NamedTuple):
    """What a sync remembers.

    ``positions`` are those in the feeds of the source and the target. Every change before them was settled,
    if ``complete``; otherwise a comparison of all keys began there and was interrupted. ``ends`` are the positions
    after the last write of the sync. A side whose feed cannot go on from there was restored from a backup.
    ``pending`` are the keys that could not be settled.
    """

    positions: tuple[str | None, str | None] = (None, None)
    complete: bool = False
    pending: tuple[str, ...] = ()
    blocks: tuple[Block, ...] = ()
    ends: tuple[str | None, str | None] = (None, None)

    @property
    def extra(self) -> int:
        """The number of keys that only the target has."""
        return sum(max(0, block.target.keys - block.source.keys) for block in self.blocks)

    def parts(self) -> Iterator[tuple[Block | None, str | None]]:
        """Yield each block with the key before which it ends. Together they cover all keys."""
        bounds: list[str | None] = [block.first for block in self.blocks[1:]]
        yield from zip(self.blocks or [None], [*bounds, None], strict=True)

    def dump(self, names: tuple[str, str]) -> bytes:
        """Return the manifest as `load` reads it."""
        return json.dumps({"format": FORMAT, "names": names, **self._asdict()}).encode()

    @classmethod
    def load(cls, data: bytes) -> "Manifest":
        """Return the manifest that `dump` wrote. Raises Mismatch if a later holdall wrote it, else Corrupt."""
        try:
            read = json.loads(data)
            if read["format"] != FORMAT:
                raise Mismatch("a later version of holdall wrote it; upgrade holdall")
            positions, ends = _positions(read["positions"]), _positions(read["ends"])
            blocks = tuple(_block(*fields) for fields in read["blocks"])
            if not is_growing([block.first for block in blocks]):
                raise ValueError("its blocks are not in order")
            return cls(
                positions, read["complete"] is True, tuple(require_texts(read["pending"])), blocks, ends
            )
        except Mismatch:
            raise
        except (ValueError, TypeError, LookupError, RecursionError, InvalidPosition) as error:
            raise Corrupt(f"its manifest is damaged: {error}") from error


def _positions(read: list[Any]) -> tuple[str | None, str | None]:
    source, target = read
    for position in require_texts([each for each in read if each is not None]):
        Position.parse(position)
    return source, target


def _block(first: Any, name: Any, source: Any, target: Any) -> Block:
    require_texts([first, name, source[1], target[1]])
    return Block(first, name, Summary(int(source[0]), source[1]), Summary(int(target[0]), target[1]))
