"""How one change of a key is committed: the protocol of both ways, and the stamps that both write."""

from typing import NamedTuple, Protocol

from holdall.history import arriving_id, current_note
from holdall.middleware.versions.head import Head
from holdall.middleware.versions.names import Name
from holdall.middleware.versions.sealing import Sealing
from holdall.middleware.versions.stamp import DELETED, NEW, PUT, Stamp
from holdall.store import Tag


class Written(NamedTuple):
    """A head that was committed; ``tag`` is None if the store did not return it."""

    key: str
    data: bytes
    tag: Tag | None


class Commit(Protocol):
    """Commits changes to the heads of a store, each with its record."""

    def commit(self, head: Head, value: bytes | None) -> Written:
        """Commit ``value`` as the revision after ``head``; None is a deletion.

        Raises Conflict if another writer came first. Then nothing was changed: read the head and decide
        again.
        """
        ...

    def complete(self, head: Head, claim: Name) -> None:
        """Advance ``head`` to another writer's ``claim``; that writer may have died, or may still do it."""
        ...


class Stamper:
    """Stamps new revisions with the note that applies; ``author`` is the author of a note that names none."""

    def __init__(self, sealing: Sealing, author: str) -> None:
        self._sealing = sealing
        self._author = author

    def stamp_new(self, key: str, value: bytes) -> bytes:
        """``value`` with the stamp of a new head, whose number its record gives."""
        return self._sealing.stamp(
            key, Stamp.now(NEW, 0, current_note(self._author), id=arriving_id()), value
        )

    def stamp_next(self, key: str, last: Stamp | None, value: bytes | None) -> bytes:
        """``value``, or a deletion, with the stamp of the revision after ``last``."""
        kind = DELETED if value is None else PUT
        number, micros = (last.number, last.micros) if last else (0, 0)
        stamp = Stamp.now(kind, number + 1, current_note(self._author), after=micros, id=arriving_id())
        if not self._sealing.seals:  # most stores have none, and this is on the path of every write
            return stamp.prepend_to(value or b"")
        return self._sealing.stamp(key, stamp, value or b"")
