"""Wake the threads that wait in `Store.watch`."""

import math
import os
import threading
import time
from collections.abc import Callable
from typing import NamedTuple, Protocol

from holdall.changes import Changes

INTERVAL = 0.25
"""The seconds between two looks of a `Store.watch` that nobody wakes."""

_PATIENCE = 30  # seconds that a `close` waits for a look that is running


class Waking(Protocol):
    """The part of `threading.Event` that a `Bell` uses. `set` ends a `wait` of another thread."""

    def set(self) -> None: ...
    def clear(self) -> None: ...
    def is_set(self) -> bool: ...
    def wait(self, timeout: float, /) -> object: ...


class _Watch(NamedTuple):
    """A `watch` that began after so many closings, in this thread of a process. ``ended`` is set when it has ended."""

    closings: int
    pid: int
    thread: int
    ended: threading.Event


class Bell:
    """Wakes the threads of one process that watch a store, when it is written or closed.

    >>> from holdall import Memory
    >>> store = Memory()
    >>> Bell().watch(store.changes, store.changes().position, 0)
    False
    """

    def __init__(self) -> None:
        self._watches: dict[Waking, _Watch] = {}  # by the event that wakes it
        self._closings = 0
        self._pid = os.getpid()

    def ring(self) -> None:
        """Wake every thread, because the store may have changed. In a forked child this does nothing."""
        if self._pid != os.getpid():
            return  # a thread of the parent may hold the lock of an event
        for event in tuple(self._watches):
            event.set()

    def close(self) -> None:
        """End every `watch`, and return when those of other threads have ended.

        A store must not close its handles earlier: a library in C crashes if another thread uses one.
        """
        self._closings += 1
        self.ring()
        for watch in tuple(self._watches.values()):
            other = watch.pid == os.getpid() and watch.thread != threading.get_ident()
            if watch.closings < self._closings and other:
                watch.ended.wait(_PATIENCE)

    def watch(
        self,
        feed: Callable[[str], Changes],
        since: str,
        timeout: float | None,
        interval: float = math.inf,
        state: Callable[[], object] = object,
        event: Waking | None = None,
    ) -> bool:
        """Wait until ``feed(since)`` yields a change; return False if the time is over or the bell was closed.

        A thread looks again when the bell rings. It also looks every ``interval`` seconds if ``state()``
        returns another object than before the last look. It waits for ``event``, which may have other reasons
        to wake it.
        """
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        closings = self._closings
        event = event or threading.Event()
        watch = _Watch(closings, os.getpid(), threading.get_ident(), threading.Event())
        try:
            self._watches[event] = watch
            while self._closings == closings:
                event.clear()
                seen = state()
                changes = feed(since)
                if next(changes, None) is not None:
                    return True
                since = changes.position
                if not _wait(event, deadline, interval, state, seen):
                    break
            return False
        except Exception:
            if self._closings == closings:
                raise
            return False  # the store was closed while it looked for a change
        finally:
            watch.ended.set()
            self._watches.pop(event, None)


def _wait(event: Waking, deadline: float, interval: float, state: Callable[[], object], seen: object) -> bool:
    """Wait for ``event``, or until ``state()`` is not ``seen`` after an interval; return False at the deadline."""
    while not event.is_set():
        rest = deadline - time.monotonic()
        if rest <= 0:
            return False
        event.wait(min(interval, rest, threading.TIMEOUT_MAX))
        if state() != seen:
            break
    return True
