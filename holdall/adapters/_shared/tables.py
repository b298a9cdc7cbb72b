"""Recognise the tables of an SQLite database that holdall did not make."""

import sqlite3
from typing import Final, NamedTuple

from holdall.errors import Mismatch

SQLITEDICT: Final = (("key", "TEXT", 1), ("value", "BLOB", 0))
"""The columns of a table of sqlitedict: the name, the type, and the place in the primary key."""
DISKCACHE: Final = frozenset({"key", "raw", "expire_time", "mode", "filename", "value"})
"""Columns of the table of diskcache."""
_CACHE = "Cache"
_MOST = 1000  # tables to look at
_SHOWN = 10


class Tables(NamedTuple):
    """The names of the tables of a database: all, those of sqlitedict, and that of diskcache."""

    names: tuple[str, ...]
    of_sqlitedict: tuple[str, ...]
    of_diskcache: tuple[str, ...]

    @classmethod
    def of(cls, connection: sqlite3.Connection) -> "Tables":
        """Return the tables that ``connection`` finds. Views and virtual tables, which run code, are left out."""
        select = (
            "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE TABLE%' "
            "AND substr(name, 1, 7) <> 'sqlite_' ORDER BY name LIMIT ?"
        )
        names = tuple(str(name) for (name,) in connection.execute(select, (_MOST,)))
        found = {name: _columns(connection, name) for name in names}
        return cls(
            names,
            tuple(name for name, columns in found.items() if columns == SQLITEDICT),
            tuple(n for n, columns in found.items() if n == _CACHE and {c[0] for c in columns} >= DISKCACHE),
        )

    def __str__(self) -> str:
        if not self.names:
            return "it has no table"
        more = ", …" if len(self.names) > _SHOWN else ""
        return f"it has the tables {', '.join(map(repr, self.names[:_SHOWN]))}{more}"

    def choose_sqlitedict(self, path: str, name: str | None) -> str:
        """Return ``name`` or, if that is None, the one table of sqlitedict.

        Raises Mismatch if it is not a table of sqlitedict, or if there are several and ``name`` is None.
        """
        if name in self.of_sqlitedict:
            return name
        if name is not None:
            raise Mismatch(f"{path} has no table {name!r} of sqlitedict; {self.remedy(path)}")
        if len(self.of_sqlitedict) == 1:
            return self.of_sqlitedict[0]
        if self.of_sqlitedict:
            raise Mismatch(f"{path} has several tables of sqlitedict; {self.remedy(path)}")
        raise Mismatch(f"{path} was not made by sqlitedict: {self}; {self.remedy(path)}")

    def remedy(self, path: str) -> str:
        """Return how to open the database at ``path`` with the adapter that reads it."""
        if self.of_diskcache:
            return "open its folder with diskcache:FOLDER"
        if self.of_sqlitedict:
            names = " or ".join(f"?table={name}" for name in self.of_sqlitedict[:_SHOWN])
            return f"open it with sqlitedict:{path} and {names}"
        return "name another file"


def _columns(connection: sqlite3.Connection, table: str) -> tuple[tuple[str, str, int], ...]:
    """Return the columns of ``table``. A generated column, which runs code, has the type HIDDEN."""
    rows = connection.execute("SELECT name, type, pk, hidden FROM pragma_table_xinfo(?)", (table,))
    return tuple((name, "HIDDEN" if hidden else kind, pk) for name, kind, pk, hidden in rows)
