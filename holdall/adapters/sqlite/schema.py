"""The schema of a table of an SQLite database.

    database = any SQLite database in UTF-8, in WAL mode; other tables are left alone
    table    = mark *row
    mark     = (tick, "", "holdall 1")      the format; its tick is the highest of all rows deleted so far
    row      = (tick, key, value)           key as in holdall.keys, value a blob
    tick     = microseconds since 1970 when the table was created, plus the number of writes since

A write deletes the row of its key and adds a new row with the next tick. SQLite chooses this tick: one more
than the highest tick in the table. When the row with the highest tick is deleted, the trigger copies its tick
to the mark, so that no later row gets the same tick. The first tick is the time of creation, so that a table
that replaces a lost table does not repeat the ticks of the lost one.
"""

import re
import sqlite3
import time

FORMAT = "holdall 1"

_TABLE = """
    CREATE TABLE "{name}" (
        tick INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        value BLOB NOT NULL
    )
"""
_TRIGGER = """
    CREATE TRIGGER "{name}_keep_tick" AFTER DELETE ON "{name}"
        WHEN old.tick > (SELECT max(tick) FROM "{name}")
        BEGIN UPDATE "{name}" SET tick = old.tick WHERE key = ''; END
"""
_MARK = """INSERT OR IGNORE INTO "{name}" VALUES ({tick}, '', '{format}')"""

_comment = re.compile(r"--.*")


def create(connection: sqlite3.Connection, name: str) -> None:
    """Create the table ``name``, unless the database already has something with that name."""
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        if not _entries(connection, name):
            for statement in (_TABLE, _MARK, _TRIGGER):
                connection.execute(_fill(statement, name))


def recognise(connection: sqlite3.Connection, name: str) -> str | None:
    """Return the format of the table ``name``, "" if holdall did not make it, or None if it does not exist.

    This never reads from a view or a virtual table, which could run any statement, also one that never ends.
    A table with other triggers counts as not made by holdall, because they would run with each change.
    """
    entries = _entries(connection, name)
    if not entries:
        return None
    if any(not sql.startswith(("create table", "create trigger")) for _, sql in entries):
        return ""
    mark = _mark(connection, name)
    ours = {("table", _bare(_fill(_TABLE, name))), ("trigger", _bare(_fill(_TRIGGER, name)))}
    return "" if mark == FORMAT and set(entries) != ours else mark


def _entries(connection: sqlite3.Connection, name: str) -> list[tuple[str, str]]:
    """Return the type and the statement of each entry of the schema for ``name``, without indexes."""
    select = (
        "SELECT type, sql FROM sqlite_master "
        "WHERE name = ?1 COLLATE NOCASE OR tbl_name = ?1 COLLATE NOCASE AND type <> 'index'"
    )
    return [(kind, _bare(sql)) for kind, sql in connection.execute(select, (name,))]


def _mark(connection: sqlite3.Connection, name: str) -> str:
    """Return the text of the table's mark, or "" if the table has no mark."""
    try:
        row = connection.execute(f"SELECT value FROM \"{name}\" WHERE key = ''").fetchone()
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) != sqlite3.SQLITE_ERROR:
            raise
        return ""  # the table has other columns, or its text is not UTF-8 (an error without a code)
    return row[0] if row and isinstance(row[0], str) else ""


def _fill(statement: str, name: str) -> str:
    return statement.format(name=name, tick=time.time_ns() // 1000, format=FORMAT)


def _bare(sql: str) -> str:
    """Return ``sql`` in lower case, without comments and line breaks."""
    return " ".join(_comment.sub("", sql).lower().split())
