"""The limits of the service, which hold under every WSGI server."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits of `holdall.server.app`; a request over one of them is refused.

    >>> Limits(body=1 << 20).long
    4
    """

    body: int = 16 << 20
    """The bytes of a body."""
    long: int = 4
    """How many requests stream or wait at the same time.

    Each holds a thread of the server, so choose fewer than the server has threads.
    """
    waiting: int = 500
    """How many requests wait for changes at the same time without a thread of the server.

    This is so under `holdall serve` with waitress. Under another server, each holds a thread and counts as
    `long`.
    """
    bodies: int = 16
    """How many of the largest bodies, or twice as many small ones, are in memory at the same time."""
    keep_free: int = 0
    """The bytes that a write must leave free, on the disk of the store or in the memory of its Redis.

    Below them the service accepts deletes only. It has no effect on other stores.
    """
    headers: int = 100
    """The headers of a request."""
    seconds: float = 600
    """The seconds after which a stream is cut off."""
    rate: float | None = None
    """The requests per second with one token, or from one address without a token; None for any number.

    After a pause, a sender may make the requests of one second, and at least two, at once.
    """


LIMITS: Final = Limits()
"""The limits of a service that is given no others."""
