"""Follows the change feed of a cache's far store, in a thread, and drops the entries that others changed."""

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Final

from holdall.errors import Expired, HoldallError
from holdall.keys import RESERVED
from holdall.middleware.cache.coordinator import Coordinator
from holdall.middleware.cache.entry import Entry
from holdall.middleware.cache.memory_entries import Near
from holdall.store import Store

LOOK: Final = 1.0
"""The longest time between two looks at the feed, in seconds."""
_CLOSINGS: Final = 20


class Follower(Coordinator):
    """A coordinator whose entries are as correct as the change feed of ``store`` says.

    After each look at the feed, every entry was correct when the look began, by ``clock``. If the feed cannot
    go on from the last look, all entries are dropped. If the store does not answer, nothing is dropped, and
    the entries grow old.

    >>> from holdall import Memory
    >>> from holdall.middleware.cache.clock import Clock
    >>> from holdall.middleware.cache.memory_entries import MemoryEntries
    >>> store, now = Memory(), iter(range(100)).__next__
    >>> follower = Follower(MemoryEntries(Clock(10, 1000)), lambda entry: True, store, now)
    >>> follower.look(timeout=0)
    >>> follower.correct_at
    0
    """

    def __init__(
        self,
        near: Near,
        worth: Callable[[Entry], bool],
        store: Store[bytes],
        clock: Callable[[], float],
    ) -> None:
        super().__init__(near, worth)
        self._store = store
        self._clock = clock
        self._position: str | None = None
        self._stopped = False  # not an Event: a forked child may find its lock held
        self._thread = threading.Thread(target=self._run, name="holdall cache", daemon=True)

    def start(self) -> None:
        """Follow the feed from now on, in a thread that does not keep the interpreter alive.

        If no thread can start, the entries grow old.
        """
        with contextlib.suppress(RuntimeError):
            self._thread.start()

    def stop(self) -> None:
        """Let the thread end after the look that is under way."""
        self._stopped = True

    def end(self, close: Callable[[], None]) -> None:
        """Close the store by ``close``, and wait until the thread has ended, but not if the store hangs."""
        self._stopped = True
        for _ in range(_CLOSINGS):
            close()  # this ends a look, unless the look is only about to begin
            if not self._thread.is_alive():
                return
            self._thread.join(LOOK / _CLOSINGS)

    def _run(self) -> None:
        while not self._stopped:
            try:
                self.look(LOOK)
            except HoldallError:
                time.sleep(LOOK)

    def look(self, timeout: float) -> None:
        """Wait for changes up to ``timeout`` seconds, and drop the entries of the changed keys."""
        if self._position is None:
            self._position = self._begin()
        began = self._clock()
        try:
            if self._store.watch(self._position, timeout=timeout):
                began = self._clock()
                self._drop_changed(self._position)
        except Expired:
            self._position = None
        else:
            self.correct_at = began

    def _begin(self) -> str:
        """Return the position of now, and drop all entries from before."""
        changes = self._store.changes(prefix=f"{RESERVED}/")  # no key has this prefix
        for _ in changes:
            pass
        self.restart()
        return changes.position

    def _drop_changed(self, since: str) -> None:
        changes = self._store.changes(since)
        for change in changes:
            self.outdate(change.key, change.tag)
        self._position = changes.position
