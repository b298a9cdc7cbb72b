"""Waits until several stores have a write."""

import queue
import time
from functools import partial
from typing import Any

from holdall.errors import HoldallError, Unacknowledged
from holdall.replication.replicas.epochs import INTERVAL, Guardian
from holdall.replication.replicas.replica import Replica
from holdall.store import Store
from holdall.threads import Call, Workers

_THREADS = 4  # writes that are handed over to one replica at a time
Answer = tuple[Replica, Exception | None]


class Acks:
    """Hands over the keys of a write to ``replicas``, until ``count`` of them have them.

    It gives up after ``timeout`` seconds. A replica that is slow does not delay the others.
    """

    def __init__(
        self,
        primary: Store[Any],
        replicas: tuple[Replica, ...],
        guardian: Guardian,
        count: int,
        timeout: float,
    ) -> None:
        self._primary = primary
        self._replicas = replicas
        self._guardian = guardian
        self._count = count
        self._timeout = timeout
        self._threads = {replica.id: Workers(_THREADS) for replica in replicas}

    def collect(self, keys: tuple[str, ...]) -> None:
        """Return when enough replicas have ``keys``. Raises Unacknowledged if that takes too long."""
        deadline = time.monotonic() + self._timeout
        answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        for replica in self._replicas:
            work = partial(self._hand_over, replica, keys, deadline, answers)
            self._threads[replica.id].submit(Call(work))
        reasons = []
        acknowledged = 0
        for _ in self._replicas:
            try:
                replica, error = answers.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                reasons.append(f"no more answers within {self._timeout:g} seconds")
                break
            if error is not None:
                reasons.append(f"{replica.name}: {error}")
                continue
            acknowledged += 1
            if acknowledged == self._count:
                return
        raise self._missing(keys, acknowledged, reasons)

    def _hand_over(
        self, replica: Replica, keys: tuple[str, ...], deadline: float, answers: "queue.SimpleQueue[Answer]"
    ) -> None:
        error: Exception | None = None
        try:
            for key in keys:
                if time.monotonic() > deadline:
                    return
                if time.monotonic() - replica.claimed_at > INTERVAL:
                    began = time.monotonic()
                    self._guardian.claim(replica.store)
                    replica.claimed_at = began
                replica.hand_over(key)
        except Exception as raised:  # noqa: BLE001 - the writer gets it
            error = raised
        answers.put((replica, error))

    def _missing(self, keys: tuple[str, ...], acknowledged: int, reasons: list[str]) -> HoldallError:
        what = repr(keys[0]) if len(keys) == 1 else f"{len(keys)} keys"
        return Unacknowledged(
            f"{self._primary!r} has the new value of {what}, but {acknowledged} of {self._count} replicas "
            f"acknowledged it ({'; '.join(reasons)}); it is delivered to the others later",
            key=keys[0] if len(keys) == 1 else None,
        )
