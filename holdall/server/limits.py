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
    headers: int = 100
    """The headers of a request."""


LIMITS: Final = Limits()
"""The limits of a service that is given no others."""
