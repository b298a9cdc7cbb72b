"""Coordination of concurrent reads and writes of the far store, so that no outdated entry is kept."""

import contextlib
import math
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future

from holdall.errors import HoldallError, InvalidKey
from holdall.keys import check_key
from holdall.middleware.cache.entry import Entry
from holdall.middleware.cache.memory_entries import Near
from holdall.store import ABSENT, MISSING, Tag

Load = Future[Entry]
"""One read of a key, for all threads that want it."""


class Write:
    """The writes of one key that overlap; ``entry`` is the new entry if one of them succeeded."""

    def __init__(self) -> None:
        self.count = 0
        self.alone = True
        self.entry: Entry | None = None


class Coordinator:
    """Decides which entries ``near`` keeps, so that no thread reads a value older than its own write.

    - Before a key is written, its entry is dropped. After the write the new entry is kept, unless the write
      failed or overlapped another write of the same key: then this process cannot know which came last.
    - An entry that was read is kept unless a write of the key was under way at any time of the read. A read
      that begins after a write does not share the result of a read that began before the write's end.
    - If several threads read a key at once, only one asks the far store. All of them get its result or error.
    - While a write of many keys is under way, no entry is kept.
    - If the change feed of the far store tells a key, its entry is dropped, and no read that began before is
      kept, unless the entry has the tag that the feed told.

    Every entry that is older than ``correct_at`` was correct at that time; `Follower` sets it. ``worth`` says
    whether an entry can ever be useful. Threads share one instance; a forked process needs a new one.
    """

    def __init__(self, near: Near, worth: Callable[[Entry], bool]) -> None:
        self._near = near
        self._worth = worth
        self._lock = threading.Lock()
        self._loads: dict[str, Load] = {}
        self._writes: dict[str, Write] = {}
        self._bulks = 0
        self.correct_at = -math.inf
        self.find = near.find

    # ---- Reading -------------------------------------------------------------------------------

    def load(self, key: str, read: Callable[[], Entry]) -> Entry:
        """Return the result of ``read``; if another thread is reading ``key`` already, return its result.

        If the read of the other thread raises an error, this raises the same error.
        """
        while True:
            own: dict[str, Load] = {key: Future()}
            try:
                with self._lock:
                    load = self._loads.setdefault(key, own[key])
                if load is own[key]:
                    return self._complete(own, {key: read()})[key]
            except BaseException as error:
                self._fail(own, error)
                raise
            with contextlib.suppress(CancelledError):  # the thread that read it was interrupted
                return load.result()

    def load_many(self, keys: Iterable[str], read: Callable[[], dict[str, Entry]]) -> dict[str, Entry]:
        """The result of ``read`` for ``keys``.

        A key that another thread is reading already is read again, and the result is not kept in the cache.
        """
        own: dict[str, Load] = {}
        try:
            with self._lock:
                own.update((key, Future()) for key in keys if key not in self._loads)
                self._loads.update(own)
            return self._complete(own, read())
        except BaseException as error:
            self._fail(own, error)
            raise

    def _complete(self, loads: dict[str, Load], found: dict[str, Entry]) -> dict[str, Entry]:
        self._land(loads, found)
        for key, load in loads.items():
            load.set_result(found[key])
        return found

    def _fail(self, loads: dict[str, Load], error: BaseException) -> None:
        """End ``loads``, so that no thread waits for them forever, also if Ctrl-C interrupted the reader."""
        self._land(loads, {})
        for load in loads.values():
            if load.done():
                continue
            if isinstance(error, Exception):
                load.set_exception(error)
            else:
                load.cancel()

    def _land(self, loads: dict[str, Load], found: dict[str, Entry]) -> None:
        with self._lock:
            for key, load in loads.items():
                if self._loads.get(key) is load:
                    del self._loads[key]
                    if key in found and key not in self._writes and not self._bulks:
                        self._keep(key, found[key])

    # ---- Writing -------------------------------------------------------------------------------

    @contextlib.contextmanager
    def write(self, key: str) -> Iterator[Write]:
        """A context in which ``key`` is written.

        The block may set the write's ``entry``. It is kept afterwards, unless the write failed or overlapped
        another.
        """
        with self._lock:
            write = self._writes.setdefault(key, Write())
            write.count += 1
            write.alone = write.count == 1 and write.alone and not self._bulks
        try:
            self.drop(key)
            yield write
        finally:
            with self._lock:
                self._end(key, write)

    def _end(self, key: str, write: Write) -> None:
        self._loads.pop(key, None)  # an earlier read is not kept, and new readers do not join it
        write.count -= 1
        if not write.count:
            del self._writes[key]
            if write.alone and write.entry is not None:
                self._keep(key, write.entry)

    @contextlib.contextmanager
    def bulk(self) -> Iterator[None]:
        """A context in which any keys are written; the caller drops each of them first."""
        with self._lock:
            self._bulks += 1
            for write in self._writes.values():
                write.alone = False
        try:
            yield
        finally:
            with self._lock:
                self._bulks -= 1
                self._loads.clear()

    # ---- Changes by others ---------------------------------------------------------------------

    def outdate(self, key: str, tag: Tag) -> None:
        """Drop what is older than the state ``tag`` of ``key``, which the feed of the far store told."""
        with self._lock:
            self._loads.pop(key, None)
            if key in self._writes:
                self._writes[key].alone = False
            entry = self._near.find(key)
            if entry is not None and not _is_of(entry, tag):
                self._near.drop(key)

    def restart(self) -> None:
        """Drop all entries, and keep nothing of the reads and writes that are under way."""
        with self.bulk():
            self.clear()

    # ---- The near entries ----------------------------------------------------------------------

    def drop(self, key: str) -> None:
        """Drop the entry of ``key``."""
        with self._lock:
            self._near.drop(key)

    def clear(self) -> None:
        """Drop all entries."""
        with self._lock:
            self._near.clear()

    def _keep(self, key: str, entry: Entry) -> None:
        # If the near store is full or cannot be reached, reads become slower, but none fails.
        with contextlib.suppress(HoldallError):
            if is_plain(key) and self._worth(entry):
                self._near.keep(key, entry)
            else:
                self._near.drop(key)


def _is_of(entry: Entry, tag: Tag) -> bool:
    """Whether ``entry`` is surely the state ``tag`` of its key; the tag of an entry may not be known."""
    return entry.value is MISSING if tag == ABSENT else entry.tag == tag


def is_plain(key: str) -> bool:
    """Whether a user may ask for ``key``: not if it is reserved, or longer than a user's key may be."""
    try:
        check_key(str(key))
    except InvalidKey:
        return False
    return True
