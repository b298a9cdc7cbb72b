"""Stores that say in which threads they are called, and that wait when they are told to."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import anyio

from holdall import Memory, PassThrough


class Gate(PassThrough[bytes]):
    """A write waits until ``opened`` is set. ``begun`` are the keys of the writes that began, in this order."""

    def __init__(self) -> None:
        super().__init__(Memory())
        self.opened = threading.Event()
        self.begun: list[str] = []

    def __setitem__(self, key: str, value: bytes, /) -> None:
        self.begun.append(key)
        self.opened.wait(60)
        super().__setitem__(key, value)


class Scans(PassThrough[bytes]):
    """Has 2,000 keys. ``idents`` are the threads in which it was called, ``closed`` is the number of closed scans.

    A scan that comes to the key ``failing`` raises OSError, and one that comes to ``waiting`` waits for ``go_on``.
    """

    def __init__(self, failing: str = "", waiting: str = "") -> None:
        super().__init__(Memory())
        self.update((f"{number:04}", b"%d" % number) for number in range(2000))
        self.idents: set[int] = set()
        self.closed = 0
        self.taken: list[str] = []
        self.go_on = threading.Event()
        self._failing = failing
        self._waiting = waiting

    def scan_items(self, prefix: str = "", **bounds: Any) -> Iterator[tuple[str, bytes]]:
        try:
            for key, value in super().scan_items(prefix, **bounds):
                self.idents.add(threading.get_ident())
                if key == self._failing:
                    raise OSError("the disk is gone")
                self.taken.append(key)
                if key == self._waiting:
                    self.go_on.wait(60)
                yield key, value
        finally:
            self.closed += 1


async def until(is_so: Callable[[], object]) -> None:
    """Wait until ``is_so`` returns true."""
    while not is_so():
        await anyio.sleep(0.001)
