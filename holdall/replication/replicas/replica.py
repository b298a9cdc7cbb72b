"""One replica, as one process sees it."""

import threading
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any, Final

from holdall.changes import Position
from holdall.errors import Conflict, PermissionDenied, StoreFull
from holdall.replication import rules
from holdall.replication.deliver import Delivery
from holdall.replication.replicas.epochs import INTERVAL, Guardian
from holdall.replication.replicas.lag import Lag, State
from holdall.replication.replicas.stoppable import Stoppable, Stopped
from holdall.replication.side import Side
from holdall.store import ATTEMPTS, Store, conflict, pause

REFUSALS: Final = (*rules.REFUSALS, PermissionDenied, StoreFull)
"""Errors after which the other keys are still delivered: a replica that is full has room for a deletion."""


class Replica:
    """The replica ``store`` of ``primary``, and the state of the deliveries to it.

    If it ``compares``, writers hand over values too, so a delivery often finds the value there. ``guardian`` is asked
    before the first request to `store`, and then every second: a delivery that takes long must not overwrite the
    writes to this store if it was promoted in the meantime.
    """

    def __init__(
        self, primary: Store[Any], store: Store[Any], id: str, guardian: Guardian, *, compares: bool
    ) -> None:
        self.ends: Callable[[], bool] = bool  # returns False
        self.store = Stoppable(store, self._check)
        self._guardian = guardian
        self._unchecked = store
        self._primary = primary
        self._compares = compares
        self.name = repr(store)
        self.id = id
        self.lock = threading.Lock()  # one delivery at a time
        self.state: State = "not started"
        self.error = ""
        self.refused = 0
        self.failures = 0
        self.level_at: float | None = None
        self.position: str | None = None
        self.mark: Position | None = None
        self._claimed_at = -float("inf")
        self.identified = False

    @cached_property
    def _delivery(self) -> Delivery:
        """The way from the primary, made when it is needed: a store that is away cannot tell its features."""
        return Delivery(Side(self._primary, "", raw=False), Side(self.store, "", raw=False))

    def claim(self) -> None:
        """Make sure that the primary is the primary of this replica. Raises Fenced if it is not."""
        began = time.monotonic()
        self._guardian.claim(self._unchecked)
        self._claimed_at = began

    def _check(self) -> None:
        if self.ends():
            raise Stopped
        if time.monotonic() - self._claimed_at > INTERVAL:
            self.claim()

    def catch_up(self, key: str, *, again: bool) -> None:
        """Give ``key`` the value that it has at the primary, or delete it.

        If it may be delivered ``again``, an equal value is not written.
        """
        self.hand_over(key, known=not (again or self._compares))

    def hand_over(self, key: str, *, known: bool = True) -> None:
        """Give ``key`` the value that it has at the primary; unless ``known``, compare the values first.

        The replica is asked first. So if its compare-and-swap succeeds, no later value was delivered before.
        """
        for attempt in range(ATTEMPTS):
            seen = self._delivery.taker.tag(key)
            try:
                self._delivery.deliver(key, seen, known=known)
            except Conflict:
                time.sleep(pause(attempt))
            else:
                return
        raise conflict(key)

    def lag(self, changes: int | None) -> Lag:
        """Return how far it is behind; ``changes`` is the number of keys that it lacks."""
        now = time.monotonic()
        if changes == 0 and not self.refused and not self.error:
            self.level_at = now
        seconds = None if self.level_at is None else now - self.level_at
        state: State = "catching up" if self.state == "following" and changes else self.state
        return Lag(self.name, state, changes, seconds, self.error, self.refused, self.failures)
