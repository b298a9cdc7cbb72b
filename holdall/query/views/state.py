"""The head of a generation: where its trees begin, and which changes of the store they include.

head = check fields            check: as of a node
fields = [format, definition, reduce, position, through, refreshed, slots, documents, groups]
"""

from typing import Any, Final, NamedTuple, Self

from holdall.extras import needs
from holdall.query.views.nodes import Damaged, seal, unseal
from holdall.query.views.root import EMPTY, Root

with needs("json"):
    from msgspec import MsgspecError
    from msgspec.msgpack import Decoder, Encoder

FORMAT: Final = 1
"""The version of all that a generation keeps. It is a part of the definition of a view."""

_Fields: Final = tuple[int, str, str, str, str | None, float, int, list[Any], list[Any]]
_encode: Final = Encoder().encode
_decode: Final = Decoder(_Fields).decode


class State(NamedTuple):
    """The state of a generation of the view with the hash ``definition``.

    It includes all changes before ``position``, a position of the feed, which it reached at ``refreshed`` (in
    seconds since 1970). While it is built, it has only the documents before the key ``through``, and
    ``position`` is the one from which the build began; later, ``through`` is None. ``slots`` is the number of
    slots of nodes that were ever in use.
    """

    definition: str
    reduce: str
    position: str
    through: str | None
    refreshed: float
    slots: int = 0
    documents: Root = EMPTY
    groups: Root = EMPTY

    def dump(self) -> bytes:
        """Return the state as the bytes of a head."""
        *fields, documents, groups = self
        return seal("head", _encode([FORMAT, *fields, documents.dump(), groups.dump()]))

    @classmethod
    def load(cls, data: bytes) -> Self:
        """Return the state that `dump` returned. Raises Damaged."""
        try:
            fields = _decode(unseal("head", data))
            return cls(*fields[1:-2], *map(Root.load, fields[-2:]))
        except (ValueError, TypeError, MsgspecError) as problem:
            raise Damaged(f"head: {problem}") from problem
