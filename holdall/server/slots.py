"""Limits how many long requests run at the same time, so that short ones always find a free thread."""

import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager

from holdall.extras import needs

with needs("server"):
    import falcon


class Slots:
    """``count`` long requests may run at the same time. One more raises HTTPServiceUnavailable at once.

    >>> slots = Slots(1)
    >>> with slots.take():
    ...     b"".join(slots.hold(iter([b"a"])))
    Traceback (most recent call last):
      ...
    falcon.errors.HTTPServiceUnavailable: ...
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._free = threading.BoundedSemaphore(count)

    @property
    def used(self) -> int:
        """How many long requests run."""
        return self._count - self._free._value

    @contextmanager
    def take(self) -> Iterator[None]:
        """Hold a slot for the length of the block."""
        if not self._free.acquire(blocking=False):
            raise falcon.HTTPServiceUnavailable(
                description="too many long requests run at this moment; try again", retry_after=1
            )
        try:
            yield
        finally:
            self._free.release()

    def hold(self, parts: Iterator[bytes], /) -> Generator[bytes, None, None]:
        """Return ``parts``, and hold a slot until they end or are closed.

        The first part is made at once, so that its error is raised here.
        """
        held = self._holding(parts)
        next(held)
        return held

    def _holding(self, parts: Iterator[bytes]) -> Generator[bytes, None, None]:
        with self.take():
            first = next(parts, b"")
            yield b""
            yield first
            yield from parts
