"""Delivers to one replica again and again, in a thread."""

import contextlib
import logging
import threading
import time
from typing import Any, Final, Protocol

from holdall.errors import Conflict, HoldallError
from holdall.middleware.identity import share_identity
from holdall.redact import message
from holdall.replication.replicas.marks import read_mark, write_mark
from holdall.replication.replicas.replica import Replica
from holdall.replication.replicas.stoppable import Stopped
from holdall.store import Store, pause

IDLE: Final = 10.0
"""The longest time between two deliveries, in seconds; between them the mark of the primary is not read."""
_PAUSES: Final = 0.5, 60.0  # the first and the longest wait after a failure, in seconds
_LOOK: Final = 0.02  # seconds between two looks of a close
_LOST: Final = 5  # times that another process may be faster

log = logging.getLogger("holdall.replicas")


class Way(Protocol):
    """How changes come to a replica: `ByFeed` or `ByOutbox`."""

    def deliver(self, replica: Replica, *, thorough: bool, alone: bool) -> bool: ...
    def wait(self, replica: Replica, goes_on: Any, seconds: float) -> None: ...
    def behind(self, replica: Replica) -> int | None: ...
    def wake(self, replica: str) -> None: ...
    def needs_resync(self, replica: Replica) -> bool: ...
    def is_settled(self, replica: Replica) -> bool: ...


class Follower:
    """Delivers to ``replica`` by ``way`` what changes at ``primary``."""

    def __init__(self, primary: Store[Any], replica: Replica, way: Way) -> None:
        self._primary = primary
        self.replica = replica
        replica.ends = lambda: self._stopped
        self._way = way
        self._stopped = False  # not an Event: a forked child may find its lock held
        self._hurry = False
        self.attempts = 0
        self._thread = threading.Thread(target=self._run, name="holdall replicas", daemon=True)

    # ---- The thread ----------------------------------------------------------------------------

    def start(self) -> None:
        """Follow the primary, in a thread that does not keep the interpreter alive."""
        with contextlib.suppress(RuntimeError):
            self._thread.start()

    def hurry(self) -> None:
        """Deliver now, rather than after a pause."""
        self._hurry = True
        self._way.wake(self.replica.id)

    def stop(self) -> None:
        """Let the thread end soon."""
        self._stopped = True
        self._way.wake(self.replica.id)

    def is_waiting(self, attempts: int) -> bool:
        """Return whether it is worth while to wait for the next delivery; ``attempts`` were made before."""
        replica = self.replica
        if replica.state == "failed" and self.attempts > attempts:
            return False
        return self._thread.is_alive() and not self._way.is_settled(replica)

    def join(self, seconds: float) -> None:
        """Wait until the thread has ended, but at most ``seconds``."""
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _run(self) -> None:
        failures = 0
        try:
            while not self._stopped:
                self._hurry = False
                if self.attempt(alone=True):
                    failures = 0
                    self._way.wait(self.replica, self._goes_on, IDLE)
                else:
                    self._pause(failures)
                    failures += 1
        except Stopped:
            pass

    def _goes_on(self) -> bool:
        return not (self._stopped or self._hurry)

    def _pause(self, failures: int) -> None:
        first, longest = _PAUSES
        deadline = time.monotonic() + min(longest, first * 2 ** min(failures, 10))
        while self._goes_on() and (left := deadline - time.monotonic()) > 0:
            time.sleep(min(left, _LOOK * 5))

    # ---- One delivery --------------------------------------------------------------------------

    def attempt(self, *, alone: bool) -> bool:
        """Deliver once, and return whether that succeeded; note the error otherwise.

        If ``alone``, do nothing if another process delivers.
        """
        replica = self.replica
        with replica.lock:
            try:
                level = self._deliver(alone=alone)
            except Exception as error:  # noqa: BLE001 - whatever it is, lag() and the log tell it
                self._fail(error)
                return False
            finally:
                self.attempts += 1
            if replica.state == "failed":
                log.info("%s follows %r again", replica.name, self._primary)
            replica.state = "following"
            if level:
                replica.level_at = time.monotonic()
            return True

    def _deliver(self, *, alone: bool) -> bool:
        replica = self.replica
        replica.claim()
        replica.identified = replica.identified or share_identity(self._primary, replica.store)
        mark = read_mark(self._primary)
        if replica.state != "failed":
            replica.state = "catching up"
        thorough = mark != replica.mark or not alone
        level = self._carry(thorough=thorough, alone=alone)
        if level and mark is not None and mark != replica.mark:
            write_mark(replica.store, mark)
            replica.mark = mark
        return level

    def _carry(self, *, thorough: bool, alone: bool) -> bool:
        for attempt in range(_LOST):
            try:
                return self._way.deliver(self.replica, thorough=thorough, alone=alone)
            except Conflict:
                time.sleep(pause(attempt))
        return self._way.deliver(self.replica, thorough=thorough, alone=alone)

    def _fail(self, error: Exception) -> None:
        replica = self.replica
        replica.error = message(f"{type(error).__name__}: {error}")
        replica.failures += 1
        if replica.state != "failed":
            details = None if isinstance(error, HoldallError) else error
            log.warning(
                "%s does not follow %r: %s", replica.name, self._primary, replica.error, exc_info=details
            )
        replica.state = "failed"
