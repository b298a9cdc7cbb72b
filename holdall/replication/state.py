"""Keeps the remembered rows of a sync in a store.

    key    = ".holdall/replication/" id "/" ( "manifest" / "blocks/" name / "begun/" name )
    id     = 32HEXDIG    digest of the names of both stores, the prefix, and the way of the sync
    name   = 32HEXDIG    random
    begun  = gzip file of a JSON object: "source": [ *key ], "target": [ *key ]

A sync writes new blocks first, then replaces the manifest, and then deletes the blocks that the manifest does not
name any more. After a kill in between, the manifest still names whole blocks; the next comparison of all keys
deletes those that it does not name. A comparison of all keys first writes the keys without a row that it begins to
deliver, by the side that has them. If it is killed before it remembers their rows, and that side then deletes one,
the next sync knows that it had the key.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final
from uuid import uuid4

from holdall.errors import Conflict, Corrupt, PermissionDenied, Unsupported
from holdall.keys import RESERVED
from holdall.middleware._columns import explain_damage
from holdall.middleware._reserved import Called, Reserved
from holdall.middleware.gzip import Gzip
from holdall.replication.rows import Block, Manifest, Row, dump_rows
from holdall.replication.tasks import Task
from holdall.store import ABSENT, Feature, Store, Tag

FOLDER: Final = f"{RESERVED}/replication/"
_MANIFEST: Final = "manifest"
_BLOCKS: Final = "blocks/"
_BEGUN: Final = "begun/"
_LEVEL: Final = 1  # a digest in a tag hardly compresses, and a higher level takes three times as long
_LARGEST: Final = 1 << 26  # bytes of a manifest or block before compression


class State:
    """What a sync between the stores of these ``names`` remembers in the store ``kept``.

    If ``kept`` is None, it remembers nothing. If ``dry``, it reads what is remembered, and writes nothing.
    ``way`` is the rest of the identity of the sync.
    """

    def __init__(
        self, kept: Store[Any] | None, names: tuple[str, str], way: tuple[str, ...], *, dry: bool = False
    ) -> None:
        self._kept = kept
        self._writes = kept is not None and not dry
        self._names = names
        self._tag = ABSENT
        self.manifest = Manifest()
        if kept is not None:
            said = json.dumps([names, way]).encode()
            folder = hashlib.blake2b(said, digest_size=16).hexdigest()
            called = Called(f"the remembered tags of the sync in {kept!r}")
            raw = Reserved(kept, f"{FOLDER}{folder}/", lambda key: called)
            self._raw = Gzip(raw, _LEVEL, max_size=_LARGEST)

    def load(self) -> None:
        """Read the manifest. Raises Corrupt if it is damaged, and Mismatch if a later holdall wrote it."""
        if self._kept is None:
            return
        with self._explained():
            data = self._raw.get(_MANIFEST) if not self._swaps else self._get_tagged()
            if data is not None:
                self.manifest = Manifest.load(data)

    @property
    def _swaps(self) -> bool:
        return self._kept is not None and Feature.SWAP in self._kept.features

    def _get_tagged(self) -> bytes | None:
        try:
            data, self._tag = self._raw.get_tagged(_MANIFEST)
        except KeyError:
            return None
        return data

    def read(self, block: Block) -> list[Row]:
        """Return the rows of ``block``.

        Raises Corrupt if it is damaged or missing, and Conflict if another process replaced it in the meantime.
        """
        with self._explained():
            data = self._raw.get(_BLOCKS + block.name)
            if data is None:
                now = self._raw.get(_MANIFEST)
                if now is not None and Manifest.load(now) == self.manifest:
                    raise Corrupt("a block is missing")
                raise self._overtaken()
            return block.load(data)

    def write(self, rows: list[Row]) -> Block:
        """Write a new block of ``rows``."""
        block = Block.of(uuid4().hex, rows)
        if self._writes:
            self._raw[_BLOCKS + block.name] = dump_rows(rows)
        return block

    def commit(self, manifest: Manifest) -> None:
        """Replace the manifest, and delete the blocks that are not in use any more.

        Raises Conflict if another process replaced the manifest in the meantime.
        """
        if not self._writes:
            return
        data = manifest.dump(self._names)
        if self._swaps:
            self._tag = self._swap(data, self._tag)
        else:
            self._raw[_MANIFEST] = data
        used = {block.name for block in manifest.blocks}
        unused = [block.name for block in self.manifest.blocks if block.name not in used]
        self.manifest = manifest
        self.drop([_BLOCKS + name for name in unused])

    def _swap(self, data: bytes, expected: Tag) -> Tag:
        try:
            return self._raw.swap(_MANIFEST, data, expected)
        except Conflict as error:
            raise self._overtaken() from error

    def _overtaken(self) -> Conflict:
        return Conflict(
            f"another process synced {self._names[0]} with {self._names[1]} in the meantime; "
            "run one sync of two stores at a time"
        )

    def announce(self, source: list[str], target: list[str], begun: Manifest) -> str:
        """Remember keys that the source and the target are about to deliver, and return the record's name."""
        name = _BEGUN + uuid4().hex
        if self._writes:
            if self.manifest.complete:
                self.commit(begun)
            self._raw[name] = json.dumps({"source": source, "target": target}).encode()
        return name

    def announced(self) -> dict[str, bool]:
        """Return the keys that an interrupted sync announced and whose rows it did not remember.

        The value tells whether the source had the key, or else the target.
        """
        if self._kept is None or self.manifest.complete:
            return {}
        found: dict[str, bool] = {}
        with self._explained():
            try:
                for _, data in self._raw.scan_items(_BEGUN):
                    read = json.loads(data)
                    found |= {
                        str(key): name == "source" for name in ("target", "source") for key in read[name]
                    }
            except (ValueError, TypeError, LookupError, RecursionError) as error:
                raise Corrupt(f"the keys that it began with are damaged: {error}") from error
        return found

    def drop(self, names: list[str]) -> None:
        """Delete the records with these names."""
        if self._writes and names:
            self._raw.delete_many(names)

    def commit_last(self, manifest: Manifest) -> None:
        """Commit ``manifest``, and delete what killed processes left: other blocks, and announced keys.

        They are listed before the commit: a process that reads the new manifest may write blocks right after.
        """
        found = [*self._raw.scan()] if self._writes else []
        self.commit(manifest)
        used = {_MANIFEST, *(_BLOCKS + block.name for block in manifest.blocks)}
        self.drop([key for key in found if key not in used])

    def forget(self) -> None:
        """Delete everything that is remembered."""
        if self._writes:
            found = [*self._raw.scan()]
            self._raw.discard(_MANIFEST)
            self.drop(found)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Name the state and the remedy in errors about its bytes, and about a store that refuses to keep them."""
        damage = explain_damage(
            f"the tags that a sync remembers in {self._kept!r}",
            "sync with forget=True (--forget), which compares all values",
        )
        try:
            with damage:
                yield
        except (PermissionDenied, Unsupported) as error:
            raise type(error)(
                f"{error}; or name another store with state= (--state), which keeps them"
            ) from error


class Rewriting:
    """Replaces the blocks of ``state`` in the order of their keys.

    `add` takes the rows of now, and `keep` takes a block that stays as it is. If ``begun``, the manifest to
    begin with, is not complete, it is committed now and then with the new blocks, together with the old blocks
    for the keys after them. So a kill loses the rows of few keys.
    """

    ROWS: Final = 2_000

    def __init__(self, state: State, begun: Manifest) -> None:
        self._state = state
        self._begun = begun
        self._old = list(begun.blocks)
        self._blocks: list[Block] = []
        self._rows: list[Row] = []
        self._uncommitted = 0
        self._announced: list[tuple[str, str]] = []  # the last key and the name of each record

    def announce(self, tasks: list[Task]) -> None:
        """Remember the keys of ``tasks``, which are in order and about to be delivered."""
        if tasks:
            source = [task.key for task in tasks if task.source != ABSENT]
            target = [task.key for task in tasks if task.source == ABSENT]
            self._announced.append((tasks[-1].key, self._state.announce(source, target, self._begun)))

    def add(self, rows: Iterable[Row]) -> None:
        """Add rows, whose keys come after those that were added before."""
        for row in rows:
            self._rows.append(row)
            if len(self._rows) == 2 * self.ROWS:
                self._cut(self.ROWS)

    def keep(self, block: Block) -> None:
        """Keep ``block``, unless the rows before it are too few for a block of their own."""
        if 0 < len(self._rows) < self.ROWS // 2:
            self.add(self._state.read(block))
        else:
            self._cut(len(self._rows))
            self._blocks.append(block)

    def _cut(self, count: int) -> None:
        """Make a block of the first ``count`` rows, and commit if that is due."""
        if count:
            rows, self._rows = self._rows[:count], self._rows[count:]
            self._blocks.append(self._state.write(rows))
            self._uncommitted += count
            if self._uncommitted >= self.ROWS and not self._begun.complete:
                self._commit(rows[-1].key)

    def _commit(self, key: str) -> None:
        rest = tuple(_after(self._old, key))
        self._state.commit(self._begun._replace(blocks=(*self._blocks, *rest)))
        self._uncommitted = 0
        self._forget(key)

    def _forget(self, key: str) -> None:
        """Drop the records of announced keys up to ``key``."""
        self._state.drop([name for last, name in self._announced if last <= key])
        self._announced = [(last, name) for last, name in self._announced if last > key]

    def finish(self, manifest: Manifest) -> Manifest:
        """Commit ``manifest`` with the new blocks, unless nothing has changed, and return it."""
        if self._rows:
            self._blocks.append(self._state.write(self._rows))
        ended = manifest._replace(blocks=tuple(self._blocks))
        if ended != self._state.manifest:
            commit = self._state.commit if self._begun.complete else self._state.commit_last
            commit(ended)
        return ended


def _after(blocks: list[Block], key: str) -> Iterator[Block]:
    """Yield the parts of ``blocks`` after ``key``."""
    for block, following in zip(blocks, [*blocks[1:], None], strict=False):
        if block.first > key:
            yield block
        elif following is None or following.first > key + "\0":
            yield block.after(key)
