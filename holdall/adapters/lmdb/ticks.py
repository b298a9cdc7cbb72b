"""The ticks of an LMDB environment, which grow with each transaction of any process."""

from time import time_ns
from typing import NamedTuple

TICK = 8
"""Bytes of a tick."""

FORMAT = b"holdall 1 "
"""The start of the mark. The last tick that was taken follows it."""

_TAKEN = 16  # ticks taken at once: fewer than the microseconds that a change of the writing process takes


class Ticks(NamedTuple):
    """Ticks that a process has taken for its transactions. ``left`` holds the unused ones, greatest first.

    They belong to the process from the commit of ``mark`` until the mark changes. They do not belong to it
    before the commit, because another process that reads the same old mark may take the same ticks. A tick
    that is not used before the mark changes is never used.

    >>> ticks = Ticks.after(FORMAT + bytes.fromhex("7000000000000000"))
    >>> ticks.left.pop().hex(), ticks.left.pop().hex(), ticks.mark.hex()[-16:]
    ('7000000000000001', '7000000000000002', '7000000000000010')
    """

    mark: bytes
    left: list[bytes]

    @classmethod
    def after(cls, mark: bytes) -> "Ticks":
        """Return the next ticks to take, if ``mark`` is the current mark."""
        last = int.from_bytes(mark[len(FORMAT) :], "big")
        first = max(time_ns() // 1000, last + 1)
        taken = [tick.to_bytes(TICK, "big") for tick in range(first, first + _TAKEN)]
        return cls(FORMAT + taken[-1], taken[::-1])
