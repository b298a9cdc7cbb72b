"""Parts of values in a table of an SQLite database, and values from files, without the whole value in memory.

Each function runs in a transaction of its caller.
"""

import sqlite3
from typing import IO

from holdall.ranges import ByteRange
from holdall.store import Tag

_CHUNK = 1 << 20


def read_part(
    table: str, key: str, tick: int | None, part: ByteRange, connection: sqlite3.Connection
) -> bytes | None:
    """Return the ``part`` of the value of ``key``; None if it is missing, or lacks the ``tick`` that is given."""
    row = connection.execute(f'SELECT tick, typeof(value) FROM "{table}" WHERE key = ?', (key,)).fetchone()
    if row is None or tick not in (None, row[0]):
        return None
    if row[1] not in ("blob", "text"):  # another program stored a number
        select = f'SELECT CAST(value AS BLOB) FROM "{table}" WHERE tick = ?'
        return part.of_value(connection.execute(select, row[:1]).fetchone()[0])
    with connection.blobopen(table, "value", row[0], readonly=True) as blob:
        start, size = part.within(len(blob))
        blob.seek(start)
        return blob.read(size)


def put_file(table: str, key: str, file: IO[bytes], size: int, connection: sqlite3.Connection) -> Tag:
    """Set ``key`` to the ``size`` bytes of ``file``, and return the new tag."""
    put = f'INSERT OR REPLACE INTO "{table}" (key, value) VALUES (?, zeroblob(?))'
    tick = connection.execute(put, (key, size)).lastrowid
    assert tick is not None  # noqa: S101 - an insert has a row
    if size:
        with connection.blobopen(table, "value", tick) as blob:
            while chunk := file.read(_CHUNK):
                blob.write(chunk)
    return Tag(str(tick))
