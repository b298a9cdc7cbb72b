"""The ticks of an LMDB environment: they grow with each transaction, whichever process it is of."""

from time import time_ns
from typing import NamedTuple

TICK = 8
"""Bytes of a tick."""

FORMAT = b"holdall 1 "
"""What the mark begins with; the last tick that was taken follows."""

_TAKEN = 16  # at once: fewer than the microseconds in which two processes can take turns


class Ticks(NamedTuple):
    """Ticks that a process has taken for its transactions: ``left``, the greatest first.

    They are its own from when ``mark`` is committed until the mark is another. Not before: what another
    process takes of the same mark may be the same. Those that are never given are left out.

    >>> ticks = Ticks.after(FORMAT + bytes.fromhex("7000000000000000"))
    >>> ticks.left.pop().hex(), ticks.left.pop().hex(), ticks.mark.hex()[-16:]
    ('7000000000000001', '7000000000000002', '7000000000000010')
    """

    mark: bytes
    left: list[bytes]

    @classmethod
    def after(cls, mark: bytes) -> "Ticks":
        """The next to take, where ``mark`` is what the mark is now."""
        last = int.from_bytes(mark[len(FORMAT) :], "big")
        first = max(time_ns() // 1000, last + 1)
        taken = [tick.to_bytes(TICK, "big") for tick in range(first, first + _TAKEN)]
        return cls(FORMAT + taken[-1], taken[::-1])
