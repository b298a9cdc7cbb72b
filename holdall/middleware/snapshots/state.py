"""Keeps the remembered listing of a store in a store.

    key = ".holdall/snapshots/" digest "/" ( "manifest" / "blocks/" look "." id )

``digest`` is that of the name of the listed store. ``look`` is the newest look of the manifest that the writer
of the block had read. A writer writes new blocks first, then swaps the manifest, and then deletes the blocks
that the manifest does not name. If the manifest was swapped in the meantime, the swap fails, and the blocks of
this writer are left for the next one. A block that was written under a later look is never deleted, as its
manifest may still come.
"""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Final
from uuid import uuid4

from holdall.errors import Corrupt, Unsupported
from holdall.keys import RESERVED
from holdall.middleware._columns import explain_damage
from holdall.middleware._reserved import Called, Reserved
from holdall.middleware.gzip import Gzip
from holdall.middleware.snapshots.blocks import Block, Manifest, Row
from holdall.store import ABSENT, Feature, Store, Tag

_MANIFEST: Final = "manifest"
_BLOCKS: Final = "blocks/"
_LEVEL: Final = 1  # a digest in a tag hardly compresses, and a higher level takes three times as long
_LARGEST: Final = 1 << 26  # bytes of a manifest or block before compression


class Gone(Exception):
    """A block is missing, because another process swapped the manifest and deleted it."""


class State:
    """The remembered listing of the store with this ``name``, in the store ``kept``."""

    def __init__(self, kept: Store[Any], name: str) -> None:
        self._kept = kept
        self._name = name
        folder = hashlib.blake2b(name.encode(errors="surrogatepass"), digest_size=16).hexdigest()
        called = Called("the remembered listing of the feed")
        self._raw = Gzip(
            Reserved(kept, f"{RESERVED}/snapshots/{folder}/", lambda key: called), _LEVEL, max_size=_LARGEST
        )

    def load(self) -> tuple[Manifest, Tag]:
        """Return the manifest and its tag; a new manifest if there is none.

        Raises Unsupported if the store cannot compare and swap, Corrupt if the manifest is damaged, and
        Mismatch if it is of another store.
        """
        if Feature.SWAP not in self._kept.features:
            raise Unsupported(
                f"{self._kept!r} cannot keep the remembered listing of a feed: it lacks SWAP; "
                "give SnapshotFeed another store as its state, such as sqlite:///state.db"
            )
        with self._explained():
            try:
                data, tag = self._raw.get_tagged(_MANIFEST)
            except KeyError:
                return Manifest(uuid4().hex), ABSENT
            return Manifest.load(data, self._name), tag

    def reload(self, held: Manifest) -> Manifest:
        """Return the manifest after a block of ``held`` was missing. Raises Corrupt if it is still ``held``."""
        manifest, _ = self.load()
        if manifest == held:
            with self._explained():
                raise Corrupt("a block is missing")
        return manifest

    def read(self, block: Block) -> list[Row]:
        """Return the rows of ``block``. Raises Gone if it is missing, and Corrupt if it is damaged."""
        with self._explained():
            data = self._raw.get(_BLOCKS + block.name)
            if data is None:
                raise Gone
            return block.load(data)

    def write(self, blocks: Iterable[tuple[str, bytes]]) -> None:
        """Write the data of new blocks under their names."""
        self._raw.set_many((_BLOCKS + name, data) for name, data in blocks)

    def commit(self, manifest: Manifest, expected: Tag) -> None:
        """Replace the manifest with the tag ``expected``, and delete the blocks that are not in use any more.

        Raises Conflict if the manifest has another tag.
        """
        self._raw.swap(_MANIFEST, manifest.dump(self._name), expected)
        self._raw.delete_many(list(self._unused(manifest)))

    def _unused(self, manifest: Manifest) -> Iterator[str]:
        used = {block.name for block in manifest.blocks}
        for key in self._raw.scan(_BLOCKS):
            name = key.removeprefix(_BLOCKS)
            if name not in used and name < f"{manifest.newest:020}":
                yield key

    def forget(self) -> None:
        """Delete the remembered listing."""
        self._raw.discard(_MANIFEST)
        self._raw.clear()

    def _explained(self) -> AbstractContextManager[None]:
        return explain_damage(
            f"the remembered listing in {self._kept!r}",
            "call forget() of the SnapshotFeed, or give it another store as its state",
        )


def new_name(held: Manifest) -> str:
    """Return the name of a new block of a writer that has read the manifest ``held``."""
    return f"{held.newest:020}.{uuid4().hex}"
