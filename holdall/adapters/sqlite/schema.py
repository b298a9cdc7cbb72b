"""The schema of a table of an SQLite database.

    database = any SQLite database in UTF-8, in WAL mode; other tables are left alone
    table    = mark *row
    mark     = (tick, "", "holdall 1")      the format; its tick is the highest of all rows deleted so far
    row      = (tick, key, value)           key as in holdall.keys, value a blob
    tick     = microseconds since 1970 when the table was created, plus the number of writes since

A write deletes the row of its key and adds another under the next tick, which SQLite takes to be one more
than the highest that is there. So that a deleted row cannot give its tick away, the trigger hands it
to the mark. Ticks start at the time so that a table created in the place of a lost one does not repeat its.
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
    """Create the table ``name``, unless there is something of that name."""
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        if not _entries(connection, name):
            for statement in (_TABLE, _MARK, _TRIGGER):
                connection.execute(_filled(statement, name))


def look(connection: sqlite3.Connection, name: str) -> str | None:
    """Return the format of the table ``name``, "" if it is not of holdall, and None if there is none.

    Nothing is read from a view or a virtual table, which could run any statement and for ever. A table with
    triggers of others is not of holdall, for they would write with each change.
    """
    entries = _entries(connection, name)
    if not entries:
        return None
    if any(not sql.startswith(("create table", "create trigger")) for _, sql in entries):
        return ""
    mark = _mark(connection, name)
    ours = {("table", _bare(_filled(_TABLE, name))), ("trigger", _bare(_filled(_TRIGGER, name)))}
    return "" if mark == FORMAT and set(entries) != ours else mark


def _entries(connection: sqlite3.Connection, name: str) -> list[tuple[str, str]]:
    """The kind and statement of all that the schema has under ``name``, but for the indexes of a table."""
    select = (
        "SELECT type, sql FROM sqlite_master "
        "WHERE name = ?1 COLLATE NOCASE OR tbl_name = ?1 COLLATE NOCASE AND type <> 'index'"
    )
    return [(kind, _bare(sql)) for kind, sql in connection.execute(select, (name,))]


def _mark(connection: sqlite3.Connection, name: str) -> str:
    """What the table's mark says, or "" if it has none."""
    try:
        row = connection.execute(f"SELECT value FROM \"{name}\" WHERE key = ''").fetchone()
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) != sqlite3.SQLITE_ERROR:
            raise
        return ""  # other columns; or text that is not UTF-8, which has no code
    return row[0] if row and isinstance(row[0], str) else ""


def _filled(statement: str, name: str) -> str:
    return statement.format(name=name, tick=time.time_ns() // 1000, format=FORMAT)


def _bare(sql: str) -> str:
    """``sql`` without what does not matter: comments, line breaks, case."""
    return " ".join(_comment.sub("", sql).lower().split())
