"""How statements of an SQLite store run: on this thread's connection, with errors translated."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from holdall.adapters.batches import ROOM
from holdall.adapters.sqlite.errors import translated
from holdall.adapters.sqlite.table import Absent, Table
from holdall.handles import PerThread, delays_fork
from holdall.keys import RESERVED, is_reserved, past_reserved

T = TypeVar("T")
Row = tuple[Any, ...]


class Link:
    """The way to ``table``, for all threads. What reads or erases finds nothing where the table is absent."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._connections = PerThread(table.connect, sqlite3.Connection.close, delayed=True)
        self.connection = self._connections.__call__  # bound: an instance is slower to call than a method

    @delays_fork
    def row(self, select: str, args: tuple[str, ...] = ()) -> Any:
        """The row of a select that finds one at most, or None."""
        try:
            return self.connection().execute(select, args).fetchone()
        except (Absent, sqlite3.Error) as error:
            return self.failed(error)

    def failed(self, error: Absent | sqlite3.Error) -> Any:
        """What a read that raised ``error`` finds: no row in an absent table; else it raises, translated."""
        if not isinstance(error, Absent):
            raise translated(error, str(self._table)) from error
        return None

    @delays_fork
    def page(
        self, select: str, args: tuple[str | bytes, ...], hides: bool, size: int
    ) -> tuple[list[Row], str | None]:
        """Rows, up to ``size`` or `ROOM`, and the key from which to go on (None: those were the last).

        Rows begin with the key and end with what has a length. Where reserved keys are hidden, a page ends
        before a reserved part and the next begins after it. No transaction stays open.
        """
        try:
            with closing(self.connection().execute(select, args)) as rows:
                return _page(rows, hides, size)
        except (Absent, sqlite3.Error) as error:
            return self.failed(error) or ([], None)

    @delays_fork
    def look_up(self, select: str, keys: Iterator[str]) -> list[Row]:
        """The rows of those that are left in ``keys``: in one transaction, up to `ROOM` bytes of values.

        A row begins with the key and its value.
        """
        page: list[Row] = []
        room = ROOM
        with suppress(Absent), self._open(self.connection()) as connection, connection:
            connection.execute("BEGIN")
            for key in keys:
                if row := connection.execute(select, (key,)).fetchone():
                    page.append(row)
                    room -= len(row[1])
                    if room < 0:
                        break
        return page

    @delays_fork
    def write(self, statement: str, key: str, *args: object) -> sqlite3.Cursor:
        """Run one statement, which by itself is a transaction that begins with the lock it needs."""
        connection = self._made()
        try:
            return connection.execute(statement, (key, *args))
        except (sqlite3.Error, OverflowError) as error:
            raise translated(error, str(self._table), key) from error

    @delays_fork
    def erase(self, statement: str, *args: str) -> int:
        """Run one statement that deletes; return the number of rows."""
        return self._erase(lambda connection: connection.execute(statement, args).rowcount)

    @delays_fork
    def erase_many(self, statement: str, keys: list[str]) -> None:
        """Run a statement that deletes for each of ``keys``, in one transaction."""
        self._erase(partial(_delete_all, statement, keys))

    def _erase(self, work: Callable[[sqlite3.Connection], int]) -> int:
        """Return the result of ``work``, which deletes, or 0. On a full disk, the log makes room for it."""
        try:
            connection = self.connection()
        except Absent:
            return 0
        try:
            return work(connection)
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", None) != sqlite3.SQLITE_FULL:
                raise translated(error, str(self._table)) from error
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return work(connection)
        except sqlite3.Error as error:
            raise translated(error, str(self._table)) from error

    @delays_fork
    def transact(self, work: Callable[[sqlite3.Connection], object]) -> None:
        """Do ``work``, several statements, all or none of which take effect."""
        self._transact(self._made(), work)

    @delays_fork
    def _transact(self, connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], object]) -> None:
        """As `transact`. The lock for writing is taken first: later, it would fail where two want it."""
        try:
            _in_transaction(connection, lambda: work(connection))
        except (sqlite3.Error, OverflowError) as error:
            raise translated(error, str(self._table)) from error

    def close(self) -> None:
        """Close the connection of every thread."""
        self._connections.close()
        self._table.close()

    def _made(self) -> sqlite3.Connection:
        """This thread's connection, to a table that is created if need be."""
        try:
            return self.connection()
        except Absent:
            self._table.create()
            return self.connection()

    @contextmanager
    def _open(self, connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
        """``connection``, with its errors translated."""
        try:
            yield connection
        except (sqlite3.Error, OverflowError) as error:
            raise translated(error, str(self._table)) from error


def _delete_all(statement: str, keys: list[str], connection: sqlite3.Connection) -> int:
    return _in_transaction(connection, lambda: connection.executemany(statement, zip(keys)).rowcount)


def _in_transaction(connection: sqlite3.Connection, work: Callable[[], T]) -> T:
    # No generator may stand between: interrupted as it ends, it would leave the transaction open, and
    # what is written next in it.
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        return work()


def _page(rows: Iterable[Row], hides: bool, size: int) -> tuple[list[Row], str | None]:
    page: list[Row] = []
    room = ROOM
    for row in islice(rows, size):
        if hides and RESERVED in row[0] and is_reserved(row[0]):
            return page, past_reserved(row[0])
        page.append(row)
        room -= len(row[-1])
        if room < 0:
            break
    return page, page[-1][0] + "\0" if room < 0 or len(page) == size else None
