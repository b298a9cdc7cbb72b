"""The head of a generation: where its trees begin, and which changes of the store they include.

head  = check [format, definition, position, through, refreshed, slots, size, *[part]]     check: as of a node
part  = [reduce, count, documents, groups, log]     one for each query; log is as in `log`, or null
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, Self

from holdall.extras import needs
from holdall.query.views.log import Log
from holdall.query.views.nodes import Damaged, seal, unseal
from holdall.query.views.root import EMPTY, Root

with needs("json"):
    from msgspec import MsgspecError
    from msgspec.msgpack import Decoder, Encoder

FORMAT: Final = 2
"""The version of all that a generation keeps. It is a part of the definition of a view."""

_Part: Final = tuple[str, int, list[Any], list[Any], list[Any] | None]
_Fields: Final = tuple[int, str, str, str | None, float, int, int, list[_Part]]  # type: ignore[valid-type]
_encode: Final = Encoder().encode
_decode: Final = Decoder(_Fields).decode


class Part(NamedTuple):
    """The state of one query: the name of its reducer, its trees, and its log if it has one.

    ``count`` is the number of documents that contribute to a group.
    """

    reduce: str
    count: int = 0  # type: ignore[assignment]  # a tuple's method of this name is not needed
    documents: Root = EMPTY
    groups: Root = EMPTY
    log: Log | None = None

    def dump(self) -> list[Any]:
        """Return the part as a list for MessagePack."""
        log = self.log and self.log.dump()
        return [self.reduce, self.count, self.documents.dump(), self.groups.dump(), log]

    @classmethod
    def load(cls, dumped: Sequence[Any]) -> Self:
        """Return the part that `dump` returned."""
        reduce, count, documents, groups, log = dumped
        return cls(reduce, count, Root.load(documents), Root.load(groups), log and Log.load(log))


class State(NamedTuple):
    """The state of a generation of the view with the hash ``definition``.

    It includes all changes before ``position``, a position of the feed, and all changes up to ``refreshed`` (in
    seconds since 1970). While it is built, it has only the documents before the key ``through``, and
    ``position`` is the one from which the build began; later, ``through`` is None. ``slots`` is the number of
    slots of nodes that were ever in use, and ``size`` the number of bytes of the nodes.
    """

    definition: str
    position: str
    through: str | None
    refreshed: float
    slots: int
    size: int
    parts: tuple[Part, ...]

    def dump(self) -> bytes:
        """Return the state as the bytes of a head."""
        *fields, parts = self
        return seal("head", _encode([FORMAT, *fields, [part.dump() for part in parts]]))

    @classmethod
    def load(cls, data: bytes) -> Self:
        """Return the state that `dump` returned. Raises Damaged."""
        try:
            _, *fields, parts = _decode(unseal("head", data))
            return cls._make([*fields, tuple(map(Part.load, parts))])
        except (ValueError, TypeError, MsgspecError) as problem:
            raise Damaged(f"head: {problem}") from problem
