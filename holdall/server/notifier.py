"""One thread for each store, which watches its feed and tells all clients that wait for a change.

Clients at the same position get the same page, which is read and written once.
"""

import logging
import threading
import time
from collections import defaultdict
from typing import Any, Final

from holdall.errors import HoldallError
from holdall.extras import needs
from holdall.server.feed_page import FeedPage
from holdall.server.waiters import Place, Waiter
from holdall.store import Store

with needs("server"):
    import falcon

log = logging.getLogger("holdall.server")

_LOOK: Final = 0.5  # seconds between two looks at the clients, if nothing changes
_SOON: Final = 0.02  # the same, while a client has not taken all that was sent
_CHECKS: Final = 10  # tokens that are checked at one look, because the store of the tokens may be slow


class Notifier:
    """Tells the clients that wait for changes of ``store``. They are answered at once when ``ending`` is set."""

    def __init__(self, store: Store[Any], ending: threading.Event) -> None:
        self._store = store
        self._ending = ending
        self._waiters: set[Waiter] = set()
        self._current: set[Waiter] = set()  # those that had every change at `_position`
        self._position = ""
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, waiter: Waiter) -> None:
        """Tell ``waiter`` what changes, until it is closed."""
        with self._lock:
            self._waiters.add(waiter)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="holdall-notifier", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while waiters := self._open():
            try:
                self._step(waiters)
            except Exception:
                log.exception("the notifier failed, so it ended %d waiting requests", len(waiters))
                for each in waiters:
                    each.close()
        self._current = set()

    def _open(self) -> list[Waiter]:
        """Return the waiters that are not closed. If there are none, the thread ends."""
        with self._lock:
            self._waiters = {each for each in self._waiters if each.connection is not None}
            if not self._waiters:
                self._thread = None
            return list(self._waiters)

    def _step(self, waiters: list[Waiter]) -> None:
        """Wait for a change, and tell the waiters. Then look after each of them."""
        ready = {each for each in waiters if each.has_room}
        if not ready <= self._current or self._watch(ready, _LOOK if len(ready) == len(waiters) else _SOON):
            self._tell(ready)
        self._look(waiters)

    def _watch(self, ready: set[Waiter], seconds: float) -> bool:
        """Return whether there may be changes for ``ready``, within ``seconds``."""
        ends = time.monotonic() + seconds
        if ready:
            prefixes = {each.place.prefix for each in ready}
            prefix = prefixes.pop() if len(prefixes) == 1 else ""
            try:
                if self._store.watch(self._position, prefix=prefix, timeout=seconds):
                    return True
            except HoldallError:
                return True  # `_tell` reports it
        self._ending.wait(max(0, ends - time.monotonic()))  # if the store was closed, or nobody is ready
        return False

    def _tell(self, ready: set[Waiter]) -> None:
        groups = defaultdict(list)
        for each in ready:
            groups[each.place].append(each)
        pages = [page for page in map(self._tell_group, groups, groups.values()) if page]
        # A change that a group does not have yet comes after the position of the first group, which was read first.
        self._position = pages[0].position if pages else ""
        self._current = set() if any(page.more for page in pages) else ready
        if not any(page.changes for page in pages):
            self._ending.wait(_SOON)  # the change was of other keys

    def _tell_group(self, place: Place, group: list[Waiter]) -> FeedPage | None:
        try:
            page = FeedPage.read(self._store, *place)
        except HoldallError as error:
            for each in group:
                each.end(error)
            return None
        for each in group:
            each.tell(page)
        return page

    def _look(self, waiters: list[Waiter]) -> None:
        now = time.monotonic()
        for each in waiters:
            connection = each.connection
            if connection is None:
                continue
            if self._ending.is_set() or connection.is_over:
                each.end()
            else:
                each.look(now)
        due = [each for each in waiters if each.connection is not None and each.is_due(now)]
        for each in due[:_CHECKS]:
            try:
                each.check(now)
            except (falcon.HTTPError, HoldallError):
                each.close()
