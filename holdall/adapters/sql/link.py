"""Run the statements of a store on its SQL server: one pool of connections per process, errors translated."""

import os
import random
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, TypeVar

import sqlalchemy as sa

from holdall.adapters._shared.pool import Exhausted, Pool
from holdall.adapters.sql.errors import RAISED, passes, translate
from holdall.adapters.sql.feed import Ends, Recorder
from holdall.adapters.sql.table import Table
from holdall.bell import INTERVAL, Bell
from holdall.changes import Changes
from holdall.errors import HoldallError, Mismatch, StoreNotFound, Throttled
from holdall.handles import PerProcess
from holdall.keys import Span

T = TypeVar("T")
_ATTEMPTS = 20
_AT_ONCE = 16  # the most connections of one store in one process
ERASED = 10_000
"""The most keys that one statement deletes, so that it does not take longer than a server waits."""


class Link(ABC):
    """The connections to ``table``. Threads may share it.

    A subclass for each dialect defines how to connect and which columns the table has. ``login`` holds the
    arguments for the driver, such as host, database and user, under the driver's own names. ``tls`` is a
    result of `tls_of`; None leaves the decision to the driver. ``feed`` says whether the table is to have a
    change feed.
    """

    def __init__(
        self,
        where: str,
        table: Table,
        login: dict[str, Any],
        *,
        tls: str | None,
        timeout: float,
        create: bool,
        feed: bool,
    ) -> None:
        self.table = table
        self.feed = feed
        self._where = f"{where}?table={table.name}"
        self._login = login
        self._tls = tls
        self._timeout = timeout
        self._create = create
        self._pool = PerProcess(self._open_pool)
        self._records: bool | None = None
        """Whether the table has a feed; None if the first write is to begin it."""

    url: ClassVar[str]
    """The SQLAlchemy URL of the dialect and driver."""

    expected: ClassVar[dict[str, str]]
    """The columns that the table of a store must have, in the form that `columns` returns."""

    recorder: Recorder

    @abstractmethod
    def connect(self) -> Any:
        """Open and return a new connection of the driver."""

    @abstractmethod
    def columns(self, connection: sa.Connection) -> dict[str, str]:
        """The type of each column of the existing table, by name; empty if there is no table."""

    @abstractmethod
    def create(self, connection: sa.Connection) -> None:
        """Create the table, unless it exists, and begin its feed if it is to have one."""

    @abstractmethod
    def estimate(self, connection: sa.Connection) -> tuple[int | None, int | None]:
        """About how many rows the table has, and how many bytes it takes; None for a number that is not known."""

    @abstractmethod
    def put(self) -> sa.Insert:
        """The statement that writes a row, and replaces the row of the same key if there is one."""

    @abstractmethod
    def delete_some(self, span: Span, connection: sa.Connection) -> str | None:
        """Delete the first keys of ``span`` by one statement, at most `ERASED` of them.

        Return the bound at which the next statement has to begin, or None if all are deleted.
        """

    @abstractmethod
    def most(self) -> int:
        """The size in bytes of the largest value that the server accepts. May cost a request."""

    def begin_feed(self) -> None:
        """Make the table record its changes from now on."""
        self.run(self.recorder.begin)

    def watch(self, bell: Bell, feed: Callable[[str], Changes], since: str, timeout: float | None) -> bool:
        """Wait until ``feed(since)`` yields a change, as `Bell.watch` does."""
        return bell.watch(feed, since, timeout, INTERVAL)

    def rows(self, statement: sa.Select[Any], key: str | None = None) -> list[tuple[Any, ...]]:
        """The rows that ``statement`` selects."""
        return self.run(lambda connection: [tuple(row) for row in connection.execute(statement)], key)

    def execute(self, statement: sa.Update | sa.Delete, key: str | None = None) -> int:
        """Run ``statement``, and return how many rows it matched."""
        return self.write(lambda connection: connection.execute(statement).rowcount, key)

    def run(self, work: Callable[[sa.Connection], T], key: str | None = None) -> T:
        """The result of ``work``, which runs one statement on a connection.

        Calls ``work`` again if the server rolled it back because of another transaction (see `passes`).
        """
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return self._pool().use(work)
            except Exhausted as error:
                remedy = f"{_AT_ONCE} threads use this store at once; use fewer"
                raise Throttled(f"{self._where} has no free connection: {remedy}") from error
            except RAISED as error:
                if attempt == _ATTEMPTS or not passes(error):
                    raise translate(error, self._where, key) from error
                time.sleep(random.uniform(0, 0.005 * attempt))  # noqa: S311 - spreads writers out
        raise AssertionError  # pragma: no cover - the last attempt raised

    def write(self, work: Callable[[sa.Connection], T], key: str | None = None) -> T:
        """Do the same as `run` for ``work`` that writes. Begin the feed first if the table has none."""
        self._pool()
        if self.feed and self._records is None:
            self.begin_feed()
            self._records = False  # `ends` looks whether this user was allowed to begin it
        return self.run(work, key)

    def transact(self, work: Callable[[sa.Connection], T]) -> T:
        """The result of ``work``, which writes, run in one transaction. Calls ``work`` again as `run` does."""
        return self.write(partial(whole, work))

    def ends(self, epoch: str) -> Ends | None:
        """Return the state of the feed, as `Recorder.look` does; None also if the table has no feed."""
        self._pool()
        if not self._records:
            if not self.run(self.recorder.is_on):
                return None
            self._records = True
        ends = self.run(partial(self.recorder.look, epoch))
        if ends is None:
            self._records = None  # the next write begins the feed again
        return ends

    def rows_and_ends(
        self, statement: sa.Select[Any], epoch: str
    ) -> tuple[list[tuple[Any, ...]], Ends | None]:
        """Return the rows that ``statement`` selects, and then the state of the feed, from one connection.

        A server that goes back to an earlier state closes its connections.
        """

        def work(connection: sa.Connection) -> tuple[list[tuple[Any, ...]], Ends | None]:
            rows = [tuple(row) for row in connection.execute(statement)]
            return rows, self.recorder.look(epoch, connection)

        return self.run(work)

    def close(self) -> None:
        """Close the idle connections of this process."""
        if pool := self._pool.take():
            pool.close()

    # ---- The table -------------------------------------------------------------------------------

    def _open_pool(self) -> Pool[sa.Connection]:
        pool = Pool(Connector(self.url, self.connect), most=_AT_ONCE, timeout=self._timeout)
        try:
            pool.use(self._prepare)
        except BaseException as error:
            pool.close()
            if isinstance(error, RAISED):
                raise translate(error, self._where) from error
            raise
        return pool

    def _prepare(self, connection: sa.Connection) -> None:
        """Check that the table exists and belongs to a store. Creates a missing table if ``create`` is set.

        Raises StoreNotFound if the table is missing, and Mismatch if it has other columns.
        """
        found = self.columns(connection)
        if not found and self._create:
            found = self._create_table(connection)
        if not found:
            raise StoreNotFound(
                f"{self._where}: the table does not exist; open it with ?create=true to create the table"
            )
        if found not in (self.expected, self.expected | self.recorder.tick):
            raise Mismatch(f"{self._where} is not a table of a store; name another with ?table=")
        self._records = self.feed and (self.recorder.is_on(connection) or None)

    def _create_table(self, connection: sa.Connection) -> dict[str, str]:
        try:
            self.create(connection)
        except RAISED:
            found = self.columns(connection)
            if not found:
                raise
            return found  # another process created it at the same time; on some servers that is an error
        return self.columns(connection)


