"""The ticks of an LMDB environment, which grow with each transaction of any process."""

from time import time_ns

TICK = 8
"""Bytes of a tick."""

FORMAT, WITHOUT_FEED = b"holdall 2 ", b"holdall 1 "
"""The start of the mark; the last tick that was taken follows it. Earlier releases wrote the second one."""

_TAKEN = 16  # ticks taken at once: fewer than the microseconds that a change of the writing process takes


def take_ticks(mark: bytes) -> tuple[bytes, list[bytes]]:
    """Take the next ticks after those of ``mark``. Return the new mark, and the ticks, greatest first.

    They belong to a process from the commit of the new mark until another process commits a transaction. They do
    not belong to it before the commit, because another process that reads the same old mark may take the same ticks.
    A tick that is not used by then is never used.

    >>> mark, ticks = take_ticks(FORMAT + bytes.fromhex("7000000000000000"))
    >>> ticks.pop().hex(), ticks.pop().hex(), mark.hex()[-16:]
    ('7000000000000001', '7000000000000002', '7000000000000010')
    """
    last = int.from_bytes(last_tick(mark), "big")
    first = max(time_ns() // 1000, last + 1)
    taken = [tick.to_bytes(TICK, "big") for tick in range(first, first + _TAKEN)]
    return FORMAT + taken[-1], taken[::-1]


def last_tick(mark: bytes) -> bytes:
    """Return the last tick that was taken when ``mark`` was written."""
    return mark[len(FORMAT) :]
