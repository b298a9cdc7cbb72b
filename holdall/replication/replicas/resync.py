"""Notes that a replica needs a comparison of all keys, because the outbox was full or the replica is new.

    resync = JSON object: "state": "needed" / "running" / "none", "cause": "full" / "new", "change": 32HEXDIG

A comparison finds all writes that ended before it began. So intents may be deleted after the note says "needed",
and not after it says "running". The cause is that the outbox was full, or that the replica is new. ``change`` is
random, so that no note is equal to an earlier one.
"""

from contextlib import suppress
from typing import Any, Final, NamedTuple
from uuid import uuid4

from holdall.errors import Conflict
from holdall.replication.replicas.records import dump, load, records
from holdall.store import ABSENT, Store, Tag

_PART: Final = "resync/"


class Note(NamedTuple):
    """The state and the cause of a note, and its tag."""

    state: str
    cause: str
    tag: Tag


class Resyncs:
    """The notes in ``store``, by the ids of replicas."""

    def __init__(self, store: Store[Any]) -> None:
        self._store = store
        self._raw = records(store, _PART)

    def read(self, replica: str) -> Note:
        """Return the note for ``replica``; its state is "none" if there is none."""
        try:
            data, tag = self._raw.get_tagged(replica)
        except KeyError:
            return Note("none", "", ABSENT)
        read = load(self._store, _PART + replica, data)
        return Note(str(read.get("state")), str(read.get("cause")), tag)

    def need(self, replica: str, cause: str) -> None:
        """Note that ``replica`` needs a comparison, unless it is noted already."""
        if self.read(replica).state != "needed":
            self._raw[replica] = _dump("needed", cause)

    def begin(self, replica: str, note: Note) -> Note:
        """Note that the comparison of ``note`` begins, and return the new note.

        Raises Conflict if another note came first.
        """
        tag = self._raw.swap(replica, _dump("running", note.cause), note.tag)
        return Note("running", note.cause, tag)

    def end(self, replica: str, note: Note) -> None:
        """Note that the comparison of ``note`` has ended, unless another one was asked for since it began."""
        with suppress(Conflict):
            self._raw.swap(replica, _dump("none", note.cause), note.tag)


def _dump(state: str, cause: str) -> bytes:
    return dump(state=state, cause=cause, change=uuid4().hex)
