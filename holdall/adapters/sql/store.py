"""A store in a table of an SQL server. A `Link` for each kind of server implements the differences."""

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain
from operator import itemgetter
from typing import Any, ClassVar, Self, cast

import sqlalchemy as sa

from holdall.adapters._shared.servers import (
    Part,
    cut_page,
    fresh_tag,
    login,
    parts_of,
    unpicklable,
)
from holdall.adapters._shared.totals import totals
from holdall.adapters._shared.transactional import TransactionalStore
from holdall.adapters.sql.errors import RAISED, is_taken
from holdall.adapters.sql.feed import Feed
from holdall.adapters.sql.link import Link
from holdall.address import Address, flag
from holdall.batches import BATCH, ROOM, read_pages, split_keys, split_pairs, to_bytes_within
from holdall.bell import Bell
from holdall.changes import Changes
from holdall.errors import InvalidAddress, Unsupported
from holdall.handles import PerProcess
from holdall.keys import Foreign, Span, check_key, only_keys, to_name
from holdall.ranges import ByteRange
from holdall.store import (
    ABSENT,
    MISSING,
    Feature,
    Missing,
    Operation,
    Put,
    Tag,
    Tagged,
    conflict,
)

_LOOKUPS = 128
_MOST = (1 << 30) - 1  # a position in a value, and one after a part, are 32-bit integers


