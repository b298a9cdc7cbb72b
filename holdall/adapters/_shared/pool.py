"""A pool of connections to a server. One caller at a time uses a connection.

A signal handler may raise an exception between a command and its answer. Then the answer stays in the
connection, and the next caller would take it for its own. This pool closes the connection in that case; the
pools of the client libraries keep it. They also wait on a `threading.Condition`, which an interrupt can leave
locked. Here each step that must not be lost is one call of a method written in C, which no interrupt stops
halfway.
"""

import queue
import time
import weakref
from collections import deque
from collections.abc import Callable
from queue import Empty
from typing import Generic, Protocol, TypeVar

C = TypeVar("C")
T = TypeVar("T")

_LOOK = 0.05  # seconds between two checks for a free connection, in case a wake-up was lost


class Connector(Protocol[C]):
    """The functions by which a pool makes, checks and closes connections."""

    def connect(self) -> C:
        """Open and return a new connection."""
        ...

    def is_alive(self, connection: C, /) -> bool:
        """Whether an idle connection is still connected to the server."""
        ...

    def is_in_step(self, connection: C, error: BaseException, /) -> bool:
        """Whether the whole answer to each command had been read when ``error`` was raised."""
        ...

    def disconnect(self, connection: C, /) -> None:
        """Close a connection in any state."""
        ...


class Exhausted(Exception):
    """All connections were in use for longer than the caller waits."""


class _User:
    """One use of a connection. It counts until it ends, or until it is freed after an interrupt of its user."""

    __slots__ = ("__weakref__",)


class Pool(Generic[C]):
    """Up to about ``most`` connections, which are made when they are needed.

    `use` waits up to ``timeout`` seconds for a free one, then raises Exhausted.
    """

    def __init__(self, connector: Connector[C], *, most: int, timeout: float) -> None:
        self._connector = connector
        self._most = most
        self._timeout = timeout
        self._idle: deque[C] = deque()  # the one used last is taken first, so that few are open
        self._users: set[weakref.ref[_User]] = set()
        self._freed: queue.SimpleQueue[None] = queue.SimpleQueue()  # wakes a waiting caller

    def use(self, work: Callable[[C], T]) -> T:
        """The result of ``work`` on a connection that no other caller uses."""
        user = _User()
        self._wait()
        self._users.add(counted := weakref.ref(user, self._users.discard))
        try:
            connection = self._find() or self._connector.connect()
            result = self._run(work, connection)
            self._idle.append(connection)
            return result
        finally:
            self._users.discard(counted)
            if self._freed.empty():
                self._freed.put(None)

    def _wait(self) -> None:
        """Wait until fewer than ``most`` connections are in use."""
        if len(self._users) < self._most:
            return
        end = time.monotonic() + self._timeout
        while len(self._users) >= self._most:
            try:
                self._freed.get(timeout=_LOOK)
            except Empty:
                if time.monotonic() > end:
                    raise Exhausted from None

    def _run(self, work: Callable[[C], T], connection: C) -> T:
        try:
            return work(connection)
        except BaseException as error:
            if self._connector.is_in_step(connection, error):
                self._idle.append(connection)
            else:
                self._connector.disconnect(connection)
            raise

    def _find(self) -> C | None:
        """An idle connection that is alive, or None."""
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return None
            if self._connector.is_alive(connection):
                return connection
            self._connector.disconnect(connection)

    def close(self) -> None:
        """Close the idle connections. One that is in use is closed when its user and this pool are freed."""
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return
            self._connector.disconnect(connection)
