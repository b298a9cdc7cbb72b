"""Delivers the keys of an outbox, if the primary has no change feed."""

import queue
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final, TypeVar

from holdall.errors import Conflict, Invalid, InvalidKey, TooLarge, Unsupported
from holdall.keys import check_key
from holdall.replication.replicas.outbox import Intent, Outbox
from holdall.replication.replicas.replica import REFUSALS, Replica
from holdall.replication.replicas.resync import Note, Resyncs
from holdall.replication.sync import remembered, sync
from holdall.store import Store
from holdall.threads import Call
from holdall.transfer import run_calls

T = TypeVar("T")

_LOOK: Final = 60.0  # seconds between two looks for the intents of other processes
_SLICE: Final = 0.5  # seconds of one wait, after which it is seen that the thread shall end
_WORKERS: Final = 4
_UNDONE: Final = (Conflict, Invalid, InvalidKey, KeyError, TooLarge, TypeError, Unsupported)


class ByOutbox:
    """Writes intents to the outbox in ``store`` before each write, and delivers them to ``replicas``.

    The outbox holds up to ``limit`` intents of a process. If there are more, the replicas that lack them need a
    comparison of all keys. If ``records``, each intent is recorded as done, for a process that delivers it.
    """

    in_batches: Final = True

    def __init__(
        self,
        primary: Store[Any],
        replicas: tuple[Replica, ...],
        store: Store[Any],
        limit: int,
        *,
        records: bool,
    ) -> None:
        self._primary = primary
        self._box = store
        self._outbox = Outbox(store, tuple(replica.id for replica in replicas))
        self._resyncs = Resyncs(store)
        self._limit = limit
        self._records = records
        self._looked: dict[str, float] = {}
        self._woken: dict[str, queue.SimpleQueue[None]] = {
            replica.id: queue.SimpleQueue() for replica in replicas
        }

    # ---- Writing -------------------------------------------------------------------------------

    def write(self, keys: tuple[str, ...], call: Callable[..., T], *args: Any) -> T:
        """Make a write of ``keys``."""
        for key in keys:
            check_key(key)
        intent = self._outbox.new(keys)
        try:
            self._outbox.begin(intent)
            result = call(*args)
            self._outbox.end(intent, recorded=self._records)
        except BaseException as error:
            intent.open = False  # the write may have happened, or may still happen
            if len(keys) == 1 and isinstance(error, _UNDONE):
                self._outbox.drop([intent])
            raise
        if len(self._outbox) > self._limit:
            self._overflow()
        for replica in self._woken:
            self.wake(replica)
        return result

    def wake(self, replica: str) -> None:
        """End a `wait` for the replica with this id."""
        woken = self._woken[replica]
        if woken.empty():
            woken.put(None)

    def _overflow(self) -> None:
        ended = [intent for intent in self._outbox.known() if intent.done]
        for replica in {each for intent in ended for each in intent.missing.copy()}:
            self._resyncs.need(replica, "full")
        self._outbox.drop(ended)
        self._looked.clear()

    # ---- Delivering ----------------------------------------------------------------------------

    def deliver(self, replica: Replica, *, thorough: bool, alone: bool) -> bool:
        """Deliver the intents, and return whether the replica has them.

        If ``thorough``, or a minute after the last time, this finds the intents of other processes too.
        """
        now = time.monotonic()
        looks = thorough or now - self._looked.get(replica.id, -_LOOK) >= _LOOK
        if looks:
            self._look(replica)
            self._looked[replica.id] = now
        refused: dict[str, Exception] = {}
        for intent in self._outbox.waiting(replica.id, all=looks):
            refused |= self._hand_over(intent, replica)
        replica.refused = len(refused)
        replica.error = next((f"{type(error).__name__}: {error}" for error in refused.values()), "")
        return not refused

    def _look(self, replica: Replica) -> None:
        self._outbox.look()
        note = self._resyncs.read(replica.id)
        if note.state == "none" and not remembered(self._primary, replica.store).complete:
            self._resyncs.need(replica.id, "new")
            note = self._resyncs.read(replica.id)
        if note.state != "none":
            self._compare(replica, note)

    def _compare(self, replica: Replica, note: Note) -> None:
        """Compare all keys.

        If the primary has none, it may be the wrong store, unless it has the note that its outbox was full.
        """
        sure = self._box is self._primary and note.cause == "full"
        begun = self._resyncs.begin(replica.id, note)
        sync(self._primary, replica.store, delete=True, allow_empty=sure, workers=_WORKERS, refusals=REFUSALS)
        self._resyncs.end(replica.id, begun)

    def _hand_over(self, intent: Intent, replica: Replica) -> dict[str, Exception]:
        """Deliver the keys of ``intent``, and return those that the replica refuses, with the errors."""
        ended = intent.ended
        keys = intent.missing.get(replica.id, ())
        attempt = partial(_try, replica, again=not intent.open)
        calls = ((key, Call(partial(attempt, key))) for key in keys)
        made = [(key, attempt(key)) for key in keys] if len(keys) == 1 else run_calls(calls, _WORKERS)
        refused = {key: error for key, error in made if error is not None}
        self._outbox.delivered(intent, replica.id, tuple(refused), ended=ended)
        return refused

    def wait(self, replica: Replica, goes_on: Callable[[], bool], seconds: float) -> None:
        """Wait until this process has written, but at most ``seconds``, and only while ``goes_on()``."""
        deadline = time.monotonic() + seconds
        woken = self._woken[replica.id]
        while goes_on() and time.monotonic() < deadline:
            with suppress(queue.Empty):
                woken.get(timeout=_SLICE)
                return

    def behind(self, replica: Replica) -> int | None:
        """Return the number of keys that the replica may lack, or None if it needs a comparison."""
        self._outbox.look()
        if self.needs_resync(replica):
            return None
        waiting = self._outbox.waiting(replica.id, all=True)
        lacking = [intent for intent in waiting if intent.done or replica.id not in intent.given]
        return len({key for intent in lacking for key in intent.missing.get(replica.id, ())})

    def is_settled(self, replica: Replica) -> bool:
        """Return whether no delivery is due that this process knows of."""
        return replica.state == "following" and not self._outbox.waiting(replica.id, all=False)

    def needs_resync(self, replica: Replica) -> bool:
        """Return whether the replica needs a comparison of all keys."""
        return self._resyncs.read(replica.id).state != "none"

    def close(self) -> None:
        """Tell other processes which writes have ended."""
        self._outbox.record()


def _try(replica: Replica, key: str, *, again: bool) -> Exception | None:
    try:
        replica.catch_up(key, again=again)
    except REFUSALS as error:
        return error
    return None
