"""Reads that go to a replica because the primary does not answer."""

import logging
import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar, cast

from holdall.errors import Corrupt, HoldallError, Stale, Unavailable
from holdall.handles import PerProcess
from holdall.replication.replicas.marks import covers, read_mark
from holdall.replication.replicas.reading import StaleRead, Wanted, noted, wanted
from holdall.replication.replicas.timed import Timed
from holdall.store import Store

V = TypeVar("V")
T = TypeVar("T")

_PAUSES: Final = 1.0, 30.0  # the first and the longest time without a request to the primary, in seconds
_LOOK: Final = 0.05  # seconds between two looks at the marks of the replicas

log = logging.getLogger("holdall.replicas")


class Failover(Generic[V]):
    """Asks ``primary`` or, if it raises Unavailable, one of ``others`` in their order.

    After that it asks the others at once for a second, then tries the primary again; each failure doubles this
    time, up to 30 seconds. ``allows`` tells whether a replica that may be behind may answer. If ``timeout`` is
    given, a read of the primary runs in another thread, and is given up after so many seconds.
    """

    def __init__(
        self, primary: Store[V], others: tuple[Store[V], ...], *, allows: bool, timeout: float | None
    ) -> None:
        self._primary = primary
        self._others = others
        self._allows = allows
        self._timed = None if timeout is None else PerProcess(lambda: Timed(timeout))
        self._error: Unavailable | None = None
        self._failures = 0
        self._retry_at = 0.0
        self.active = timeout is not None
        """Whether reads have to come here, rather than go to the primary."""

    @property
    def error(self) -> Unavailable | None:
        """The error of the primary, if reads go to the replicas."""
        return self._error

    def read(
        self,
        ask: Callable[[Store[V]], T],
        what: str,
        error: Unavailable | None = None,
        *,
        timed: bool = True,
    ) -> T:
        """Return ``ask(store)`` of the first store that may answer. ``error`` is that of the primary, if it was asked.

        ``what`` names the key or the operation. Unless ``timed``, the timeout does not count. Raises Stale if only
        replicas that may be behind could answer.
        """
        failed = error or self._error
        if error is None and (failed is None or self._is_due()):
            try:
                answer = self._ask_primary(ask, timed=timed)
            except Unavailable as raised:
                error = failed = raised
            else:
                self.recover()
                return answer
        if error is not None:
            self._fail(error)
        return self._ask_others(ask, what, cast(Unavailable, failed))

    def _is_due(self) -> bool:
        """Return whether this read shall try the primary again. Others do not try at the same time."""
        now = time.monotonic()
        if now < self._retry_at:
            return False
        self._retry_at = now + _PAUSES[0]
        return True

    def _ask_primary(self, ask: Callable[[Store[V]], T], *, timed: bool) -> T:
        if self._timed is None or not timed:
            return ask(self._primary)
        return self._timed().call(lambda: ask(self._primary), repr(self._primary))

    def _fail(self, error: Unavailable) -> None:
        first, longest = _PAUSES
        if self._error is None:
            log.warning("reads go to the replicas of %r: %s", self._primary, error)
        self._error = error
        self._retry_at = time.monotonic() + min(longest, first * 2 ** min(self._failures, 10))
        self._failures += 1
        self.active = True

    def recover(self) -> None:
        """Ask the primary again from now on, because it answered."""
        if self._error is not None:
            log.info("reads go to %r again", self._primary)
            self._error = None
            self._failures = 0
            self.active = self._timed is not None

    # ---- The replicas --------------------------------------------------------------------------

    def _ask_others(self, ask: Callable[[Store[V]], T], what: str, error: Unavailable) -> T:
        need, notes = wanted.get(), noted.get()
        if need is None and notes is None and not self._allows:
            raise Stale(
                f"{error}; a replica could answer, but it may be behind; read in a block of stale_reads() or "
                "at_least(position), or open the store with stale='allow'"
            ) from error
        while True:
            errors: list[HoldallError] = []
            for store in self._others:
                try:
                    mark = None if need is None else read_mark(store)
                except (Unavailable, Corrupt) as raised:
                    errors.append(raised)
                    continue
                if need is not None and not covers(mark, need.position):
                    continue
                try:
                    return self._ask_other(store, ask, what, error)
                except Unavailable as raised:
                    errors.append(raised)
            if need is None or len(errors) == len(self._others) or not _waits(need):
                break
        reasons = "; ".join(map(str, errors)) or "no replica has everything from before the position yet"
        raise Stale(f"{error}; {reasons}") from error

    def _ask_other(self, store: Store[V], ask: Callable[[Store[V]], T], what: str, error: Unavailable) -> T:
        try:
            answer = ask(store)
        except Unavailable:
            raise
        except Exception:
            _note(store, what, error)  # that a key is missing may be out of date too
            raise
        _note(store, what, error)
        return answer


def _note(store: object, what: str, error: Unavailable) -> None:
    notes = noted.get()
    if notes is not None:
        notes.append(StaleRead(what, repr(store), error))


def _waits(need: Wanted) -> bool:
    """Wait for a moment, and return whether the reader waits any longer."""
    left = need.deadline - time.monotonic()
    if left > 0:
        time.sleep(min(_LOOK, left))
    return left > 0
