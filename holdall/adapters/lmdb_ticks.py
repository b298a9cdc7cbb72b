"""The ticks of an LMDB environment: they grow with each transaction, whichever process it is of."""

from time import time_ns

TICK = 8
"""Bytes of a tick."""

FORMAT = b"holdall 1 "
"""What the mark begins with; the last tick that was taken follows."""

_TAKEN = 16  # at once: fewer than the microseconds in which two processes can take turns


class Ticks:
    """Ticks that a process takes for its transactions, once what `mark` says is written; ``mark`` was before.

    They are its own for as long as the mark stays as it is: who takes others writes it anew. So
    it must be known to be committed: what another process makes of the same ``mark`` may be equal.
    Ticks that are not given are left out.

    >>> ticks = Ticks(FORMAT + bytes.fromhex("7000000000000000"))
    >>> ticks.give().hex(), ticks.give().hex(), ticks.mark.hex()[-16:]
    ('7000000000000001', '7000000000000002', '7000000000000010')
    """

    def __init__(self, mark: bytes) -> None:
        last = int.from_bytes(mark[len(FORMAT) :], "big")
        self._next = max(time_ns() // 1000, last + 1)
        self._last = self._next + _TAKEN - 1
        self.mark = FORMAT + self._last.to_bytes(TICK, "big")

    def __bool__(self) -> bool:
        """Whether there are any left."""
        return self._next <= self._last

    def give(self) -> bytes:
        """The next tick, in bytes of the same order."""
        tick = self._next.to_bytes(TICK, "big")
        self._next += 1
        return tick
