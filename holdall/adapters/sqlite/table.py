"""Open, check and create one table of one SQLite database."""

import os
import re
import sqlite3
import time
import uuid
import weakref
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from stat import S_IFREG, S_ISDIR

from holdall.adapters._files import oserrors
from holdall.adapters._files.durability import Durability, check_durability
from holdall.adapters._shared.tables import Tables
from holdall.adapters.sqlite import schema
from holdall.adapters.sqlite.errors import translate
from holdall.errors import (
    HoldallError,
    InvalidAddress,
    Mismatch,
    PermissionDenied,
    StoreNotFound,
    Unsupported,
)
from holdall.keys import fits

MEMORY = ":memory:"

_named = re.compile(r"(?!sqlite_)[a-z_][a-z0-9_]{0,62}", re.IGNORECASE | re.ASCII).fullmatch
_synchronous = {"full": "FULL", "os": "NORMAL"}
_STEPS = 100_000  # of SQLite's virtual machine between two checks for a signal: about a millisecond
# These limits bound the work that a hostile schema can cause in SQLite.
_limits = {
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 1_000_000,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 10,
}
_PAUSE = 0.005  # seconds between two attempts, if SQLite's own busy timeout does not apply
_WEEK = 7 * 24 * 3600


def _look_for_signals() -> int:
    """Do nothing. Python checks for signals when SQLite calls this, and an interrupt ends the statement."""
    return 0


def _is_key(coded: bytes) -> bool:
    """Return whether ``coded`` is a key. Python would raise if SQLite passed text that is not UTF-8."""
    try:
        return fits(coded.decode())
    except UnicodeDecodeError:
        return False


class NoTable(Exception):
    """The file or the table does not exist yet. It reads as empty, and the first write creates it."""


