"""The catalog of a view: which generations of its index exist.

    key     = ".holdall/views/" name "/catalog"
    catalog = check *[id, definition, complete, used]     MessagePack; check: as of a node
    id      = 12HEXDIG      random; ".holdall/views/" name "/" id "/" is the part of the generation's table
    used    = seconds since 1970, when the generation was used last, to the hour

A generation is in the catalog before anything is written to its table. So a table that is not in the catalog,
when it is read after the table was seen, is left over from a process that was killed.
"""

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from holdall.errors import Unsupported
from holdall.extras import needs
from holdall.lease import FOLDER
from holdall.query.views.nodes import Damaged, seal, unseal
from holdall.query.views.rows import RowTable
from holdall.query.views.segments import SegmentTable
from holdall.query.views.table import Table
from holdall.store import Feature, Store

with needs("json"):
    from msgspec import MsgspecError
    from msgspec.msgpack import Decoder, Encoder

HOUR: Final = 3600.0
BUILD: Final = "build"
"""The name of the lease on the build of a generation. It is in the part of its table."""
_KEY: Final = "catalog"

_encode: Final = Encoder().encode


class Generation(NamedTuple):
    """An index for the view with the hash ``definition``. If it is not complete, it is being built."""

    id: str
    definition: str
    complete: bool
    used: float


Generations = Sequence[Generation]

_decode: Final = Decoder(list[tuple[str, str, bool, float]]).decode


class Catalog:
    """The generations of the view ``name`` in ``index``.

    Raises Unsupported if ``index`` cannot compare and swap.
    """

    def __init__(self, index: Store[bytes], name: str) -> None:
        self._raw = index.raw(f".holdall/views/{name}/")
        if Feature.SWAP not in self._raw.features:
            raise Unsupported(
                f"{index!r} cannot keep the index of a view: it lacks SWAP; give the view another index, "
                'such as index="sqlite:///views.db"'
            )

    def read(self) -> Generations:
        """Return the generations, oldest first. Raises Damaged."""
        value = self._raw.get(_KEY)
        return [] if value is None else _load(value)

    def change(self, function: Callable[[Generations], Generations]) -> Generations:
        """Replace the generations by ``function(generations)``, and return them."""
        return _load(self._raw.modify(_KEY, lambda value: _dump(function(_load(value))), _dump([])))

    def begin(self, definition: str, instead_of: Generation | None = None) -> Generation:
        """Return the generation of ``definition`` that is being built. Add it if there is none.

        If it is ``instead_of``, replace it by a new one.
        """

        def begin(found: Generations) -> Generations:
            found = [each for each in found if each.complete or not instead_of or each.id != instead_of.id]
            if _unfinished(found, definition):
                return found
            return [*found, Generation(secrets.token_hex(6), definition, False, time.time())]

        return _unfinished(self.change(begin), definition)[-1]

    def use(self, generation: Generation) -> None:
        """Record that ``generation`` is in use."""

        def use(found: Generations) -> Generations:
            return [each._replace(used=time.time()) if each.id == generation.id else each for each in found]

        self.change(use)

    def complete(self, generation: Generation) -> bool:
        """Record that ``generation`` is complete. It takes the place of others of its definition.

        Returns False if it was deleted.
        """

        def complete(found: Generations) -> Generations:
            if all(each.id != generation.id for each in found):
                return found
            others = [each for each in found if each.definition != generation.definition]
            return [*others, generation._replace(complete=True, used=time.time())]

        return any(each.id == generation.id for each in self.change(complete))

    def part(self, id: str) -> Store[bytes]:
        """Return the part of the index that belongs to the generation with this id."""
        return self._raw.raw(f"{id}/")

    def table(self, id: str) -> Table:
        """Return the table of the generation with this id."""
        raw = self.part(id)
        return RowTable(raw) if Feature.ATOMIC in raw.features else SegmentTable(raw)

    def sweep(self, unused_since: float, keep: str) -> int:
        """Delete the generations that were not used since ``unused_since``, and the leftover tables.

        Keeps the generation with the id ``keep``. Returns the number of tables that were deleted.
        """
        found = list(self._ids())
        kept = {
            each.id
            for each in self.change(
                lambda old: [each for each in old if each.id == keep or each.used >= unused_since]
            )
        }
        swept = [id for id in found if id not in kept]
        for id in swept:
            self._delete(id)
        return len(swept)

    def drop(self) -> None:
        """Delete the view's index."""
        self._raw.discard(_KEY)
        for id in list(self._ids()):
            self._delete(id)

    def _delete(self, id: str) -> None:
        self.table(id).drop()
        self.part(id).raw(FOLDER).discard(BUILD)

    def _ids(self) -> Iterator[str]:
        start = ""
        while (key := next(self._raw.scan(start=start), None)) is not None:
            id, slash, _ = key.partition("/")
            if slash:
                yield id
            start = f"{id}0"  # "0" is the character after "/"


def _unfinished(found: Generations, definition: str) -> Generations:
    return [each for each in found if each.definition == definition and not each.complete]


def _dump(generations: Generations) -> bytes:
    return seal(_KEY, _encode([list(each) for each in generations]))


def _load(value: bytes) -> Generations:
    try:
        return [Generation(*each) for each in _decode(unseal(_KEY, value))]
    except (ValueError, MsgspecError) as problem:
        raise Damaged(f"catalog: {problem}") from problem
