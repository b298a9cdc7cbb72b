"""What a reader accepts if the primary does not answer, for the reads in a ``with`` block."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

from holdall.changes import Position
from holdall.errors import Unavailable


class StaleRead(NamedTuple):
    """A read that a replica answered, which may be behind.

    ``what`` is the key, the prefix of a scan, or the name of the operation. ``replica`` is the name of the
    replica, and ``error`` is the error of the primary.
    """

    what: str
    replica: str
    error: Unavailable


class Wanted(NamedTuple):
    """A reader needs everything from before ``position``, and waits for it until ``deadline`` at most."""

    position: Position
    deadline: float


noted: ContextVar[list[StaleRead] | None] = ContextVar("holdall_stale_reads", default=None)
wanted: ContextVar[Wanted | None] = ContextVar("holdall_at_least", default=None)


@contextmanager
def stale_reads() -> Iterator[list[StaleRead]]:
    """Let replicas answer the reads of the block if the primary does not, and note these reads in a list.

    It holds for every `Replicas` below any layers, whatever its option ``stale`` says.

    >>> from holdall import Memory
    >>> from holdall.replication import Replicas
    >>> store = Replicas(Memory(), Memory())
    >>> with stale_reads() as reads:
    ...     store.get("a")
    >>> reads
    []
    """
    reads: list[StaleRead] = []
    token = noted.set(reads)
    try:
        yield reads
    finally:
        noted.reset(token)


@contextmanager
def at_least(position: str, timeout: float = 0.0) -> Iterator[None]:
    """Let a replica answer the reads of the block only if it has everything from before ``position``.

    ``position`` comes from `Replicas.position`. If no replica has it within ``timeout`` seconds, a read raises
    `Stale`. The primary always has it. Raises InvalidPosition if it is not a position.
    """
    token = wanted.set(Wanted(Position.parse(position), time.monotonic() + timeout))
    try:
        yield
    finally:
        wanted.reset(token)
