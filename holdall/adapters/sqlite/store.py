"""A store in a table of an SQLite database."""

import os
import sqlite3
from collections.abc import Iterable, Iterator
from functools import lru_cache, partial
from itertools import chain
from operator import itemgetter
from typing import IO, Any, cast

from holdall.adapters._files.durability import DURABILITIES, Durability
from holdall.adapters._files.paths import absolute
from holdall.adapters._shared.space import Space, space_on_disk
from holdall.adapters._shared.transactional import TRANSACTIONS
from holdall.adapters.sqlite.blobs import put_file, read_part
from holdall.adapters.sqlite.feed import Feed
from holdall.adapters.sqlite.link import Link, Row
from holdall.adapters.sqlite.table import MEMORY, NoTable, Table
from holdall.address import Address, flag
from holdall.batches import look_up_all, read_pages, split, split_keys, split_pairs, split_transaction, text
from holdall.bell import Bell
from holdall.changes import Changes
from holdall.errors import InvalidAddress
from holdall.files import Spool, ValueWriter, is_to_write, open_value
from holdall.handles import PerProcess, delays_fork
from holdall.keys import Foreign, Span, check_key, only_keys, to_name
from holdall.ranges import ByteRange
from holdall.store import (
    ABSENT,
    MISSING,
    Feature,
    Missing,
    Operation,
    Store,
    Tag,
    Tagged,
    conflict,
    to_bytes,
    unsupported,
)

_TABLE = "holdall"  # the name of the table if none is given
_PAGE = 1024  # rows of the largest page of a scan
_LOOKUPS = 128  # keys looked up in one transaction
_LOOKS = 0.01  # seconds between two looks of a watch at the version of the database
_AT_ONCE = 128  # keys whose tags one statement looks up
_BUFFER = 16 << 20  # bytes that a file reads at once: each read passes all pages of the value before them
_FEW = 4  # keys that one statement writes on the condition of their tags
_VALID = "key <> '' AND key < x'' AND is_key(CAST(key AS BLOB))"
_SHOWN = f"NOT (instr(key, '.holdall') AND instr('/' || key || '/', '/.holdall/')) AND {_VALID}"

_FEATURES = TRANSACTIONS | Feature.RANGES | Feature.STREAMS
_IN_A_FILE = Feature.SHARED | Feature.DURABLE

_VALUE = "CAST(value AS BLOB)"  # another program may have stored text
_SIZE = f"iif(typeof(value) = 'blob', length(value), length({_VALUE}))"  # a cast reads the whole value
_TAGGED = "AND CAST(tick AS TEXT) = ?"