class SQL(TransactionalStore):
    """A store of the rows of a table. The subclass for each kind of server passes its ``link`` to `_open`."""

    def _open(self, link: Link) -> None:
        self._link = link
        self._table = link.table
        self._feed = Feed(self, link)
        self._bell = PerProcess(Bell)

    _variable: ClassVar[str]
    """The variable from which a client of this server reads the password."""

    _password: str | None

    @classmethod
    def from_address(cls, address: Address) -> Self:
        """``SCHEME://user:password@host:port/database?table=&timeout=&create=&feed=&tls=``."""
        options = address.options(table=str, timeout=float, create=flag, feed=flag, password=str, tls=str)
        database = address.path.strip("/")
        if not address.host or not database:
            raise InvalidAddress(
                f"{address.scheme}: the server or the database is missing; write {address.scheme}://host/database"
            )
        return cls(**{"database": database, **login(address), **options})

    @property
    def features(self) -> Feature:
        held = super().features | Feature.RANGES
        return held | Feature.CHANGES if self._link.feed else held

    # ---- One key ---------------------------------------------------------------------------------

    def _find(self, key: str, /) -> bytes | Missing:
        for (value,) in self._row(key, self._table.value):
            return value  # type: ignore[no-any-return]
        return MISSING

    def __contains__(self, key: object, /) -> bool:
        return bool(self._row(cast(str, key), sa.literal(1)))  # raises TypeError if it is not a str

    def _row(self, key: str, *columns: sa.ColumnElement[Any]) -> list[tuple[Any, ...]]:
        check_key(key)
        return self._link.rows(self._table.get(*columns, keys=[key]), key)

    def read(self, key: str, /, start: int = 0, length: int | None = None) -> bytes:
        part = self._table.part_of_value(*ByteRange.of(start, length).up_to(_MOST))
        for (value,) in self._row(key, part):
            return value  # type: ignore[no-any-return]
        raise KeyError(key)

    def size(self, key: str, /) -> int:
        for (size,) in self._row(key, sa.func.octet_length(self._table.value)):
            return int(size)
        raise KeyError(key)

    def __setitem__(self, key: str, value: bytes, /) -> None:
        check_key(key)
        row = _row(key, to_bytes_within(key, value, self._link.most()))
        self._link.write(partial(_execute, self._link.put(), [row]), key)

    def __delitem__(self, key: str, /) -> None:
        check_key(key)
        if not self._link.execute(self._table.delete([key]), key):
            raise KeyError(key)

    def discard(self, key: str, /) -> None:
        check_key(key)
        self._link.execute(self._table.delete([key]), key)

    # ---- Scans -----------------------------------------------------------------------------------

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return map(itemgetter(0), self._scan([self._table.key], prefix, start, stop))

    def scan_names(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        pages = self._pages([self._table.key], Span.of(prefix, start, stop))
        return (to_name(key) for page in pages for (key,) in page)

    def get_foreign(self, name: Foreign, /) -> bytes:
        for (value,) in self._link.rows(self._table.get(self._table.value, keys=[name.stored])):
            return value  # type: ignore[no-any-return]
        raise KeyError(name)

    def scan_items(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, bytes]]:
        return self._scan([self._table.key, self._table.value], prefix, start, stop)

    def scan_tags(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, Tag]]:
        return self._scan([self._table.key, self._table.tag], prefix, start, stop)

    def _scan(
        self, columns: list[sa.ColumnElement[Any]], prefix: str, start: str, stop: str | None
    ) -> Iterator[Any]:
        pages = self._pages(columns, Span.of(prefix, start, stop))
        return chain.from_iterable(map(only_keys, pages))

    def _pages(self, columns: list[sa.ColumnElement[Any]], span: Span) -> Iterator[list[tuple[Any, ...]]]:
        most = BATCH

        def read(low: str, size: int) -> tuple[list[tuple[Any, ...]], str | None]:
            nonlocal most
            size = min(size, most)
            page = self._link.rows(self._table.page(columns, low, span.high, size))
            most = max(1, min(4 * size, _rows_within(ROOM, page)))
            return cut_page(page, hides=span.hides, more=len(page) == size)

        return read_pages(read, span.low)

    # ---- Many keys -------------------------------------------------------------------------------

    def get_many(self, keys: Iterable[str], /) -> Iterator[tuple[str, bytes]]:
        for batch in split_keys(keys, _LOOKUPS):
            rows = self._link.rows(self._table.get(self._table.key, self._table.value, keys=batch))
            held: dict[str, bytes] = dict(cast(Any, rows))
            yield from ((str(key), held[key]) for key in batch if key in held)

    def set_many(self, items: Iterable[tuple[str, bytes]], /) -> None:
        for batch in split_pairs(items, most=self._link.most()):
            rows = [
                _row(*pair) for pair in sorted(dict(batch).items())
            ]  # equal order in all writers: no deadlocks
            self._link.transact(partial(_execute, self._link.put(), rows))

    def delete_many(self, keys: Iterable[str], /) -> None:
        for batch in split_keys(keys):
            self._link.execute(self._table.delete(sorted(batch)))

    def delete_prefix(self, prefix: str, /) -> None:
        span = Span.of(prefix)
        low = None if span.empty else span.low
        while low is not None:
            low = self._link.write(partial(self._link.delete_some, span._replace(low=low)))

    # ---- Compare-and-swap ------------------------------------------------------------------------

    def get_tagged(self, key: str, /) -> Tagged[bytes]:
        for value, tag in self._row(key, self._table.value, self._table.tag):
            return Tagged(value, tag)
        raise KeyError(key)

    def tag(self, key: str, /) -> Tag:
        for (tag,) in self._row(key, self._table.tag):
            return Tag(tag)
        return ABSENT

    def swap(self, key: str, value: bytes, /, expected: Tag) -> Tag:
        check_key(key)
        tag, value = fresh_tag(), to_bytes_within(key, value, self._link.most())
        if expected == ABSENT:
            self._link.write(lambda connection: self._insert(connection, key, value, tag), key)
        elif not self._link.execute(self._table.update(key, value, tag, expected), key):
            raise conflict(key)
        return tag

    def _insert(self, connection: sa.Connection, key: str, value: bytes, tag: str) -> None:
        try:
            connection.execute(self._table.insert(key, value, tag))
        except RAISED as error:
            if is_taken(error):
                raise conflict(key) from error
            raise

    def remove(self, key: str, /, expected: Tag) -> None:
        check_key(key)
        if not self._link.execute(self._table.delete([key], self._table.tag == expected), key):
            raise conflict(key)

    def transact(self, changes: Iterable[Operation[bytes]], /) -> None:
        parts = parts_of(changes, self._link.most())
        self._link.transact(partial(self._apply, parts))

    def _apply(self, parts: dict[str, Part], connection: sa.Connection) -> None:
        for key, (expected, change) in parts.items():
            if expected is not None:
                self._expect(connection, key, expected)
            if isinstance(change, Put):
                connection.execute(self._link.put(), _row(key, change.value))
            elif change is not None:
                connection.execute(self._table.delete([key]))

    def _expect(self, connection: sa.Connection, key: str, tag: Tag) -> None:
        """Raise Conflict unless ``key`` carries ``tag``. Locks the key until the transaction ends."""
        if tag != ABSENT:
            found = self._table.get(self._table.tag, keys=[key]).with_for_update()
            if connection.execute(found).scalar() != tag:
                raise conflict(key)
            return
        # A missing row cannot be locked. So insert a row and delete it: until this transaction ends, others
        # that insert the same key wait.
        self._insert(connection, key, b"", "")
        connection.execute(self._table.delete([key]))

    # ---- Changes ---------------------------------------------------------------------------------

    def changes(self, since: str | None = None, *, prefix: str = "") -> Changes:
        if not self._link.feed:
            raise Unsupported(f"{self!r} cannot tell what changed; open it with ?feed=on")
        return self._feed.changes(since, Span.of(prefix, "", None))

    def watch(self, since: str, *, prefix: str = "", timeout: float | None = None) -> bool:
        return self._link.watch(self._bell(), partial(self.changes, prefix=prefix), since, timeout)

    def info(self) -> dict[str, str]:
        return totals(*self._link.run(self._link.estimate), about="the server's estimate")

    def close(self) -> None:
        self._bell().close()
        self._link.close()

    def __reduce__(self) -> tuple[Any, ...]:
        if self._password:
            raise unpicklable(self._variable)
        return super().__reduce__()


def _row(key: str, value: bytes) -> dict[str, object]:
    return {"key": key, "value": value, "tag": fresh_tag()}


def _execute(statement: sa.Insert, rows: list[dict[str, object]], connection: sa.Connection) -> None:
    connection.execute(statement, rows)


def _rows_within(room: int, page: list[tuple[Any, ...]]) -> int:
    """How many rows fit into ``room`` bytes, if they are about as long as the rows of ``page``."""
    average = sum(len(row[-1]) for row in page) // len(page) if page else 0
    return room // max(1, average)
