"""The schema of a table of an SQLite database.

    database = any SQLite database in UTF-8, in WAL mode; other tables are left alone
    table    = mark *row
    mark     = (tick, "", "holdall 2")      the format; its tick is the highest of all rows deleted so far
    row      = (tick, key, value)           key as in holdall.keys, value a blob
    tick     = microseconds since 1970 when the table was created, plus the number of writes since
    NAME.deletions = *(number, key)         the last 100,000 deletions or more, numbered from 1
    NAME.epochs    = *(number, name, writes)    the last 10,000 epochs, numbered from 1
    name     = 32HEXDIG                     random
    writes   = the highest tick plus the highest number of a deletion when the epoch began

A write deletes the row of its key and adds a new row with the next tick. SQLite chooses this tick: one more
than the highest tick in the table. When the row with the highest tick is deleted, the trigger copies its tick
to the mark, so that no later row gets the same tick. The first tick is the time of creation, so that a table
that replaces a lost table does not repeat the ticks of the lost one.

Each process begins an epoch before its first write. A file that was restored from a backup therefore has
other epochs than the lost file had, and the feed (`holdall.adapters.sqlite.feed`) refuses the positions that
were issued after the backup.

A table of the format "holdall 1" has neither deletions nor epochs; the first write adds them, unless the store
was opened without a feed.

The triggers resolve conflicts with OR REPLACE and OR IGNORE. There are none, but SQLite then knows that no
trigger can fail, and does not copy the pages that a delete changes in order to take it back.
"""

import re
import sqlite3
import time
import uuid

FORMAT, WITHOUT_FEED = "holdall 2", "holdall 1"
DELETIONS, EPOCHS = 100_000, 10_000
"""The number of the last deletions and of the last epochs that a table keeps."""
STEP = 1000
"""Each deletion with a number that is a multiple of this removes the deletions that are too old."""

_TABLE = """
    CREATE TABLE "{name}" (
        tick INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        value BLOB NOT NULL
    )
"""
_OLD_TRIGGER = """
    CREATE TRIGGER "{name}_keep_tick" AFTER DELETE ON "{name}"
        WHEN old.tick > (SELECT max(tick) FROM "{name}")
        BEGIN UPDATE "{name}" SET tick = old.tick WHERE key = ''; END
"""
_DROP_OLD_TRIGGER = """DROP TRIGGER "{name}_keep_tick" """
_TRIGGER = _OLD_TRIGGER.replace("UPDATE", "UPDATE OR REPLACE")
_MARK = """INSERT OR IGNORE INTO "{name}" VALUES ({tick}, '', '{format}')"""
_MARK_FEED = """UPDATE "{name}" SET value = '{format}' WHERE key = ''"""
_DELETIONS = """
    CREATE TABLE "{name}.deletions" (
        number INTEGER PRIMARY KEY,
        key TEXT NOT NULL
    )
"""
_RECORD = """
    CREATE TRIGGER "{name}.record_deletion" AFTER DELETE ON "{name}"
        BEGIN INSERT OR IGNORE INTO "{name}.deletions" (key) VALUES (old.key); END
"""
_FORGET = """
    CREATE TRIGGER "{name}.forget_deletions" AFTER INSERT ON "{name}.deletions"
        WHEN new.number % {step} = 0
        BEGIN DELETE FROM "{name}.deletions" WHERE number <= new.number - {deletions}; END
"""
_EPOCHS = """
    CREATE TABLE "{name}.epochs" (
        number INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        writes INTEGER NOT NULL
    )
"""
_EPOCH = """
    INSERT INTO "{name}.epochs" (name, writes) SELECT '{random}',
        (SELECT max(tick) FROM "{name}") + coalesce((SELECT max(number) FROM "{name}.deletions"), 0)
"""
_FORGET_EPOCHS = """
    DELETE FROM "{name}.epochs" WHERE number <= (SELECT max(number) FROM "{name}.epochs") - {epochs}
"""
_FEED = _DELETIONS, _EPOCHS, _TRIGGER, _RECORD, _FORGET
_MADE = {FORMAT: (_TABLE, *_FEED), WITHOUT_FEED: (_TABLE, _OLD_TRIGGER)}
"""The statements that make the entries of the schema for a table of each format."""

_comment = re.compile(r"--.*")


def create(connection: sqlite3.Connection, name: str, *, feed: bool) -> None:
    """Create the table ``name``, unless the database already has something with that name."""
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        if not _entries(connection, name):
            form = FORMAT if feed else WITHOUT_FEED
            for statement in (*_MADE[form], _MARK):
                connection.execute(_fill(statement, name, form))


def begin_epoch(connection: sqlite3.Connection, name: str, *, feed: bool) -> None:
    """Begin an epoch of the table ``name``, which has one of our formats.

    If the table has no feed, give it one first, or do nothing if ``feed`` is false. Call this in a
    transaction that holds the lock for writing.
    """
    if not has_feed(connection, name):
        if not feed:
            return
        for statement in (_DROP_OLD_TRIGGER, *_FEED, _MARK_FEED):
            connection.execute(_fill(statement, name))
    connection.execute(_fill(_EPOCH, name))
    connection.execute(_fill(_FORGET_EPOCHS, name))


def has_feed(connection: sqlite3.Connection, name: str) -> bool:
    """Return whether the table ``name`` records deletions and epochs."""
    return _mark(connection, name) == FORMAT


def recognise(connection: sqlite3.Connection, name: str) -> str | None:
    """Return the format of the table ``name``, "" if holdall did not make it, or None if it does not exist.

    This never reads from a view or a virtual table, which could run any statement, also one that never ends.
    A table with other triggers counts as not made by holdall, because they would run with each change. So
    does one with an index that allows each value once: a write would delete other rows, or record nothing.
    The same holds for the tables of its feed.
    """
    entries = _entries(connection, name)
    if not entries:
        return None
    if any(not sql.startswith(("create table", "create trigger")) for _, sql in entries):
        return ""
    mark = _mark(connection, name)
    if mark not in _MADE:
        return mark
    found = {*entries, *_entries(connection, f"{name}.deletions"), *_entries(connection, f"{name}.epochs")}
    made = {_bare(_fill(statement, name)) for statement in _MADE[mark]}
    return mark if {sql for _, sql in found} == made else ""


def _entries(connection: sqlite3.Connection, name: str) -> list[tuple[str, str]]:
    """Return the type and the statement of each entry of the schema for ``name``.

    Of the indexes, only those of other programs that allow each value once are returned.
    """
    select = (
        "SELECT type, sql FROM sqlite_master WHERE name = ?1 COLLATE NOCASE "
        "OR tbl_name = ?1 COLLATE NOCASE AND (type <> 'index' OR sql LIKE 'CREATE UNIQUE %')"
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


def _fill(statement: str, name: str, form: str = FORMAT) -> str:
    return statement.format(
        name=name,
        tick=time.time_ns() // 1000,
        format=form,
        random=uuid.uuid4().hex,
        deletions=DELETIONS,
        step=STEP,
        epochs=EPOCHS,
    )


def _bare(sql: str) -> str:
    """Return ``sql`` in lower case, without comments and line breaks."""
    return " ".join(_comment.sub("", sql).lower().split())
