"""The flavor sqlite3: databases of dbm.sqlite3. It also works before Python 3.13, which added that module."""

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar

from holdall.adapters.dbm.flavors import Change

_TABLE = "CREATE TABLE IF NOT EXISTS Dict (key BLOB UNIQUE NOT NULL, value BLOB NOT NULL)"


class Sqlite3:
    """An open database. Its transactions make a twin unnecessary, and its index keeps the keys in order."""

    atomic: ClassVar = True
    ordered = True

    def __init__(self, path: str, *, creates: bool, writes: bool, durable: bool) -> None:
        if creates:
            Path(path).touch()
        self._db = _open(path, writes=writes, durable=durable)

    def get(self, key: bytes) -> bytes | None:
        row = self._db.execute("SELECT value FROM Dict WHERE key = ?", (key,)).fetchone()
        return None if row is None else row[0]

    def keys(self, low: bytes) -> Iterator[bytes]:
        rows = self._db.execute("SELECT key FROM Dict WHERE key >= ? ORDER BY key", (low,))
        return (key for (key,) in rows)

    def apply(self, changes: Iterable[Change]) -> None:
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            for key, value in changes:
                if value is None:
                    self._db.execute("DELETE FROM Dict WHERE key = ?", (key,))
                else:
                    self._db.execute("REPLACE INTO Dict (key, value) VALUES (?, ?)", (key, value))

    def close(self) -> None:
        self._db.close()


def _open(path: str, *, writes: bool, durable: bool) -> sqlite3.Connection:
    uri = f"{Path(path).absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        if writes:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(_TABLE)
    except BaseException:
        connection.close()
        raise
    return connection