@dataclass(eq=False)
class Table:
    """The table ``name`` in the database at ``path``.

    ``path`` is absolute, or MEMORY for a database in memory that belongs to this object alone. Invalid
    arguments raise InvalidAddress. No file is opened before `connect` or `create` is called.

    >>> str(Table("/srv/books.db", "holdall", "full", 10))
    "table 'holdall' of /srv/books.db"
    """

    path: str
    name: str
    durability: Durability
    timeout: float
    feed: bool = True
    may_join: bool = True
    """Whether the first write may add the table to a database of another program."""

    def __post_init__(self) -> None:
        if not _named(self.name):
            raise InvalidAddress(
                f"sqlite: table={self.name!r} is not a valid name; use letters, digits and _"
            )
        check_durability("sqlite", self.durability)
        if not 0 <= self.timeout <= _WEEK:
            raise InvalidAddress(f"sqlite: timeout={self.timeout!r} is not a number of seconds up to a week")
        self._uri = self._hold_memory() if self.in_memory else Path(self.path).as_uri()

    def __str__(self) -> str:
        return f"table {self.name!r} of {self.path}"

    @property
    def in_memory(self) -> bool:
        return self.path == MEMORY

    def connect(self) -> sqlite3.Connection:
        """Return a connection to the table.

        Raises NoTable if the table does not exist, and Mismatch if this holdall does not know its format.
        """
        if not self._exists():
            raise NoTable
        try:
            return self._open("rw", self._check)
        except PermissionDenied:
            if not self._stands_still():
                raise
            return self._open("ro&immutable=1", self._check)

    def _stands_still(self) -> bool:
        """Return whether only root may change the database, so that it can be read without log and locks."""
        folder = Path(self.path).parent
        try:
            fixed = not folder.stat().st_mode & 0o222 or os.statvfs(folder).f_flag & os.ST_RDONLY
            return bool(fixed) and not Path(f"{self.path}-wal").exists()
        except OSError:
            return False

    def create(self) -> None:
        """Create the database and the table if they do not exist yet."""
        if not self._exists():
            _make_file(self.path)
        self._open("rwc", self._make).close()

    def close(self) -> None:
        """Release a database in memory."""
        if self.in_memory:
            self._let_go()

    def _exists(self) -> bool:
        if self.in_memory:
            return True
        path = Path(self.path)
        try:
            is_folder = S_ISDIR(path.stat().st_mode)
        except (FileNotFoundError, NotADirectoryError):
            if not path.parent.is_dir():
                raise StoreNotFound(f"there is no folder {path.parent}; create it with mkdir -p") from None
            return False
        except OSError as error:
            raise oserrors.translate(error, str(self)) from error
        if is_folder:
            raise StoreNotFound(f"{path} is a folder; name a file in it, as in {path / 'books.db'}")
        return True

    def _hold_memory(self) -> str:
        """Create a database in memory and return its URI. It exists as long as a connection to it is open."""
        if sqlite3.sqlite_version_info < (3, 36):
            raise Unsupported(
                f"SQLite {sqlite3.sqlite_version} cannot share a database in memory; use memory://"
            )
        self._uri = f"file:/holdall-{uuid.uuid4().hex}?vfs=memdb"
        anchor = sqlite3.connect(self._uri, uri=True, check_same_thread=False)
        self._let_go = weakref.finalize(self, anchor.close)
        return self._uri

    # ---- Opening -----------------------------------------------------------------------------------

    def _open(self, mode: str, prepare: Callable[[sqlite3.Connection], None]) -> sqlite3.Connection:
        connection = None
        try:
            connection = self._bare(mode)
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA cell_size_check = ON")
            connection.execute(f"PRAGMA synchronous = {_synchronous[self.durability]}")
            connection.execute("PRAGMA fullfsync = ON")  # for macOS only, where fsync does not reach the disk
            connection.create_function("is_key", 1, _is_key, deterministic=True)
            for limit, most in _limits.items():
                connection.setlimit(limit, most)
            connection.set_progress_handler(_look_for_signals, _STEPS)
            prepare(connection)
        except BaseException as error:
            if connection:
                connection.close()
            if isinstance(error, sqlite3.Error):
                raise self._refusal(error) from error
            raise
        return connection

    def _bare(self, mode: str) -> sqlite3.Connection:
        """Return a connection that begins no transaction by itself and that another thread may close."""
        return sqlite3.connect(
            self._uri if self.in_memory else f"{self._uri}?mode={mode}",
            uri=True,
            timeout=self.timeout,
            isolation_level=None,
            check_same_thread=False,
        )

    def _refusal(self, error: sqlite3.Error) -> HoldallError | KeyboardInterrupt:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_NOTADB:
            return Mismatch(
                f"{self.path} is not an SQLite database, so it is left unchanged; name another file"
            )
        return translate(error, str(self))

    def _check(self, connection: sqlite3.Connection) -> None:
        found = schema.recognise(connection, self.name)
        if found is None:
            if not self.may_join:
                self._require_ours(connection)
            raise NoTable
        if found in (schema.FORMAT, schema.WITHOUT_FEED):
            return
        if found.startswith("holdall "):
            raise Mismatch(
                f"{self} has the format {found!r}, but this version of holdall reads {schema.FORMAT!r}; upgrade holdall"
            )
        raise Mismatch(f"{self} was not made by holdall, so it is left unchanged; {self._remedy(connection)}")

    def _require_ours(self, connection: sqlite3.Connection) -> None:
        """Raise Mismatch if the database has tables and holdall made none of them.

        A mistyped path would otherwise read as an empty store.
        """
        tables = Tables.of(connection)
        names = filter(_named, tables.names)
        if tables.names and not any((schema.recognise(connection, name) or "") for name in names):
            raise Mismatch(f"{self.path} was not made by holdall: {tables}; {self._remedy(connection)}")

    def _remedy(self, connection: sqlite3.Connection) -> str:
        tables = Tables.of(connection)
        ours = "name a new table with ?table="
        if tables.of_sqlitedict or tables.of_diskcache:
            return f"{tables.remedy(self.path)}; to add a table of holdall, {ours}"
        return f"name another file, or to add a table of holdall, {ours}"

    # ---- Creating ----------------------------------------------------------------------------------

    def _make(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA page_size = 8192")  # for a new file; an existing file keeps its page size
        (encoding,) = connection.execute("PRAGMA encoding").fetchone()
        if encoding != "UTF-8":
            raise Mismatch(
                f"{self.path} keeps text as {encoding}, which sorts keys in another order; use another file"
            )
        if not self.in_memory:
            self._log_ahead(connection)
        schema.create(connection, self.name, feed=self.feed)

    def _log_ahead(self, connection: sqlite3.Connection) -> None:
        """Turn on the write-ahead log (WAL), so that readers and writers do not wait for each other.

        The file stores this mode. If two connections turn it on at once, SQLite refuses one of them without
        waiting, because each would wait for the other. So try again until the timeout.
        """
        deadline = time.monotonic() + self.timeout
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
            time.sleep(_PAUSE)


def _make_file(path: str) -> None:
    """Create an empty file at ``path`` with the mode 0666 less the umask; SQLite would use 0644 at most.

    If this fails, SQLite tries to create the file and reports the error.
    """
    # This does not use os.open, because closing the descriptor would release every lock that this process
    # has on the database.
    if hasattr(os, "mknod"):
        with suppress(OSError):
            os.mknod(path, 0o666 | S_IFREG)
