"""Parts of values in a table of an SQLite database, read without the rest of the value."""

import sqlite3

from holdall.ranges import ByteRange


def read_part(table: str, key: str, part: ByteRange, connection: sqlite3.Connection) -> bytes | None:
    """Return the ``part`` of the value of ``key``, or None if it is missing. Call this in a transaction."""
    row = connection.execute(f'SELECT tick, typeof(value) FROM "{table}" WHERE key = ?', (key,)).fetchone()
    if row is None:
        return None
    tick, kind = row
    if kind not in ("blob", "text"):  # another program stored a number
        select = f'SELECT CAST(value AS BLOB) FROM "{table}" WHERE tick = ?'
        return part.of_value(connection.execute(select, (tick,)).fetchone()[0])
    with connection.blobopen(table, "value", tick, readonly=True) as blob:
        start, size = part.within(len(blob))
        blob.seek(start)
        return blob.read(size)
