"""Wait for the changes of a PostgreSQL table on a connection of its own, which the server notifies."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import psycopg
import sqlalchemy as sa

from holdall.adapters._shared.pool import Exhausted, Pool
from holdall.adapters.sql.errors import RAISED, translate
from holdall.adapters.sql.link import Connector
from holdall.adapters.sql.postgresql_feed import PostgreSQLRecorder
from holdall.bell import INTERVAL, Bell
from holdall.changes import Changes
from holdall.errors import Throttled

Read = Callable[[str], Changes]

_AT_ONCE = 16  # the most threads of one store in one process that watch at once
_LOOKS = 0.01  # seconds between two looks at what the connection received


class Listener:
    """The connections of the threads that watch the table of ``recorder``.

    A thread also looks at the feed each ``timeout`` seconds, in case its connection broke without notice. It
    looks more often if it began while another transaction was writing, which may not notify it.
    """

    def __init__(
        self, where: str, url: str, connect: Callable[[], Any], recorder: PostgreSQLRecorder, timeout: float
    ) -> None:
        self._where = where
        self._recorder = recorder
        self._timeout = timeout
        self._pool = Pool(_Connector(url, connect), most=_AT_ONCE, timeout=timeout)

    def watch(self, bell: Bell, read: Read, since: str, timeout: float | None) -> bool:
        """Wait until ``read(since)`` yields a change, as `Bell.watch` does."""
        try:
            return self._pool.use(partial(self._listen, bell, read, since, timeout))
        except Exhausted as error:
            remedy = f"{_AT_ONCE} threads watch this store at once; use fewer"
            raise Throttled(f"{self._where} has no free connection: {remedy}") from error
        except RAISED as error:
            raise translate(error, self._where) from error

    def _listen(
        self, bell: Bell, read: Read, since: str, timeout: float | None, connection: sa.Connection
    ) -> bool:
        others = self._recorder.listen(connection)
        inbox = _Inbox(connection, INTERVAL if others else self._timeout)
        found = bell.watch(read, since, timeout, _LOOKS, inbox)
        self._recorder.unlisten(connection)
        return found

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.close()


class _Inbox:
    """The state of a watch. It changes with each notification, and each ``interval`` seconds."""

    def __init__(self, connection: sa.Connection, interval: float) -> None:
        self._received: Any = connection.connection.dbapi_connection.pgconn  # type: ignore[union-attr]
        self._interval = interval
        self._count = 0

    def __call__(self) -> object:
        try:
            self._received.consume_input()
        except psycopg.OperationalError as error:
            raise sa.exc.OperationalError("LISTEN", None, error) from error
        while self._received.notifies():
            self._count += 1
        return self._count, time.monotonic() // self._interval


class _Connector(Connector):
    """Makes the connections. After an error, the pool closes one, because it may still listen."""

    def is_in_step(self, connection: sa.Connection, error: BaseException) -> bool:
        return False
