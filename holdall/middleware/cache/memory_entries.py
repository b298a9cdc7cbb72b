"""Cache entries in the memory of this process."""

from typing import Protocol

from holdall.middleware.cache.clock import Clock
from holdall.middleware.cache.entry import Entry
from holdall.store import MISSING


class Near(Protocol):
    """A place for entries. Any thread may call `find` at any time; only one at a time may call the others."""

    def find(self, key: str) -> Entry | None:
        """The entry of ``key``, if there is one."""
        ...

    def keep(self, key: str, entry: Entry) -> None:
        """Keep ``entry`` if it fits, and evict others for it."""
        ...

    def drop(self, key: str) -> None:
        """Drop the entry of ``key``."""
        ...

    def clear(self) -> None:
        """Drop all entries."""
        ...


class MemoryEntries:
    """Keeps entries in memory, as many as ``clock`` allows.

    >>> from holdall.store import ABSENT
    >>> entries = MemoryEntries(Clock(items=10, size=1000))
    >>> entries.keep("a", Entry(b"1", ABSENT, 0.0))
    >>> entries.find("a").value
    b'1'
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._touch = clock.touch
        self._entries: dict[str, Entry] = {}

    def find(self, key: str) -> Entry | None:
        entry = self._entries.get(key)
        if entry is not None:
            self._touch(key)
        return entry

    def keep(self, key: str, entry: Entry) -> None:
        size = len(key) + (0 if entry.value is MISSING else len(entry.value))
        if self._clock.fits(size):
            for old in self._clock.admit(key, size):
                del self._entries[old]
            self._entries[key] = entry
        else:
            self.drop(key)

    def drop(self, key: str) -> None:
        self._clock.forget(key)
        self._entries.pop(key, None)

    def clear(self) -> None:
        self._clock.clear()
        self._entries.clear()