class SQLite(Store[bytes]):
    """The rows of ``table`` ("holdall" by default) in the SQLite database at ``path``.

    The path ``":memory:"`` stands for a private database in memory, which all threads may use.

    ``durability="full"``: every write is synced to the disk before it returns. ``"os"``: a write that
    returned is with the operating system. It survives the end of this process, but a power failure may lose
    the last writes. With both, no write is ever stored in part. ``timeout``: the seconds to wait for other
    writers; then the store raises Unavailable. ``feed=False``: `changes` and `watch` raise Unsupported, and a
    table that has no feed yet gets none; a delete then costs less.

    The first write creates the file; until then the store is empty. If the file is not a database, or if
    its table of this name has another schema, the store raises Mismatch and changes nothing. So it does if
    no ``table`` is given and the file has tables, but none of holdall: it is the file of another program. A scan reads
    one page at a time and holds nothing open in between, so each page shows the data at the time when it
    was read. `set_many` and `delete_many` commit after each thousand keys, or after each MiB of values.
    Tags are ticks of the table and never repeat, not even in a table that replaces a lost one. The store
    does not promise to notice that the file is deleted or replaced while it is open, or that SQLite's locks
    work on a network file system.

    >>> store = SQLite(":memory:")
    >>> tag = store.swap("counter", b"1", ABSENT)
    >>> store.get_tagged("counter") == (b"1", tag)
    True
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        table: str | None = None,
        durability: Durability = "full",
        timeout: float = 10,
        feed: bool = True,
    ) -> None:
        path = os.fspath(path)
        if path != MEMORY:
            path = absolute(path, "sqlite", "sqlite:///books.db")
        options = {name: value for name, value in self._made_with[1].items() if name != "path"}
        self._made_with = (path,), options  # so that a repr or pickle is still right after a chdir
        name = _TABLE if table is None else table
        self._table = Table(path, name, durability, timeout, feed, may_join=table is not None)
        self._link = Link(self._table)
        self._feed = Feed(self, self._link, name)
        self._bell = PerProcess(Bell)
        self._features = _FEATURES
        if feed:
            self._features |= Feature.CHANGES
        if not self._table.in_memory:
            self._features |= _IN_A_FILE
        self._row = self._link.row
        self._connection = self._link.connection
        name = self._name = f'"{name}"'
        self._has = f"SELECT 1 FROM {name} WHERE key = ?"
        self._get = f"SELECT {_VALUE} FROM {name} WHERE key = ?"
        self._get_tagged = f"SELECT {_VALUE}, CAST(tick AS TEXT) FROM {name} WHERE key = ?"
        self._tick = f"SELECT CAST(tick AS TEXT) FROM {name} WHERE key = ?"
        self._create = f"INSERT OR IGNORE INTO {name} (key, value) VALUES (?, ?)"
        self._put = f"INSERT OR REPLACE INTO {name} (key, value) VALUES (?, ?)"
        self._delete = f"DELETE FROM {name} WHERE key = ?"
        self._delete_range = f"DELETE FROM {name} WHERE key >= ? AND key < ?"

    @classmethod
    def from_address(cls, address: Address) -> "SQLite":
        options = address.options(table=str, durability=DURABILITIES, timeout=float, feed=flag)
        if address.host or address.userinfo or address.port is not None or not address.slashes:
            path = (address.host + address.shown_path).lstrip("/")
            raise InvalidAddress(
                f"sqlite: {str(address)!r} lacks slashes; write sqlite:///{path} for a path from here, "
                f"or sqlite:////{path} for one from the root"
            )
        if address.path == "/":
            raise InvalidAddress("sqlite: sqlite:/// does not name a file; write sqlite:///books.db")
        return cls(address.path[1:] or MEMORY, **options)

    @property
    def features(self) -> Feature:
        return self._features

    # ---- One key ---------------------------------------------------------------------------------

    @delays_fork
    def __getitem__(self, key: str, /) -> bytes:
        check_key(key)
        try:  # not self._row: this saves a call on the most frequent path
            row = self._connection().execute(self._get, (text(key),)).fetchone()
        except (NoTable, sqlite3.Error) as error:
            self._link.none_if_absent(error)
            row = None
        if row is None:
            raise KeyError(key)
        return row[0]  # type: ignore[no-any-return]

    def _find(self, key: str, /) -> bytes | Missing:
        check_key(key)
        row = self._row(self._get, (text(key),))
        return MISSING if row is None else row[0]

    def __contains__(self, key: object, /) -> bool:
        check_key(cast(str, key))  # raises TypeError if the key is not a str
        return self._row(self._has, (text(cast(str, key)),)) is not None

    def __setitem__(self, key: str, value: bytes, /) -> None:
        check_key(key)
        self._link.write(self._put, key, text(key), to_bytes(value))

    def __delitem__(self, key: str, /) -> None:
        check_key(key)
        if not self._link.erase(self._delete, text(key)):
            raise KeyError(key)

    def discard(self, key: str, /) -> None:
        check_key(key)
        self._link.erase(self._delete, text(key))

    # ---- Scans -----------------------------------------------------------------------------------

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return map(itemgetter(0), self._scan("key", prefix, start, stop))

    def scan_names(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        pages = self._pages("key", Span.of(prefix, start, stop))
        return (to_name(key) for page in pages for (key,) in page)

    def get_foreign(self, name: Foreign, /) -> bytes:
        row = self._row(self._get, (name.stored,))
        if row is None:
            raise KeyError(name)
        return row[0]  # type: ignore[no-any-return]

    def scan_items(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, bytes]]:
        return self._scan(f"key, {_VALUE}", prefix, start, stop)

    def scan_tags(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, Tag]]:
        return self._scan("key, CAST(tick AS TEXT)", prefix, start, stop)

    def _scan(self, columns: str, prefix: str, start: str, stop: str | None) -> Iterator[Any]:
        pages = self._pages(columns, Span.of(prefix, start, stop))
        return chain.from_iterable(map(only_keys, pages))

    def _pages(self, columns: str, span: Span) -> Iterator[list[Row]]:
        select = f"SELECT {columns} FROM {self._name} WHERE key >= ? AND key < ? ORDER BY key"
        high = b"" if span.high is None else span.high  # a blob sorts after all text, and keys are text
        return read_pages(
            lambda low, size: self._link.page(select, (low, high), span.hides, size),
            span.low or "\x01",  # only the mark's key sorts before it
            _PAGE,
        )

    def __len__(self) -> int:
        row = self._row(f"SELECT count(*) FROM {self._name} WHERE {_SHOWN}")
        return row[0] if row else 0

    # ---- Many keys -------------------------------------------------------------------------------

    def get_many(self, keys: Iterable[str], /) -> Iterator[tuple[str, bytes]]:
        yield from self._look_up(f"SELECT key, {_VALUE} FROM {self._name} WHERE key = ?", keys)

    def _tagged_many(self, keys: Iterable[str], /) -> Iterator[tuple[str, Tagged[bytes]]]:
        for batch in split_keys(keys, _AT_ONCE):
            select, args = self._select_all(f"key, {_VALUE}, CAST(tick AS TEXT)", batch)
            found = {key: Tagged(value, tag) for key, value, tag in self._link.rows(select, args)}
            yield from ((key, found[key]) for key in batch if key in found)

    def _look_up(self, select: str, keys: Iterable[str]) -> Iterator[Any]:
        return look_up_all(partial(self._link.look_up, select), keys, _LOOKUPS)

    def set_many(self, items: Iterable[tuple[str, bytes]], /) -> None:
        for batch in split_pairs(items):
            self._link.transact(partial(self._put_all, batch))

    def _put_all(self, batch: list[tuple[str, bytes]], connection: sqlite3.Connection) -> None:
        connection.executemany(self._put, batch)

    def delete_many(self, keys: Iterable[str], /) -> None:
        for batch in split_keys(keys):
            self._link.erase_many(self._delete, list(map(text, batch)))

    def delete_prefix(self, prefix: str, /) -> None:
        span = Span.of(prefix)
        delete = f"{self._delete_range} AND {_SHOWN if span.hides else _VALID}"
        self._link.erase(delete, span.low, b"" if span.high is None else span.high)

    # ---- Compare-and-swap ------------------------------------------------------------------------

    @delays_fork
    def get_tagged(self, key: str, /) -> Tagged[bytes]:
        check_key(key)
        try:  # not self._row, as in __getitem__
            row = self._connection().execute(self._get_tagged, (text(key),)).fetchone()
        except (NoTable, sqlite3.Error) as error:
            row = self._link.none_if_absent(error)
        if row is None:
            raise KeyError(key)
        return Tagged(*row)

    def tag(self, key: str, /) -> Tag:
        check_key(key)
        row = self._row(self._tick, (text(key),))
        return row[0] if row else ABSENT

    def read(self, key: str, /, start: int = 0, length: int | None = None) -> bytes:
        check_key(key)
        part = ByteRange.of(start, length)
        found = self._link.read(partial(read_part, self._table.name, text(key), None, part))
        if found is None:
            raise KeyError(key)
        return found

    def open(self, key: str, /, mode: str = "rb", *, expected: Tag | None = None) -> Any:
        check_key(key)
        if is_to_write(mode, expected):
            return ValueWriter(Spool(partial(self._put_file, key, expected)))
        row = self._row(f"SELECT tick, {_SIZE} FROM {self._name} WHERE key = ?", (text(key),))
        if row is None:
            raise KeyError(key)
        read = partial(self._read_version, key, row[0])
        return open_value(row[1], read, buffer=_BUFFER, tag=Tag(str(row[0])))

    def _read_version(self, key: str, tick: int, part: ByteRange) -> bytes:
        found = self._link.read(partial(read_part, self._table.name, text(key), tick, part))
        if found is None:
            raise conflict(key)
        return found

    def _put_file(self, key: str, expected: Tag | None, file: IO[bytes], size: int) -> Tag:
        tags: list[Tag] = []

        def put(connection: sqlite3.Connection) -> None:
            if expected is not None:
                self._expect(connection, {key: expected})
            tags.append(put_file(self._table.name, text(key), file, size, connection))

        self._link.transact(put)
        return tags[0]

    def size(self, key: str, /) -> int:
        check_key(key)
        row = self._row(f"SELECT {_SIZE} FROM {self._name} WHERE key = ?", (text(key),))
        if row is None:
            raise KeyError(key)
        return row[0]  # type: ignore[no-any-return]

    def swap(self, key: str, value: bytes, /, expected: Tag) -> Tag:
        check_key(key)
        value = to_bytes(value)
        if expected == ABSENT:
            written = self._link.write(self._create, key, text(key), value)
        else:
            put = f"INSERT OR REPLACE INTO {self._name} (key, value) SELECT ?, ? WHERE EXISTS "
            written = self._link.write(
                f"{put} ({self._has} {_TAGGED})", key, text(key), value, text(key), expected
            )
        if not written.rowcount:
            raise conflict(key)
        return Tag(str(written.lastrowid))

    def remove(self, key: str, /, expected: Tag) -> None:
        check_key(key)
        if not self._link.erase(f"{self._delete} {_TAGGED}", text(key), expected):
            raise conflict(key)

    def transact(self, changes: Iterable[Operation[bytes]], /) -> None:
        before, after = split_transaction(changes)
        if 0 < len(after) <= _FEW and None not in after.values() and self._put_few(before, after):
            return
        self._link.transact(partial(self._apply, before, after))

    def _put_few(self, before: dict[str, Tag], after: dict[str, bytes | None]) -> bool:
        """Put the values of ``after`` by one statement; return False if a key does not have its tag.

        This costs half of what several statements cost.
        """
        values: list[object] = [part for pair in after.items() for part in pair]
        if before.keys() == after.keys() and not any(before.values()):
            return self._link.create(_create_all(self._name, len(after)), values)
        for key, tag in before.items():
            values += key, tag or None
        statement = _put_if(self._name, len(after), len(before))
        return self._link.write(statement, None, *values).rowcount == len(after)

    def _apply(
        self, before: dict[str, Tag], after: dict[str, bytes | None], connection: sqlite3.Connection
    ) -> None:
        self._expect(connection, before)
        connection.executemany(self._put, (pair for pair in after.items() if pair[1] is not None))
        connection.executemany(self._delete, ((key,) for key, value in after.items() if value is None))

    def _expect(self, connection: sqlite3.Connection, tags: dict[str, Tag]) -> None:
        found: dict[str, Tag] = {}
        for batch in split(tags, _AT_ONCE):
            found.update(connection.execute(*self._select_all("key, CAST(tick AS TEXT)", batch)))
        for key, tag in tags.items():
            if found.get(key, ABSENT) != tag:
                raise conflict(key)

    def _select_all(self, columns: str, keys: list[str]) -> tuple[str, list[str]]:
        """Return a statement that selects ``columns`` of the rows of ``keys``, in any order, and its arguments."""
        size = 1 << (len(keys) - 1).bit_length()  # few different statements: the connection caches them
        args = [*map(text, keys), *[text(keys[-1])] * (size - len(keys))]
        return f"SELECT {columns} FROM {self._name} WHERE key IN ({','.join('?' * size)})", args

    # ---- Changes ---------------------------------------------------------------------------------

    def changes(self, since: str | None = None, *, prefix: str = "") -> Changes:
        if not self._table.feed:
            raise unsupported(self, "tell what changed", Feature.CHANGES, "open it with feed=on")
        return self._feed.changes(since, Span.of(prefix, "", None))

    def watch(self, since: str, *, prefix: str = "", timeout: float | None = None) -> bool:
        look = partial(self._row, "PRAGMA data_version")  # it costs microseconds
        return self._bell().watch(partial(self.changes, prefix=prefix), since, timeout, _LOOKS, look)

    def _space(self) -> Space | None:
        path = self._table.path
        return None if self._table.in_memory else space_on_disk(path, path, f"{path}-wal")

    def close(self) -> None:
        self._bell().close()
        self._link.close()

    def __reduce__(self) -> tuple[Any, ...]:
        if self._table.in_memory:
            raise TypeError(
                "a database in memory cannot be pickled: its data would be left behind; name a file"
            )
        return super().__reduce__()


@lru_cache
def _create_all(table: str, count: int) -> str:
    """Return the statement that inserts ``count`` pairs of new keys."""
    return f"INSERT INTO {table} (key, value) VALUES {', '.join(['(?, ?)'] * count)}"


@lru_cache
def _put_if(table: str, puts: int, tags: int) -> str:
    """Return the statement that puts ``puts`` pairs if ``tags`` keys each have a tag, or none for NULL."""
    rows = ", ".join(["(?, ?)"] * puts)
    has_tag = f"(SELECT CAST(tick AS TEXT) FROM {table} WHERE key = ?) IS ?"
    condition = " AND ".join([has_tag] * tags) or "TRUE"
    return f"INSERT OR REPLACE INTO {table} (key, value) SELECT * FROM (VALUES {rows}) WHERE {condition}"
