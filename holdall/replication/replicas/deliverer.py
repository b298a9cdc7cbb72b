"""The writes and deliveries of a `Replicas` layer in one process."""

import logging
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

from holdall.errors import HoldallError
from holdall.replication.replicas.acks import Acks
from holdall.replication.replicas.by_feed import ByFeed
from holdall.replication.replicas.by_outbox import ByOutbox
from holdall.replication.replicas.epochs import Guardian
from holdall.replication.replicas.follower import Follower
from holdall.replication.replicas.lag import Lag
from holdall.replication.replicas.marks import advance
from holdall.replication.replicas.records import ids_of
from holdall.replication.replicas.replica import Replica
from holdall.store import Feature, Store

T = TypeVar("T")

_LOOK: Final = 0.05  # seconds between two looks of a close
_END: Final = 1.0  # seconds that a close waits for each thread

log = logging.getLogger("holdall.replicas")


class Deliverer:
    """Writes to ``primary``, and delivers to ``others``. The other arguments are those of `Replicas`."""

    def __init__(
        self,
        primary: Store[Any],
        others: tuple[Store[Any], ...],
        outbox: Store[Any],
        *,
        acks: int,
        timeout: float,
        deliver: bool,
        limit: int,
    ) -> None:
        self._primary = primary
        self._delivers = deliver
        self._timeout = timeout
        self._started = False
        self._guardian = Guardian(primary)
        replicas = tuple(
            Replica(primary, store, id, self._guardian, compares=acks > 1)
            for store, id in zip(others, ids_of(others), strict=True)
        )
        feeds = Feature.CHANGES in primary.features
        self._way = (
            ByFeed(primary) if feeds else ByOutbox(primary, replicas, outbox, limit, records=not deliver)
        )
        self._followers = [Follower(primary, replica, self._way) for replica in replicas]
        self._acks = Acks(primary, replicas, acks - 1, timeout) if acks > 1 else None
        self.in_batches = acks > 1 or not feeds
        """Whether a write of many keys has to name them, some at a time."""

    def write(self, keys: tuple[str, ...], call: Callable[..., T], *args: Any) -> T:
        """Return ``call(*args)``, which writes ``keys`` at the primary, when enough replicas have them too."""
        self._guardian.check()
        result = self._way.write(keys, call, *args)
        if self._delivers and not self._started:
            self.start()
        if self._acks is not None:
            self._acks.collect(keys)
        return result

    def start(self) -> None:
        """Start the threads."""
        if not self._started:
            self._started = True
            for follower in self._followers:
                follower.start()

    def deliver(self) -> tuple[Lag, ...]:
        """Deliver once to each replica."""
        for follower in self._followers:
            follower.attempt(alone=False)
        return self.lags()

    def position(self) -> str:
        """Return the position of now."""
        position = str(advance(self._primary))
        for follower in self._followers:
            follower.hurry()
        return position

    # ---- What is left --------------------------------------------------------------------------

    def lags(self) -> tuple[Lag, ...]:
        """Return how far each replica is behind."""
        return tuple(self._lag(follower.replica) for follower in self._followers)

    def _lag(self, replica: Replica) -> Lag:
        try:
            behind = self._way.behind(replica)
            if behind is None and self._way.needs_resync(replica) and not replica.error:
                replica.state = "resync needed"
        except HoldallError as error:
            behind = None
            replica.error = replica.error or f"{type(error).__name__}: {error}"
        return replica.lag(behind)

    def stop(self) -> None:
        """Let the threads end soon."""
        for follower in self._followers:
            follower.stop()

    def close(self, close: Callable[[], None]) -> None:
        """Deliver the rest within the timeout, log what is left, and end the threads. ``close`` closes the primary."""
        if not self._started:
            close()
            return
        self._finish()
        self.stop()
        try:
            self._way.close()
        except HoldallError as error:
            log.warning("%r was closed without telling other processes: %s", self._primary, error)
        close()  # this ends a watch
        for follower in self._followers:
            follower.join(_END)

    def _finish(self) -> None:
        deadline = time.monotonic() + self._timeout
        before = [(follower, follower.attempts) for follower in self._followers]
        for follower in self._followers:
            follower.hurry()
        while time.monotonic() < deadline and any(
            follower.is_waiting(attempts) for follower, attempts in before
        ):
            time.sleep(_LOOK)
        for follower in self._followers:
            if not self._way.is_settled(follower.replica):
                lag = self._lag(follower.replica)
                log.warning("closed before all was delivered, which happens later: %s", lag)
