"""``sqlitedict:old.sqlite``: a table of sqlitedict, which holdall only reads.

    database = an SQLite database with any number of tables
    table    = *row                         named "unnamed" by default
    row      = (key TEXT PRIMARY KEY, value BLOB)
    value    = a blob: the pickle of any object, or the result of the app's own ``encode``
             | a text or a number: the result of the app's own ``encode``, usually a text in JSON
    key      = text: the key, or the result of the app's own ``encode_key``

The source of these facts is the documentation of sqlitedict 2.1.0 and the tables that it makes. sqlitedict
need not be installed. SQLite turns a number that sqlitedict gets as a key into text, so holdall reads text.
"""

import os
import sqlite3
from collections.abc import Iterable

from holdall.adapters._shared.plain import show
from holdall.adapters._shared.tables import Tables
from holdall.adapters._sources import Ordered
from holdall.adapters._sources.database import Database
from holdall.adapters._sources.values import VALUES, Document, NotTaken, Pickled, Values
from holdall.address import Address
from holdall.keys import Foreign

__all__ = ["SqliteDict"]

_TEXT = "key COLLATE BINARY"  # the order of the bytes, which is that of the code points
_GIVEN = "CAST(? AS TEXT)"


class SqliteDict(Ordered):
    """The ``table`` of sqlitedict in the SQLite database at ``path``, only to be read.

    If ``table`` is None, it is the one table of sqlitedict in the file. ``values="bytes"``: a pickle must be
    of bytes, text or a number, and a value that sqlitedict did not pickle is read in UTF-8. ``"json"``: a
    pickle must be of an object that JSON can keep, and any other value must be JSON. ``"pickle"``: the pickle
    of any object, unchanged. No pickle is run in any case.

    A row that was not committed is not read. Nothing is written, and no file is created next to a database
    that no program has open.
    """

    _scheme = "sqlitedict"
    _example = "sqlitedict:old.sqlite"

    def __init__(
        self, path: str | os.PathLike[str], *, table: str | None = None, values: Values = "bytes"
    ) -> None:
        super().__init__(path, values=values)
        self._table = table
        self._name = ""
        self._database = Database(self.path, self._choose)

    @classmethod
    def from_address(cls, address: Address) -> "SqliteDict":
        """Open ``sqlitedict:PATH?table=&values=``."""
        options = address.options(table=str, values=VALUES)
        return cls(cls._path(address), **options)

    def _page(self, low: bytes, high: bytes | None, most: int) -> list[bytes]:
        select = f"SELECT CAST(key AS BLOB) FROM {self._quoted()} WHERE typeof(key) = 'text' AND {_TEXT} >= {_GIVEN} "
        args: tuple[object, ...] = (low, most)
        if high is not None:
            select, args = f"{select} AND {_TEXT} < {_GIVEN}", (low, high, most)
        return [key for (key,) in self._database.rows(f"{select} ORDER BY {_TEXT} LIMIT ?", args)]

    def _others(self) -> Iterable[Foreign]:
        rows = self._database.rows(
            f"SELECT CAST(key AS BLOB) FROM {self._quoted()} WHERE key IS NULL OR key < '' OR key >= x''"
        )
        return [Foreign(show(key), _Blob(key)) for (key,) in rows]

    def _load(self, name: str) -> object:
        select = f"SELECT typeof(value), CAST(value AS BLOB) FROM {self._quoted()} WHERE key IS "
        stored = name.stored if isinstance(name, Foreign) else name.encode()
        if isinstance(stored, _Blob):
            rows = self._database.rows(f"{select} ?", (stored.content,))
        else:
            rows = self._database.rows(f"{select} {_GIVEN}", (stored,))
        if not rows:
            raise KeyError(name)
        return _value(*rows[0])

    def _choose(self, connection: sqlite3.Connection) -> None:
        self._name = Tables.of(connection).choose_sqlitedict(self.path, self._table)

    def _quoted(self) -> str:
        """Return the name of the table for a statement. The first connection looks it up."""
        if not self._name:
            self._database.connect()
        return '"{}"'.format(self._name.replace('"', '""'))

    def close(self) -> None:
        self._database.close()


class _Blob:
    """A key that is not text: bytes, or None."""

    def __init__(self, content: bytes | None) -> None:
        self.content = content


def _value(kind: str, value: bytes | None) -> object:
    if kind == "blob" and value is not None:
        return Pickled(value)
    if value is None:
        return None
    try:
        text = value.decode()
    except UnicodeDecodeError:
        raise NotTaken("is a text that is not in UTF-8; correct it with sqlitedict") from None
    return Document(text)
