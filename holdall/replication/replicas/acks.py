"""Waits until several stores have a write."""

import queue
import time
from contextlib import suppress
from functools import partial
from itertools import count
from typing import Any, Final

from holdall.errors import HoldallError, Unacknowledged, Unavailable
from holdall.replication.replicas.replica import Replica
from holdall.store import Store
from holdall.threads import Call, Workers

_THREADS: Final = 4  # writes that are handed over to one replica at a time
_PAUSES: Final = 0.05, 1.0  # the first and the longest wait after a failure, in seconds


class Acks:
    """Hands over the keys of a write to ``replicas``, until ``count`` of them have them.

    It gives up after ``timeout`` seconds. A replica that is slow does not delay the others.
    """

    def __init__(
        self,
        primary: Store[Any],
        replicas: tuple[Replica, ...],
        count: int,
        timeout: float,
    ) -> None:
        self._primary = primary
        self._replicas = replicas
        self._count = count
        self._timeout = timeout
        self._threads = {replica.id: Workers(_THREADS) for replica in replicas}

    def collect(self, keys: tuple[str, ...]) -> None:
        """Return when enough replicas have ``keys``. Raises Unacknowledged if that takes too long."""
        deadline = time.monotonic() + self._timeout
        answers: queue.SimpleQueue[bool] = queue.SimpleQueue()
        errors: dict[str, str] = {}
        for replica in self._replicas:
            work = partial(self._hand_over, replica, keys, deadline, answers, errors)
            self._threads[replica.id].submit(Call(work))
        acknowledged = 0
        with suppress(queue.Empty):
            for _ in self._replicas:
                acknowledged += answers.get(timeout=max(0.0, deadline - time.monotonic()))
                if acknowledged == self._count:
                    return
        raise self._missing(keys, acknowledged, errors)

    def _hand_over(
        self,
        replica: Replica,
        keys: tuple[str, ...],
        deadline: float,
        answers: "queue.SimpleQueue[bool]",
        errors: dict[str, str],
    ) -> None:
        """Give ``replica`` the keys, and tell ``answers`` whether it has them. It tries again if it does not answer."""
        acknowledged = False
        try:
            for key in keys:
                self._insist(replica, key, deadline, errors)
            acknowledged = True
        except Exception as error:  # noqa: BLE001 - the writer gets it
            errors[replica.name] = str(error)
        answers.put(acknowledged)

    def _insist(self, replica: Replica, key: str, deadline: float, errors: dict[str, str]) -> None:
        for attempt in count():
            try:
                replica.hand_over(key)
            except Unavailable as error:
                errors[replica.name] = str(error)
                pause = min(_PAUSES[1], _PAUSES[0] * 2 ** min(attempt, 10))
                if time.monotonic() + pause > deadline:
                    raise
                time.sleep(pause)
            else:
                return

    def _missing(self, keys: tuple[str, ...], acknowledged: int, errors: dict[str, str]) -> HoldallError:
        what = repr(keys[0]) if len(keys) == 1 else f"{len(keys)} keys"
        reasons = "".join(f"; {name}: {error}" for name, error in errors.items())
        return Unacknowledged(
            f"{self._primary!r} has the new value of {what}, but {acknowledged} of {self._count} replicas acknowledged "
            f"it within {self._timeout:g} seconds{reasons}; they get it later",
            key=keys[0] if len(keys) == 1 else None,
        )
