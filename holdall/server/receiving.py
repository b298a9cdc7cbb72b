"""The memory for bodies of requests, so that many large ones at the same time do not use up all of it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from holdall.extras import needs

with needs("server"):
    import falcon

_PATIENCE: Final = 5  # seconds that a request waits for room
_SHARE: Final = 2  # a small body takes as much room as this part of the largest one


class Room:
    """Room for bodies of ``size`` bytes together; none is longer than ``largest``.

    A body takes at least half of ``largest``. So at most ``2 * size / largest`` requests have a body, and if a
    server has more threads, clients that send slowly do not hold all of them.

    >>> room = Room(20, 10)
    >>> with room.take(10), room.take(1):
    ...     room.left
    5
    """

    def __init__(self, size: int, largest: int) -> None:
        self.left = size
        self._largest = largest
        self._freed = threading.Condition()

    @contextmanager
    def take(self, size: int) -> Iterator[None]:
        """Hold room for ``size`` bytes in the block. Raises HTTPServiceUnavailable if others keep it for long."""
        taken = min(max(size, self._largest // _SHARE), self._largest)
        with self._freed:
            if not self._freed.wait_for(lambda: self.left >= taken, _PATIENCE):
                raise falcon.HTTPServiceUnavailable(
                    description="too many bodies are on their way at this moment; try again", retry_after=1
                )
            self.left -= taken
        try:
            yield
        finally:
            with self._freed:
                self.left += taken
                self._freed.notify_all()
