"""The remembered listing: rows in blocks, and the manifest that names the blocks.

    manifest = gzip file of a JSON object: "format": 1, "store": text, "origin": text,
               "looks": [ *[ look, deletions ] ], "blocks": [ *[ first, name, keys, digest, newest, oldest ] ]
    block    = gzip file of a JSON object: "keys": [ *key ], "tags": [ *tag ], "looks": [ *look ]

The lists of a block are the columns of its rows, in the order of the keys. A row is a key, its tag (empty if
the key was deleted), and the look that found this tag. A look is one comparison with the listing of the store,
and its number grows from look to look. ``origin`` is random, and names the state from its creation on.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple, Self

from holdall.changes import Position
from holdall.errors import Corrupt, Mismatch
from holdall.middleware._columns import is_growing, require_numbers, require_texts
from holdall.redact import brief
from holdall.store import ABSENT, Tag

FORMAT: Final = 1
LOOKS: Final = 2_000
"""A position stays valid for at least this many looks that found changes."""
DELETIONS: Final = 100_000
"""A position stays valid for at least this many deletions, unless `LOOKS` have passed."""

_is_name = re.compile(r"[0-9]{20}\.[0-9a-f]{32}").fullmatch


class Row(NamedTuple):
    """A key, its tag, and the look that found this tag."""

    key: str
    tag: Tag
    look: int


class Block(NamedTuple):
    """The rows from the key ``first`` on, before the first key of the next block.

    ``keys`` is the number of keys that are not deleted, and ``digest`` is the digest of them and their tags.
    ``newest`` is the newest look of a row, and ``oldest`` is the oldest look of a deletion, or 0.
    """

    first: str
    name: str
    keys: int
    digest: str
    newest: int
    oldest: int

    @classmethod
    def of(cls, name: str, rows: list[Row]) -> Self:
        """Return the block with this name and these rows."""
        there = [(row.key, row.tag) for row in rows if row.tag != ABSENT]
        oldest = min((row.look for row in rows if row.tag == ABSENT), default=0)
        newest = max(row.look for row in rows)
        return cls(rows[0].key, name, len(there), digest(there), newest, oldest)

    def load(self, data: bytes) -> list[Row]:
        """Return the rows of this block. Raises Corrupt if they are not those that were written."""
        try:
            read = json.loads(data)
            keys, tags, looks = (
                require_texts(read["keys"]),
                require_texts(read["tags"]),
                require_numbers(read["looks"]),
            )
            rows = list(map(Row, keys, map(Tag, tags), looks))
            if (
                Block.of(self.name, rows) != self
                or not len(keys) == len(tags) == len(looks)
                or not is_growing(keys)
            ):
                raise ValueError("its rows are not those that were written")
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise Corrupt(f"block {self.name} is damaged: {error}") from error
        return rows


def dump_rows(rows: list[Row]) -> bytes:
    """Return ``rows`` as `Block.load` reads them."""
    keys, tags, looks = zip(*rows, strict=True)
    return json.dumps({"keys": keys, "tags": tags, "looks": looks}).encode()


def digest(listed: list[tuple[str, Tag]]) -> str:
    """Return a digest of these keys and tags."""
    return hashlib.blake2b(json.dumps(listed).encode(), digest_size=16).hexdigest()


class Manifest(NamedTuple):
    """The looks, oldest first, with the number of deletions that each one found, and the blocks in order."""

    origin: str
    looks: tuple[tuple[int, int], ...] = ()
    blocks: tuple[Block, ...] = ()

    @property
    def newest(self) -> int:
        """The newest look."""
        return self.looks[-1][0] if self.looks else 0

    @property
    def horizon(self) -> int:
        """The oldest look from which a consumer can go on."""
        return self.looks[0][0] if self.looks else 0

    def parts(self) -> Iterator[tuple[Block, str, str | None]]:
        """Yield each block with the bounds of the keys that belong to it, from low to before high."""
        bounds = ["", *(block.first for block in self.blocks[1:])]
        yield from zip(self.blocks, bounds, [*bounds[1:], None], strict=False)

    def after(self, look: int, deletions: int, blocks: Iterable[Block]) -> "Manifest":
        """Return the manifest after one more look. Now and then it forgets the oldest looks."""
        looks = (*self.looks, (look, deletions))
        if len(looks) > 2 * LOOKS or sum(count for _, count in looks) > 2 * DELETIONS:
            looks = looks[-_remembered(looks) :]
        return Manifest(self.origin, looks, tuple(blocks))

    def dump(self, store: str) -> bytes:
        """Return the manifest as `load` reads it."""
        return json.dumps({"format": FORMAT, "store": store, **self._asdict()}).encode()

    @classmethod
    def load(cls, data: bytes, store: str) -> "Manifest":
        """Return the manifest that `dump` wrote.

        Raises Mismatch if a later holdall wrote it, or if it is of another store. Raises Corrupt for any
        other bytes.
        """
        try:
            read = json.loads(data)
            if read["format"] != FORMAT:
                raise Mismatch("a later version of holdall wrote it; upgrade holdall")
            if read["store"] != store:
                raise Mismatch(f"it is of the store {read['store']!r}, not of {store!r}")
            looks = tuple((int(look), int(deletions)) for look, deletions in read["looks"])
            made = cls(str(read["origin"]), looks, tuple(_block(fields) for fields in read["blocks"]))
            if not (
                is_growing([look for look, _ in looks]) and is_growing([block.first for block in made.blocks])
            ):
                raise ValueError("it is not in order")
            Position.parse(f"{made.origin}.{made.newest}")
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            if isinstance(error, Mismatch):
                raise
            raise Corrupt(f"its manifest is damaged: {error}") from error
        return made


def _remembered(looks: tuple[tuple[int, int], ...]) -> int:
    """Return how many of the newest looks to keep: at least two, so that the last consumer can go on."""
    count = deletions = 0
    for _, found in reversed(looks[-LOOKS:]):
        deletions += found
        if count >= 2 and deletions > DELETIONS:
            break
        count += 1
    return count


def _block(fields: list[Any]) -> Block:
    block = Block(*fields)
    require_texts([block.first, block.name, block.digest])
    require_numbers([block.keys, block.newest, block.oldest])
    if not _is_name(block.name):
        raise ValueError(f"{brief(block.name)} is not the name of a block")
    return block
