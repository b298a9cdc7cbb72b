"""Run the statements of an SQLite store on the current thread's connection, and translate their errors."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from os import getpid
from typing import Any, TypeVar

from holdall.adapters.sqlite import schema
from holdall.adapters.sqlite.errors import translate
from holdall.adapters.sqlite.table import NoTable, Table
from holdall.batches import ROOM, take_page, text
from holdall.errors import HoldallError
from holdall.handles import PerThread, delays_fork

T = TypeVar("T")
Row = tuple[Any, ...]


class Link:
    """Runs statements on ``table`` for all threads. Reads and deletes find nothing if the table is absent."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._connections = PerThread(table.connect, sqlite3.Connection.close, delayed=True)
        self.connection = self._connections.__call__  # calling a method is faster than calling an instance
        self._epoch = 0  # the pid of the process that began one

    @delays_fork
    def row(self, select: str, args: tuple[str, ...] = ()) -> Any:
        """Return the row of a select that finds at most one row, or None."""
        try:
            return self.connection().execute(select, args).fetchone()
        except (NoTable, sqlite3.Error) as error:
            return self.none_if_absent(error)

    @delays_fork
    def rows(self, select: str, args: list[str]) -> list[Row]:
        """Return all rows of a select."""
        try:
            return self.connection().execute(select, args).fetchall()
        except (NoTable, sqlite3.Error) as error:
            return self.none_if_absent(error) or []

    def none_if_absent(self, error: NoTable | sqlite3.Error) -> Any:
        """Return None if a read raised ``error`` because the table is absent; else raise it, translated."""
        if not isinstance(error, NoTable):
            raise translate(error, str(self._table)) from error
        return None

    @delays_fork
    def page(
        self, select: str, args: tuple[str | bytes, ...], hides: bool, size: int
    ) -> tuple[list[Row], str | None]:
        """Return a page of rows, and the key at which the next page begins (None: this is the last page).

        A page ends after ``size`` rows, or after `ROOM` bytes. The first column of ``select`` must be the
        key; the length of the last column counts. ``hides``: a page ends before reserved keys, and the next
        page begins after them. No transaction stays open.
        """
        try:
            with closing(self.connection().execute(select, args)) as rows:
                return take_page(rows, size, hides=hides)
        except (NoTable, sqlite3.Error) as error:
            return self.none_if_absent(error) or ([], None)

    @delays_fork
    def look_up(self, select: str, keys: Iterator[str]) -> list[Row]:
        """Take keys from ``keys`` and return the rows that they have, read in one transaction.

        Stops after `ROOM` bytes of values; the rest of the keys are then left in ``keys``. The first columns
        of ``select`` must be the key and its value.
        """
        page: list[Row] = []
        room = ROOM
        with suppress(NoTable), self._open(self.connection()) as connection, connection:
            connection.execute("BEGIN")
            for key in map(text, keys):
                if row := connection.execute(select, (key,)).fetchone():
                    page.append(row)
                    room -= len(row[1])
                    if room < 0:
                        break
        return page

    @delays_fork
    def read(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        """Return the result of ``work``, which only reads, in one transaction; None if the table is absent."""
        try:
            with self.connection() as connection:
                connection.execute("BEGIN")
                return work(connection)
        except (NoTable, sqlite3.Error) as error:
            return self.none_if_absent(error)  # type: ignore[no-any-return]

    @delays_fork
    def write(self, statement: str, key: str | None, *values: object) -> sqlite3.Cursor:
        """Run one statement, which is a transaction of its own and begins with the lock that it needs.

        An error names ``key``, unless it is None.
        """
        try:
            connection = self.connection()
        except NoTable:
            connection = self._connect_or_create()
        try:
            if self._epoch != getpid():
                self._begin_epoch(connection)
            return connection.execute(statement, values)
        except (sqlite3.Error, OverflowError) as error:
            raise translate(error, str(self._table), key) from error

    def create(self, statement: str, values: list[object]) -> bool:
        """Run one statement that inserts rows. Return False, and insert nothing, if a key exists."""
        try:
            self.write(statement, None, *values)
        except HoldallError as error:
            if isinstance(error.__cause__, sqlite3.IntegrityError):
                return False
            raise
        return True

    @delays_fork
    def erase(self, statement: str, *args: str | bytes) -> int:
        """Run one statement that deletes; return the number of deleted rows."""
        return self._erase(lambda connection: connection.execute(statement, args).rowcount)

    @delays_fork
    def erase_many(self, statement: str, keys: list[str]) -> None:
        """Run a statement that deletes for each of ``keys``, in one transaction."""
        self._erase(partial(_delete_all, statement, keys))

    def _erase(self, work: Callable[[sqlite3.Connection], int]) -> int:
        """Return the result of ``work``, which deletes rows, or 0 if the table is absent.

        If the disk is full, empty the write-ahead log to free some space, and run ``work`` again.
        """
        try:
            connection = self.connection()
        except NoTable:
            return 0
        try:
            return self._erase_rows(connection, work)
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", None) != sqlite3.SQLITE_FULL:
                raise translate(error, str(self._table)) from error
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return self._erase_rows(connection, work)
        except sqlite3.Error as error:
            raise translate(error, str(self._table)) from error

    def _erase_rows(self, connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], int]) -> int:
        if self._epoch != getpid():
            self._begin_epoch(connection)
        return work(connection)

    @delays_fork
    def transact(self, work: Callable[[sqlite3.Connection], object]) -> None:
        """Run ``work``, which consists of several statements: all of them take effect, or none."""
        self._transact(self._connect_or_create(), work)

    @delays_fork
    def _transact(self, connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], object]) -> None:
        """Do the same as `transact`, on ``connection``.

        The transaction takes the lock for writing first. Later, this could fail if two transactions want it.
        """
        try:
            if self._epoch != getpid():
                self._begin_epoch(connection)
            _in_transaction(connection, lambda: work(connection))
        except (sqlite3.Error, OverflowError) as error:
            raise translate(error, str(self._table)) from error

    def close(self) -> None:
        """Close the connection of every thread."""
        self._epoch = 0
        self._connections.close()
        self._table.close()

    def _connect_or_create(self) -> sqlite3.Connection:
        """Return this thread's connection; create the table first if it is absent."""
        try:
            return self.connection()
        except NoTable:
            self._table.create()
            return self.connection()

    def _begin_epoch(self, connection: sqlite3.Connection) -> None:
        """Begin an epoch of the feed, because this process writes for the first time."""
        table = self._table
        _in_transaction(connection, lambda: schema.begin_epoch(connection, table.name, feed=table.feed))
        self._epoch = getpid()

    @contextmanager
    def _open(self, connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
        """Yield ``connection``, and translate the errors of the block."""
        try:
            yield connection
        except (sqlite3.Error, OverflowError) as error:
            raise translate(error, str(self._table)) from error


def _delete_all(statement: str, keys: list[str], connection: sqlite3.Connection) -> int:
    return _in_transaction(connection, lambda: connection.executemany(statement, zip(keys)).rowcount)


def _in_transaction(connection: sqlite3.Connection, work: Callable[[], T]) -> T:
    # Do not use a generator (a context manager made of one) here: if it is interrupted at its end, it leaves
    # the transaction open, and later writes become part of that transaction.
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        return work()
