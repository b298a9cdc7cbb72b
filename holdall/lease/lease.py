"""The class `Lease`."""

import math
import random
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, NoReturn, Self

from holdall.errors import Conflict, Fenced, HoldallError, Invalid
from holdall.handles import PerProcess
from holdall.layer import below
from holdall.lease.acquisition import Grant, Held, Rival, State
from holdall.lease.record import Place, Record, check_holder
from holdall.redact import format_call
from holdall.store import ATTEMPTS, Store, conflict

LONGEST: Final = 86_400.0
"""The longest ttl, in seconds."""
_PAUSES: Final = 0.01, 1.0  # the shortest and the longest wait between two looks, in seconds


class Lease:
    """The right to do the work called ``name``, which one holder at a time has, for up to ``ttl`` seconds.

    All processes that open the same part of ``store`` compete for it: the record lies under the prefix of a
    `Prefix`, and beside the data of every other layer. A lease that is not renewed within ``ttl`` seconds is
    free for others. They need these seconds to see that it is not renewed. Each acquisition has a `token`, a
    number that is higher than those of all acquisitions before.

    A holder that is paused for longer than ``ttl``, by the system or by a slow request, may still be at work
    while another one already holds the lease. No lock can prevent this. So let a lease save double work, and
    let correctness depend on compare-and-swap, or on a store that refuses a lower `token`; the guide shows
    both. Clocks must run at about the same speed, but need not agree.

    One instance is one holder. Give each thread that competes its own. A forked child does not hold the lease
    of its parent. Nothing renews a lease by itself, so that a holder that hangs loses it: call `renew`.

    ``holder`` is a name that others see in `rival`, of at most 300 bytes if it is percent-encoded. ``clock`` is a
    monotonic clock, in seconds. Raises Unsupported if ``store`` lacks SWAP, which may cost a request to find out,
    and Invalid if ``holder`` is too long, or unless ``ttl`` is between a millisecond and a day.

    >>> from holdall import Memory
    >>> store = Memory()
    >>> with Lease(store, "refresh", ttl=30) as lease:
    ...     lease.token, Lease(store, "refresh", ttl=30).acquire(timeout=0)
    (1, False)
    """

    def __init__(
        self,
        store: Store[Any],
        name: str,
        ttl: float,
        *,
        holder: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not 0.001 <= ttl <= LONGEST:
            raise Invalid(f"a lease needs a ttl between 0.001 and {LONGEST:.0f} seconds, not {ttl!r}")
        check_holder(holder)
        self._store = below(store, Lease)
        self._place = Place(self._store, name)
        self._name = name
        self._ttl = round(ttl * 1000)
        self._holder = holder
        self._clock = clock
        self._here = PerProcess(State)

    @property
    def token(self) -> int:
        """The number of the last acquisition by this process with this instance; 0 before the first one."""
        return self._here().token

    def __repr__(self) -> str:
        return format_call("Lease", (self._store, self._name, self._ttl / 1000), {})

    # ---- Acquiring -----------------------------------------------------------------------------

    def acquire(self, timeout: float | None = None) -> bool:
        """Wait until this instance holds the lease, and return True; return False after ``timeout`` seconds.

        It reads the record at growing intervals, up to one second. A lease that its holder neither renews nor
        releases becomes free when this instance has known its record for its ttl. Several calls with a short
        ``timeout`` add up, but only in the same process.

        If it raises an error or is interrupted, the lease may have been acquired. The next call then takes
        it at once; without one, it expires. Raises RuntimeError if this instance holds the lease already, and
        Corrupt if the record is not one of a lease.
        """
        state = self._here()
        deadline = math.inf if timeout is None else self._clock() + timeout
        owner = state.new_owner()
        attempt = 0
        try:
            while True:
                rest = self._try(state, owner)
                if rest is None:
                    return True
                left = deadline - self._clock()
                if left <= 0:
                    state.unanswered.append(owner)
                    return False
                time.sleep(min(left, rest or math.inf, _pause(attempt)))
                attempt += 1
        except BaseException:
            if state.held and state.held.record.owner == owner:
                state.held = None
            state.unanswered.append(owner)
            raise

    def _try(self, state: State, owner: str) -> float | None:
        """Take the lease if it is free, and return None; else return the seconds until it may be free.

        The result is 0 if another process took it in the meantime.
        """
        if state.held and self._clock() < state.held.until:
            raise RuntimeError(f"this instance holds {self._place} already; use one Lease per thread")
        found, tag = self._place.read()
        if found.owner != owner and (rest := state.remaining(found, self._clock())) > 0:
            return rest
        began = self._clock()
        record = Record(found.token + 1, self._ttl, owner, "", self._holder).renewed(self._ttl)
        try:
            tag = self._place.swap(record, tag)
        except Conflict:
            return 0.0
        state.held, state.token = Held(record, tag, began + record.seconds), record.token
        return None

    @property
    def rival(self) -> Rival | None:
        """The last holder that `acquire` met in this process, or None if it met none."""
        return self._here().rival(self._clock())

    # ---- Passing on ----------------------------------------------------------------------------

    def hand_over(self) -> Grant:
        """Return the grant of this acquisition, and let go of it. Another `Lease` of the same name can `resume` it."""
        held = self._held()
        self._here().held = None
        return Grant(held.record.token, held.record.owner)

    def resume(self, grant: Grant) -> None:
        """Go on with the acquisition of ``grant``. Call `renew` next: `check` cannot know when it was renewed last.

        Raises Fenced if it was lost or released.
        """
        found, tag = self._place.read()
        if (found.token, found.owner) != grant or not found.ttl:
            self._lose()
        state = self._here()
        state.held, state.token = Held(found, tag, -math.inf), found.token

    # ---- Holding -------------------------------------------------------------------------------

    def check(self) -> None:
        """Raise Fenced unless this process still holds the lease, by its own clock. This makes no request."""
        held = self._held()
        if self._clock() >= held.until:
            raise Fenced(
                f"{self._place} was not renewed for {held.record.seconds:g} seconds, so another process may "
                "hold it; stop the work, or call renew, which tells whether it was lost"
            )

    def renew(self) -> None:
        """Hold the lease for ``ttl`` seconds from now on.

        Raises Fenced if another process acquired it, or if this process does not hold it. If the last renewal
        is too long ago, but nobody else acquired it, it was not lost. After any other error, such as
        Unavailable, the lease is as before, or renewed.
        """
        self._write(self._ttl)

    def release(self) -> None:
        """Give the lease back, so that others need not wait until it expires. Raises the errors of `renew`."""
        self._held().until = -math.inf  # first, because the answer of the store may be lost
        self._write(0)
        self._here().held = None

    def _write(self, ttl: int) -> None:
        held = self._held()
        tag = held.tag
        for _ in range(ATTEMPTS):
            began = self._clock()
            record = held.record.renewed(ttl)
            try:
                held.tag = self._place.swap(record, tag)
            except Conflict:
                # This process wrote the new record if an answer was lost, or if another thread renewed the lease.
                found, tag = self._place.read()
                if not held.wrote(found) or found.ttl < ttl:
                    self._lose()
            else:
                held.until = began + record.seconds
                return
        raise conflict(self._name)

    def _held(self) -> Held:
        held = self._here().held
        if held is None:
            raise Fenced(f"this process does not hold {self._place}; acquire it first")
        return held

    def _lose(self) -> NoReturn:
        self._here().held = None
        raise Fenced(
            f"this process lost {self._place}, because it was not renewed in time or its record was deleted; "
            "stop the work, and acquire it again"
        )

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Release the lease. Raises Fenced if it was lost, unless the block raised an error already."""
        try:
            self.release()
        except HoldallError:
            if error is None:
                raise


def _pause(attempt: int) -> float:
    """Return a random time to wait after look number ``attempt``, from 0, in seconds."""
    shortest, longest = _PAUSES
    return random.uniform(0.5, 1) * min(longest, shortest * 2.0 ** min(attempt, 10))  # noqa: S311 - not secret
