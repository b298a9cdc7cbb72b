"""The outbox: the keys that were written at the primary and that a replica may lack.

    intent = JSON object: "format": 1, "keys": [ *key ], "done": true / false

An intent is written before its keys are written at the primary, so a kill at any moment loses none. It is deleted
when every replica has the values that the keys have then. It must not be deleted while its write may still happen.
The writer knows when that has ended. Another process knows it if the intent is done; if not, the writer may have
been killed, and the intent is deleted when it is an hour old.
"""

import threading
import time
from collections.abc import Iterable
from typing import Any, Final
from uuid import uuid4

from holdall.errors import Corrupt
from holdall.replication.replicas.records import dump, load, records
from holdall.store import Feature, Store, unsupported

ABANDONED: Final = 3_600.0
"""The seconds after which a write that did not say that it ended cannot happen any more."""
_PART: Final = "outbox/"


class Intent:
    """Keys that are written at the primary. ``missing`` has those that a replica may lack, by its id.

    ``given`` has the ids of the replicas to which the keys were delivered while the write could still happen.

    ``open`` tells that the write is under way in this process, and ``done`` that it has ended. If neither is
    true, the write may still happen: its answer was lost, or another process makes it or was killed.
    """

    def __init__(self, name: str, keys: tuple[str, ...], ids: Iterable[str]) -> None:
        self.name = name
        self.missing = dict.fromkeys(ids, keys)
        self.keys = keys
        self.given: set[str] = set()
        self.open = False
        self.done = False
        self._seen = time.monotonic()

    @property
    def ended(self) -> bool:
        """Whether the write cannot happen any more."""
        return self.done or (not self.open and time.monotonic() - self._seen > ABANDONED)

    def dump(self) -> bytes:
        """Return the record of this intent."""
        return dump(format=1, keys=self.keys, done=self.done)


class Outbox:
    """The outbox in ``store`` for the replicas with these ``ids``, as one process sees it.

    Raises Unsupported if ``store`` lacks SWAP, because processes share the outbox.
    """

    def __init__(self, store: Store[Any], ids: tuple[str, ...]) -> None:
        if Feature.SWAP not in store.features:
            remedy = "give the replicas another store as outbox"
            raise unsupported(store, "hold an outbox", Feature.SWAP, remedy)
        self._store = store
        self._ids = ids
        self._raw = records(store, _PART)
        self._known: dict[str, Intent] = {}
        self._looking = threading.Lock()

    def __len__(self) -> int:
        """Return the number of intents that this process knows."""
        return len(self._known)

    # ---- Writing -------------------------------------------------------------------------------

    def new(self, keys: tuple[str, ...]) -> Intent:
        """Return a new intent to write ``keys``, which is not recorded yet."""
        intent = Intent(uuid4().hex, keys, self._ids)
        intent.open = True
        return intent

    def begin(self, intent: Intent) -> None:
        """Record ``intent``."""
        self._raw[intent.name] = intent.dump()
        self._known[intent.name] = intent

    def end(self, intent: Intent, *, recorded: bool) -> None:
        """Note that the write has ended; if ``recorded``, for other processes too."""
        intent.done = True
        if recorded:
            self._raw[intent.name] = intent.dump()

    def record(self) -> None:
        """Record for other processes which writes have ended."""
        for intent in self.known():
            if intent.open and intent.done:
                self._raw[intent.name] = intent.dump()

    # ---- Delivering ----------------------------------------------------------------------------

    def known(self) -> list[Intent]:
        """Return the intents that this process knows."""
        return list(self._known.copy().values())

    def look(self) -> None:
        """Learn of the intents of other processes."""
        with self._looking:
            listed = set(self._raw.scan())
            for intent in self.known():
                if not intent.open and intent.name not in listed:
                    self._known.pop(intent.name, None)
            for name, data in self._raw.get_many(sorted(listed - self._known.copy().keys())):
                # This process may have begun a write since the listing, and `begin` then added its intent.
                self._known.setdefault(name, self._parse(name, data))

    def _parse(self, name: str, data: bytes) -> Intent:
        read = load(self._store, _PART + name, data)
        keys = read.get("keys")
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            raise Corrupt(f"the intent {name} in the outbox {self._store!r} is damaged")
        intent = Intent(name, tuple(keys), self._ids)
        intent.done = read.get("done") is True
        return intent

    def waiting(self, replica: str, *, all: bool) -> list[Intent]:
        """Return the intents that ``replica`` may lack, without those whose write is under way in this process.

        Unless ``all``, leave out the writes that may still happen.
        """
        return [
            intent
            for intent in self.known()
            if replica in intent.missing and (intent.done or (all and not intent.open))
        ]

    def delivered(self, intent: Intent, replica: str, refused: tuple[str, ...], *, ended: bool) -> None:
        """Note that ``replica`` has the keys of ``intent`` but those that it ``refused``.

        ``ended`` tells whether the write had ended before these keys were read.
        """
        if refused:
            intent.missing[replica] = refused
        elif ended:
            intent.missing.pop(replica, None)
            if not intent.missing:
                self.drop([intent])
        else:
            intent.given.add(replica)

    def drop(self, intents: list[Intent]) -> None:
        """Delete ``intents``."""
        self._raw.delete_many(intent.name for intent in intents)
        for intent in intents:
            self._known.pop(intent.name, None)
