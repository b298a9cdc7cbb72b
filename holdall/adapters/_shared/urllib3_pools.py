"""A container for the idle connections of urllib3, without a lock that an interrupt could leave locked.

urllib3 keeps them in a `queue.LifoQueue`, which is guarded by a `threading.Condition`. An exception that a
signal handler raises can leave the condition locked, and then every later request waits for ever.
"""

from collections import deque
from collections.abc import Mapping
from queue import Empty, Full
from typing import Any


class Idle:
    """A replacement for `queue.LifoQueue` in pools that never wait for a connection.

    >>> idle = Idle(1)
    >>> idle.put("connection")
    >>> idle.get()
    'connection'
    """

    def __init__(self, maxsize: int) -> None:
        self._most = maxsize
        self._items: deque[Any] = deque()

    def get(self, block: bool = False, timeout: float | None = None) -> Any:
        """Remove and return the item that was put last. Raises Empty if there is none."""
        try:
            return self._items.pop()
        except IndexError:
            raise Empty from None

    def put(self, item: Any, block: bool = False, timeout: float | None = None) -> None:
        """Add ``item``. Raises Full if there are already about ``maxsize``."""
        if len(self._items) >= self._most:
            raise Full
        self._items.append(item)

    def qsize(self) -> int:
        """How many items there are."""
        return len(self._items)


def with_idle(pools: Mapping[str, type]) -> dict[str, type]:
    """Subclasses of urllib3's connection ``pools``, by scheme, which keep idle connections in `Idle`."""
    return {scheme: type(pool.__name__, (pool,), {"QueueCls": Idle}) for scheme, pool in pools.items()}
