"""UUIDs of version 7 (RFC 9562): they sort by the time at which they were made."""

import secrets
import time
from uuid import UUID


def uuid7() -> UUID:
    """Return a new UUID of version 7.

    >>> uuid7().version
    7
    """
    milliseconds = time.time_ns() // 1_000_000
    random = secrets.randbits(74)
    return UUID(int=milliseconds << 80 | 7 << 76 | random >> 62 << 64 | 2 << 62 | random & (1 << 62) - 1)
