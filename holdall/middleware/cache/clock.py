"""Which keys to let go of when a bound is reached: those not asked for lately."""

from collections import OrderedDict


class _Place:
    """A key's size in bytes, and whether it was asked for since the hand last passed."""

    __slots__ = ("asked", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self.asked = False


class Clock:
    """At most ``items`` keys, and ``size`` bytes, by second chance: least recently used, in all but order.

    Keys stand in a circle. The hand takes away the one that it points at, unless that was asked for since
    the hand last passed (F. J. Corbató, A Paging Experiment with the Multics System, 1968). So to ask is
    to set a flag: `touch` moves nothing and takes no lock. All else is for one thread at a time.

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
        """Note that ``key`` was asked for."""
        place = self._places.get(key)
        if place is not None:
            place.asked = True

    def fits(self, size: int) -> bool:
        """Whether ``size`` bytes could be kept at all."""
        return size <= self._size

    def admit(self, key: str, size: int) -> list[str]:
        """Add ``key``, which fits, and return the keys taken away for it."""
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
        """Take ``key`` away, if it is there."""
        place = self._places.pop(key, None)
        if place is not None:
            self._room += place.size

    def clear(self) -> None:
        """Take all keys away."""
        self._places.clear()
        self._room = self._size
