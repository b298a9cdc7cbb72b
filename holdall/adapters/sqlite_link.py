"""How statements of an SQLite store run: on this thread's connection, with errors translated."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from typing import Any

from holdall.adapters.batches import ROOM
from holdall.adapters.sqlite_errors import translated
from holdall.adapters.sqlite_table import Absent, Table
from holdall.handles import PerThread
from holdall.keys import RESERVED, is_reserved, past_reserved

Row = tuple[Any, ...]


class Link:
    """The way to ``table``, for all threads. What reads or erases finds nothing where the table is absent."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._connections = PerThread(table.connect, sqlite3.Connection.close)
        self.connection = self._connections.__call__  # bound: an instance is slower to call than a method

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

    def page(
        self, select: str, args: tuple[str, ...], hides: bool, size: int
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

    def write(self, statement: str, key: str, *args: object) -> sqlite3.Cursor:
        """Run one statement, which by itself is a transaction that begins with the lock it needs."""
        connection = self._made()
        try:
            return connection.execute(statement, (key, *args))
        except (sqlite3.Error, OverflowError) as error:
            raise translated(error, str(self._table), key) from error

    def erase(self, statement: str, *args: str) -> int:
        """Run one statement that deletes; how many rows it did."""
        with suppress(Absent), self._open(self.connection()) as connection:
            return connection.execute(statement, args).rowcount
        return 0

    def erase_many(self, statement: str, keys: list[str]) -> None:
        """Run a statement that deletes for each of ``keys``, in one transaction."""
        with suppress(Absent), self._writing(self.connection()) as connection:
            connection.executemany(statement, ((key,) for key in keys))

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """Run several statements, all or none of which take effect."""
        return self._writing(self._made())

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
    def _writing(self, connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
        """A transaction that takes the lock for writing first: taken later, it would fail where two want it."""
        with self._open(connection), connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection

    @contextmanager
    def _open(self, connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
        """``connection``, with its errors translated."""
        try:
            yield connection
        except (sqlite3.Error, OverflowError) as error:
            raise translated(error, str(self._table)) from error


def _page(rows: Iterable[Row], hides: bool, size: int) -> tuple[list[Row], str | None]:
    page: list[Row] = []
    room = ROOM
    for row in rows:
        key = row[0]
        if hides and RESERVED in key and is_reserved(key):
            return page, past_reserved(key)
        page.append(row)
        room -= len(row[-1])
        if room < 0 or len(page) == size:
            return page, key + "\0"
    return page, None
