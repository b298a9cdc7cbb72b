"""Wait for the changes of a PostgreSQL table on a connection of its own, which the server notifies."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import psycopg
import sqlalchemy as sa

from holdall.adapters._shared.pool import Exhausted, Pool
from holdall.adapters.sql.errors import RAISED, translate
from holdall.adapters.sql.feed import is_open
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

    They also look at the feed each ``timeout`` seconds, in case a connection broke without notice.
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
        self._recorder.listen(connection)
        inbox = _Inbox(connection, self._timeout)
        found = bell.watch(partial(inbox.keep, read), since, timeout, _LOOKS, inbox)
        self._recorder.unlisten(connection)
        return found

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.close()


class _Inbox:
    """The state of a watch. It changes with each notification, and each ``patience`` seconds.

    A transaction that began before the connection listened does not send a notification. So as long as the
    feed was read while a transaction was open, the state changes more often.
    """

    def __init__(self, connection: sa.Connection, patience: float) -> None:
        self._received: Any = connection.connection.dbapi_connection.pgconn  # type: ignore[union-attr]
        self._patience = patience
        self._count = 0
        self._changes: Changes | None = None

    def keep(self, read: Read, since: str) -> Changes:
        """Return the result of ``read(since)``, and keep it for its position."""
        self._changes = read(since)
        return self._changes

    def __call__(self) -> object:
        try:
            self._received.consume_input()
        except psycopg.OperationalError as error:
            raise sa.exc.OperationalError("LISTEN", None, error) from error
        while self._received.notifies():
            self._count += 1
        often = self._changes is not None and is_open(self._changes.position)
        return self._count, time.monotonic() // (INTERVAL if often else self._patience)


class _Connector(Connector):
    """Makes the connections. After an error, the pool closes one, because it may still listen."""

    def is_in_step(self, connection: sa.Connection, error: BaseException) -> bool:
        return False
