"""How a store talks to its SQL server: one pool of connections a process, errors translated."""

import os
import random
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, TypeVar

import sqlalchemy as sa

from holdall.adapters.pool import Exhausted, Pool
from holdall.adapters.sql.errors import RAISED, passes, translated
from holdall.adapters.sql.table import Table
from holdall.errors import HoldallError, Mismatch, StoreNotFound, Throttled
from holdall.handles import PerProcess

T = TypeVar("T")
_ATTEMPTS = 20
_AT_ONCE = 16  # connections of one store in one process


class Link(ABC):
    """The way to ``table`` for all threads; a dialect adds how to connect, and what the table looks like.

    ``login`` is what the driver connects with: host, database, user and so on, by the driver's own names.
    ``tls`` is as `tls_of` returns it; None leaves it to the driver.
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
    ) -> None:
        self.table = table
        self._where = f"{where}?table={table.name}"
        self._login = login
        self._tls = tls
        self._timeout = timeout
        self._create = create
        self._pool = PerProcess(self._opened)

    url: ClassVar[str]
    """What SQLAlchemy calls the dialect and driver."""

    expected: ClassVar[dict[str, str]]
    """The columns of a table of a store, as `columns` spells them."""

    @abstractmethod
    def connect(self) -> Any:
        """A new connection of the driver."""

    @abstractmethod
    def columns(self, connection: sa.Connection) -> dict[str, str]:
        """The columns of the table as it is, by name, each with its type; none: no table."""

    @abstractmethod
    def put(self) -> sa.Insert:
        """Write a row, whether or not its key has one."""

    @abstractmethod
    def most(self) -> int:
        """The bytes of the largest value that the server takes. May cost a request."""

    def rows(self, statement: sa.Select[Any], key: str | None = None) -> list[tuple[Any, ...]]:
        """What ``statement`` selects."""
        return self.run(lambda connection: [tuple(row) for row in connection.execute(statement)], key)

    def changed(self, statement: sa.Update | sa.Delete, key: str | None = None) -> int:
        """Run ``statement``; how many rows it matched."""
        return self.run(lambda connection: connection.execute(statement).rowcount, key)

    def run(self, work: Callable[[sa.Connection], T], key: str | None = None) -> T:
        """What ``work`` does by one statement, on a connection; it may be called again."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return self._pool().use(work)
            except Exhausted as error:
                remedy = f"{_AT_ONCE} threads use this store at once; use fewer"
                raise Throttled(f"{self._where} has no connection to spare: {remedy}") from error
            except RAISED as error:
                if attempt == _ATTEMPTS or not passes(error):
                    raise translated(error, self._where, key) from error
                time.sleep(random.uniform(0, 0.005 * attempt))  # noqa: S311 - spreads writers out
        raise AssertionError  # pragma: no cover - the last attempt raised

    def transact(self, work: Callable[[sa.Connection], T]) -> T:
        """What ``work`` does in one transaction; it may be called again."""
        return self.run(partial(_whole, work))

    def close(self) -> None:
        """Close every connection."""
        if pool := self._pool.take():
            pool.close()

    # ---- The table -------------------------------------------------------------------------------

    def _opened(self) -> Pool[sa.Connection]:
        pool = Pool(_Connector(self.url, self.connect), most=_AT_ONCE, timeout=self._timeout)
        try:
            pool.use(self._prepare)
        except BaseException as error:
            pool.close()
            if isinstance(error, RAISED):
                raise translated(error, self._where) from error
            raise
        return pool

    def _prepare(self, connection: sa.Connection) -> None:
        """See that the table is there, and is one of a store."""
        found = self.columns(connection)
        if not found and self._create:
            found = self._created(connection)
        if not found:
            raise StoreNotFound(f"{self._where}: there is no such table; open it with ?create=true")
        if found != self.expected:
            raise Mismatch(f"{self._where} is no table of a store; name another by ?table=")

    def _created(self, connection: sa.Connection) -> dict[str, str]:
        try:
            connection.execute(self.table.create())
        except RAISED:
            found = self.columns(connection)
            if not found:
                raise
            return found  # another process created it at the same time, which not every server bears
        return self.columns(connection)


class _Connector:
    """Makes connections of SQLAlchemy's, each with one of the driver's. See `holdall.adapters.pool.Connector`."""

    def __init__(self, url: str, connect: Callable[[], Any]) -> None:
        self._engine = sa.create_engine(
            url,
            creator=connect,
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,
            poolclass=_Unpooled,
            pool_reset_on_return=None,  # no transaction outlives `_whole`
        )

    def connect(self) -> sa.Connection:
        return self._engine.connect()

    def is_alive(self, connection: sa.Connection) -> bool:
        """Ask the server, so that a restart of the server costs no error."""
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
    """Closes what is returned to it, except in the child of a fork: the other end is the parent's."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._pid = os.getpid()

    def _do_return_conn(self, record: Any) -> None:
        if os.getpid() == self._pid:
            super()._do_return_conn(record)


def _whole(work: Callable[[sa.Connection], T], connection: sa.Connection) -> T:
    """A transaction in words: to switch a connection out of autocommit costs two more requests.

    After an interrupt nothing more is sent: the pool closes the connection, and the server undoes the rest.
    """
    try:
        connection.exec_driver_sql("BEGIN")
        result = work(connection)
        connection.exec_driver_sql("COMMIT")
    except (HoldallError, RAISED):
        try:
            connection.exec_driver_sql("ROLLBACK")
        except RAISED:
            connection.invalidate()  # the server undoes what it never heard the end of
        raise
    return result