class Connector:
    """Makes SQLAlchemy connections, each around one of the driver. See `holdall.adapters._shared.pool.Connector`."""

    def __init__(self, url: str, connect: Callable[[], Any]) -> None:
        self._engine = sa.create_engine(
            url,
            creator=connect,
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,
            poolclass=_Unpooled,
            pool_reset_on_return=None,  # `whole` leaves no transaction open
        )

    def connect(self) -> sa.Connection:
        return self._engine.connect()

    def is_alive(self, connection: sa.Connection) -> bool:
        """Whether the server answers a ping. So a restart of the server causes no error at the next use."""
        try:
            self._engine.dialect.do_ping(connection.connection.dbapi_connection)  # type: ignore[arg-type]
        except self._engine.dialect.loaded_dbapi.Error:
            return False
        return True

    def is_in_step(self, connection: sa.Connection, error: BaseException) -> bool:
        return isinstance(error, RAISED | HoldallError) and not connection.invalidated

    def disconnect(self, connection: sa.Connection) -> None:
        connection.invalidate()


class _Unpooled(sa.pool.NullPool):
    """Closes each connection that is returned, except in a forked child: the parent still uses it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._pid = os.getpid()

    def _do_return_conn(self, record: Any) -> None:
        if os.getpid() == self._pid:
            super()._do_return_conn(record)


def whole(work: Callable[[sa.Connection], T], connection: sa.Connection) -> T:
    """The result of ``work``, run between the statements BEGIN and COMMIT; after an error comes ROLLBACK.

    To switch the connection out of autocommit instead would cost two more requests. After an interrupt
    nothing more is sent: the pool closes the connection, and the server rolls the transaction back.
    """
    try:
        connection.exec_driver_sql("BEGIN")
        result = work(connection)
        connection.exec_driver_sql("COMMIT")
    except (HoldallError, RAISED):
        try:
            connection.exec_driver_sql("ROLLBACK")
        except RAISED:
            connection.invalidate()  # the server rolls back when the connection ends
        raise
    return result
