"""Notes that a replica needs a comparison of all keys, because the outbox was full or the replica is new.

    resync = JSON object: "state": "needed" / "running" / "none", "change": 32HEXDIG

A comparison finds all writes that ended before it began. So intents may be deleted after the note says "needed",
and not after it says "running". ``change`` is random, so that no note is equal to an earlier one.
"""

from contextlib import suppress
from typing import Any, Final
from uuid import uuid4

from holdall.errors import Conflict
from holdall.replication.replicas.records import dump, load, records
from holdall.store import ABSENT, Store, Tag

_PART: Final = "resync/"


class Resyncs:
    """The notes in ``store``, by the ids of replicas."""

    def __init__(self, store: Store[Any]) -> None:
        self._store = store
        self._raw = records(store, _PART)

    def state(self, replica: str) -> str:
        """Return "needed", "running" or "none"."""
        return self._read(replica)[0]

    def need(self, replica: str) -> None:
        """Note that ``replica`` needs a comparison, unless it is noted already."""
        if self.state(replica) != "needed":
            self._raw[replica] = _note("needed")

    def begin(self, replica: str) -> Tag:
        """Note that a comparison begins, and return a tag for `end`. Raises Conflict if another note came first."""
        return self._raw.swap(replica, _note("running"), self._read(replica)[1])

    def end(self, replica: str, begun: Tag) -> None:
        """Note that the comparison has ended, unless another one was asked for since it began."""
        with suppress(Conflict):
            self._raw.swap(replica, _note("none"), begun)

    def _read(self, replica: str) -> tuple[str, Tag]:
        try:
            data, tag = self._raw.get_tagged(replica)
        except KeyError:
            return "none", ABSENT
        return str(load(self._store, _PART + replica, data).get("state")), tag


def _note(state: str) -> bytes:
    return dump(state=state, change=uuid4().hex)
