"""Read an SQLite database of another program, and write nothing."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Any, Final

from holdall.adapters._files.oserrors import translate as os_error
from holdall.adapters.sqlite.errors import translate
from holdall.errors import Mismatch, StoreNotFound
from holdall.handles import PerThread, delays_fork

MOST: Final = 1 << 30
"""The bytes of the largest value that a source reads."""
_TIMEOUT = 10  # seconds to wait for a program that writes
_STEPS = 100_000  # of SQLite's virtual machine between two checks for a signal
_WHERE_MISSING = "name a file that exists; a source is never created"


class Database:
    """The SQLite database at ``path``, opened by each thread that reads it.

    ``check`` is called with each new connection; it raises if the database is not of the expected kind.
    """

    def __init__(self, path: str, check: Callable[[sqlite3.Connection], object]) -> None:
        self._path = path
        self._check = check
        self._connections = PerThread(self._connect, sqlite3.Connection.close, delayed=True)

    @delays_fork
    def rows(self, select: str, args: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of ``select``."""
        try:
            return self._connections().execute(select, args).fetchall()
        except sqlite3.Error as error:
            raise translate(error, self._path) from error

    @delays_fork
    def connect(self) -> None:
        """Open the database if this thread has not done so yet."""
        self._connections()

    def close(self) -> None:
        """Close the connection of every thread."""
        self._connections.close()

    def _connect(self) -> sqlite3.Connection:
        _require_file(self._path)
        connection = None
        try:
            connection = _open(self._path, _mode(self._path))
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA cell_size_check = ON")
            connection.execute("PRAGMA query_only = ON")
            connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
            connection.set_progress_handler(lambda: 0, _STEPS)
            self._check(connection)
        except BaseException as error:
            if connection:
                connection.close()
            if isinstance(error, sqlite3.Error):
                raise _refusal(error, self._path) from error
            raise
        return connection


def _refusal(error: sqlite3.Error, path: str) -> Exception | KeyboardInterrupt:
    if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_NOTADB:
        return Mismatch(f"{path} is not an SQLite database; name another file")
    return translate(error, path)


def _require_file(path: str) -> None:
    """Raise StoreNotFound unless a file is at ``path``."""
    try:
        mode = Path(path).stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise StoreNotFound(f"there is no file {path}; {_WHERE_MISSING}") from None
    except OSError as error:
        raise os_error(error, path) from error
    if not S_ISREG(mode):
        kind = "a folder" if S_ISDIR(mode) else "a device or a pipe"
        raise StoreNotFound(f"{path} is {kind}; name the file of the database")


def _mode(path: str) -> str:
    """Return the mode in which SQLite writes nothing next to the database.

    To read a database in WAL mode, SQLite creates the log and its index, and leaves them there. So if there
    is no log, which also means that no program has the database open, SQLite is told that the file does not
    change (immutable). Every other database is read with SQLite's locks. With ``nolock=1``, SQLite refuses a
    database in WAL mode and creates nothing, which is how the mode is found out.
    """
    if os.path.lexists(f"{path}-wal"):
        return "ro"
    try:
        with closing(_open(path, "ro&nolock=1")) as connection:
            connection.execute("PRAGMA schema_version").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_CANTOPEN:
            return "ro&immutable=1"
    return "ro"


def _open(path: str, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{Path(path).as_uri()}?mode={mode}",
        uri=True,
        timeout=_TIMEOUT,
        isolation_level=None,
        check_same_thread=False,
    )
