"""Cache entries in a store, so that they outlive the process or can take more room than the memory has."""

from holdall.errors import HoldallError
from holdall.middleware.cache.clock import Clock
from holdall.middleware.cache.entry import Entry, pack, unpack
from holdall.store import MISSING, Store


class StoreEntries:
    """Keeps entries in ``store``, as `pack` writes them, as many as ``clock`` allows.

    When the first entry is kept, a scan of the store's values counts the entries from earlier.

    >>> from holdall import Memory
    >>> from holdall.store import ABSENT
    >>> entries = StoreEntries(Memory(), Clock(items=10, size=1000))
    >>> entries.keep("a", Entry(b"1", ABSENT, 0.0))
    >>> entries.find("a").value
    b'1'
    """

    def __init__(self, store: Store[bytes], clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._counted = False

    def find(self, key: str) -> Entry | None:
        """The entry of ``key``; None if there is none, if the store fails, or if the data is not an entry."""
        try:
            data = self._store._find(key)
            entry = None if data is MISSING else unpack(key, data)
        except HoldallError:
            return None
        self._clock.touch(key)
        return entry

    def keep(self, key: str, entry: Entry) -> None:
        self._count()
        if self.find(key) == entry:  # a read costs less than a write
            return
        data = pack(entry)
        if self._admit(key, data):
            self._store[key] = data
        else:
            self.drop(key)

    def _admit(self, key: str, data: bytes) -> bool:
        size = len(key) + len(data)
        if not self._clock.fits(size):
            return False
        self._store.delete_many(self._clock.admit(key, size))
        return True

    def _count(self) -> None:
        if self._counted:
            return
        self._counted = True
        for key, data in self._store.scan_items():
            if not self._admit(key, data):
                self._store.discard(key)

    def drop(self, key: str) -> None:
        self._clock.forget(key)
        self._store.discard(key)

    def clear(self) -> None:
        self._clock.clear()
        self._store.clear()
