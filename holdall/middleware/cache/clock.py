"""Which keys to evict when a limit is reached: those that were not read recently."""

from collections import OrderedDict


class _Place:
    """A key's size in bytes, and whether the key was read since the hand last passed it."""

    __slots__ = ("asked", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self.asked = False


class Clock:
    """Keeps at most ``items`` keys and ``size`` bytes, by second chance.

    It evicts nearly in the order of least recent use, but not exactly. Keys are arranged in a circle. The
    hand evicts the key at which it points, unless the key was read since the hand last passed it (F. J.
    Corbató, A Paging Experiment with the Multics System, 1968). So a read only sets a flag: `touch` moves
    nothing and takes no lock. All other methods must be called by one thread at a time.

    >>> clock = Clock(items=2, size=100)
    >>> clock.admit("a", 1), clock.admit("b", 1)
    ([], [])
    >>> clock.touch("a")
    >>> clock.admit("c", 1)
    ['b']
    """

    def __init__(self, items: int, size: int) -> None:
        self._items = items
        self._room = size
        self._size = size
        self._places: OrderedDict[str, _Place] = OrderedDict()

    def touch(self, key: str) -> None:
        """Record that ``key`` was read."""
        place = self._places.get(key)
        if place is not None:
            place.asked = True

    def fits(self, size: int) -> bool:
        """Whether ``size`` bytes could be kept if all other keys were evicted."""
        return size <= self._size

    def admit(self, key: str, size: int) -> list[str]:
        """Add ``key``, which must fit, and return the keys that were evicted for it."""
        self.forget(key)
        taken = []
        while len(self._places) >= self._items or self._room < size:
            passed, place = self._places.popitem(last=False)
            if place.asked:
                place.asked = False
                self._places[passed] = place
            else:
                self._room += place.size
                taken.append(passed)
        self._places[key] = _Place(size)
        self._room -= size
        return taken

    def forget(self, key: str) -> None:
        """Remove ``key``, if it is there."""
        place = self._places.pop(key, None)
        if place is not None:
            self._room += place.size

    def clear(self) -> None:
        """Remove all keys."""
        self._places.clear()
        self._room = self._size
