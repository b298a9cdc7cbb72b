"""Reads and writes of the far store that are under way, so that nothing outdated is kept."""

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future

from holdall.errors import HoldallError, InvalidKey
from holdall.keys import check_key
from holdall.middleware.cache.entry import Entry
from holdall.middleware.cache.shelf import Near

Load = Future[Entry]
"""One read of a key, for all who want it."""


class Write:
    """The writes of one key that overlap; ``entry`` is what the key holds after one that succeeded."""

    def __init__(self) -> None:
        self.count = 0
        self.alone = True
        self.entry: Entry | None = None


class Traffic:
    """Decides what is kept in ``near`` and when, so that nobody reads what was there before his own write.

    - Before a key is written, its entry is dropped; after, the new one is kept, unless the write failed
      or met another one of the same key: then nobody can know here which came last.
    - What was read is kept unless a write of the key was under way at any time of the read. A read that
      begins after a write does not share the answer of one that began before the write's end.
    - Of those who read a key at once, one asks the far store. Its answer or error is that of all.
    - While many keys are written at once, nothing is kept.

    ``worth`` says whether an entry is ever of use. Threads share the traffic; a fork needs another.
    """

    def __init__(self, near: Near, worth: Callable[[Entry], bool]) -> None:
        self._near = near
        self._worth = worth
        self._lock = threading.Lock()
        self._loads: dict[str, Load] = {}
        self._writes: dict[str, Write] = {}
        self._bulks = 0
        self.find = near.find

    # ---- Reading -------------------------------------------------------------------------------

    def load(self, key: str, read: Callable[[], Entry]) -> Entry:
        """What ``read`` returns, or raises, to whoever is reading the key already."""
        while True:
            own: dict[str, Load] = {key: Future()}
            try:
                with self._lock:
                    load = self._loads.setdefault(key, own[key])
                if load is own[key]:
                    return self._led(own, {key: read()})[key]
            except BaseException as error:
                self._failed(own, error)
                raise
            with contextlib.suppress(CancelledError):  # who read it was interrupted
                return load.result()

    def load_many(self, keys: Iterable[str], read: Callable[[], dict[str, Entry]]) -> dict[str, Entry]:
        """What ``read`` returns for ``keys``; those that someone reads already are read again, and not kept."""
        own: dict[str, Load] = {}
        try:
            with self._lock:
                own.update((key, Future()) for key in keys if key not in self._loads)
                self._loads.update(own)
            return self._led(own, read())
        except BaseException as error:
            self._failed(own, error)
            raise

    def _led(self, loads: dict[str, Load], found: dict[str, Entry]) -> dict[str, Entry]:
        self._land(loads, found)
        for key, load in loads.items():
            load.set_result(found[key])
        return found

    def _failed(self, loads: dict[str, Load], error: BaseException) -> None:
        """Nobody is to wait for ``loads``: also where Ctrl-C came as they began, or as they ended."""
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
        """While ``key`` is written; what the block sets as the write's ``entry`` is kept."""
        with self._lock:
            write = self._writes.setdefault(key, Write())
            write.count += 1
            write.alone = write.count == 1 and write.alone and not self._bulks
        try:
            self.drop(key)
            yield write
        finally:
            with self._lock:
                self._ended(key, write)

    def _ended(self, key: str, write: Write) -> None:
        self._loads.pop(key, None)  # what began before this end is not kept, and nobody new waits for it
        write.count -= 1
        if not write.count:
            del self._writes[key]
            if write.alone and write.entry is not None:
                self._keep(key, write.entry)

    @contextlib.contextmanager
    def bulk(self) -> Iterator[None]:
        """While any keys are written, each of which is dropped first."""
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

    # ---- What is near --------------------------------------------------------------------------

    def drop(self, key: str) -> None:
        """Keep nothing of ``key``."""
        with self._lock:
            self._near.drop(key)

    def clear(self) -> None:
        """Keep nothing."""
        with self._lock:
            self._near.clear()

    def _keep(self, key: str, entry: Entry) -> None:
        # A near store that is full or away makes reads slower, and fails none.
        with contextlib.suppress(HoldallError):
            if is_plain(key) and self._worth(entry):
                self._near.keep(key, entry)
            else:
                self._near.drop(key)


def is_plain(key: str) -> bool:
    """Whether anybody may ask for ``key``: not if it is reserved, or longer than a user's key may be."""
    try:
        check_key(str(key))
    except InvalidKey:
        return False
    return True
