"""Delivers what the change feed of the primary tells: a sync remembers the position of each replica."""

import time
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from typing import Any, Final, TypeVar

from holdall.errors import Expired, Fenced, HoldallError
from holdall.lease import Lease
from holdall.replication.replicas.replica import REFUSALS, Replica
from holdall.replication.sync import remembered, sync
from holdall.store import Feature, Store

T = TypeVar("T")

COUNTED: Final = 10_000
"""The most changes that a lag counts."""
_TTL: Final = 20.0  # seconds of a lease
_SLICE: Final = 0.5  # seconds of one `Store.watch`, after which it is seen that the thread shall end
_WORKERS: Final = 4


class ByFeed:
    """Follows the feed of ``primary``. Of the processes that follow it, one at a time delivers to a replica."""

    in_batches: Final = False
    """Whether a write of many keys has to be cut into batches."""

    def __init__(self, primary: Store[Any]) -> None:
        self._primary = primary
        self._leases: dict[str, _Hold] = {}

    def write(self, keys: tuple[str, ...], call: Callable[..., T], *args: Any) -> T:
        """Make a write."""
        return call(*args)

    def deliver(self, replica: Replica, *, thorough: bool, alone: bool) -> bool:
        """Deliver the changes, and return whether the replica has them.

        If ``alone``, do nothing if another process delivers to the replica.
        """
        if alone and not self._lease(replica).is_held():
            replica.position = None
            replica.error = ""
            return False
        report = sync(self._primary, replica.store, delete=True, workers=_WORKERS, refusals=REFUSALS)
        replica.position = report.position
        replica.refused = report.left
        replica.error = next((f"{type(error).__name__}: {error}" for error in report.refused.values()), "")
        return not report.left

    def _lease(self, replica: Replica) -> "_Hold":
        return self._leases.setdefault(replica.id, _Hold(self._primary, replica))

    def wait(self, replica: Replica, goes_on: Callable[[], bool], seconds: float) -> None:
        """Wait until there are changes, but at most ``seconds``, and only while ``goes_on()``."""
        deadline = time.monotonic() + seconds
        while goes_on() and time.monotonic() < deadline:
            if replica.position is None:
                time.sleep(_SLICE)
            elif self._primary.watch(replica.position, timeout=_SLICE):
                return

    def wake(self, replica: str) -> None:
        """Do nothing: a `wait` ends soon."""

    def behind(self, replica: Replica) -> int | None:
        """Return the number of changes that the replica lacks; None if its first delivery has not ended."""
        position = replica.position
        if position is None:
            manifest = remembered(self._primary, replica.unchecked)
            position = manifest.positions[0] if manifest.complete else None
        if position is None:
            return None
        try:
            return sum(1 for _ in islice(self._primary.changes(position), COUNTED))
        except Expired:
            return None

    def is_settled(self, replica: Replica) -> bool:
        """Return whether the replica has all changes, as far as this can be told now."""
        try:
            if replica.position is None:  # another process delivers, or the first delivery has not ended
                return self.behind(replica) == 0
            return next(self._primary.changes(replica.position), None) is None
        except HoldallError:
            return False

    def needs_resync(self, replica: Replica) -> bool:
        """Return whether the replica needs a comparison of all keys; a sync finds this out by itself."""
        return False

    def close(self) -> None:
        """Let other processes deliver."""
        for lease in self._leases.values():
            lease.release()


class _Hold:
    """The lease of a process on the deliveries to ``replica``. Without SWAP, each process holds it."""

    def __init__(self, primary: Store[Any], replica: Replica) -> None:
        can = Feature.SWAP in primary.features
        self._lease = Lease(primary, f"replicas/{replica.id}", _TTL) if can else None
        self._renewed = -_TTL

    def is_held(self) -> bool:
        """Acquire or renew the lease if that is due, and return whether this process holds it."""
        now = time.monotonic()
        if self._lease is None or now - self._renewed < _TTL / 2:
            return True
        try:
            self._lease.renew()
        except Fenced:
            if not self._lease.acquire(timeout=0):
                self._renewed = -_TTL
                return False
        self._renewed = now
        return True

    def release(self) -> None:
        if self._lease is not None and time.monotonic() - self._renewed < _TTL:
            with suppress(Fenced):
                self._lease.release()
