"""The change feed of a table on an SQL server.

    position = epoch "." writes "." log "." from "." cursor "." end "." count *("." open) *("." text)
    epoch    = the name of the newest epoch when the position was issued, or "old" if the table had no feed
    writes   = the highest tick of the store
    log      = the end of the server's log, or 0 if it does not count
    from     = the lowest tick of the deletions that the reader needs
    cursor   = the tick of the last change that was told, and text its key; or end, if all were told
    end      = a tick; no transaction with this tick or a higher one had ended
    open     = the tick of a transaction below end that had not ended; count says how many follow
    text     = 8 bytes of a key

Each row and each deletion carries the tick of its transaction. Transactions take their ticks in one order and
commit in another, so a position names those that were still open. A reader needs the rows and deletions of
these, those of later transactions, and those beyond the cursor.

If the server was restored from a backup, the next epoch begins before ``writes`` or ``log``.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NamedTuple, Protocol

import sqlalchemy as sa

from holdall.adapters.sql.table import InBytes, Table
from holdall.batches import BATCH
from holdall.changes import OLD, Change, Changes, Found, Position, expired, pack_key, unpack_key
from holdall.errors import InvalidPosition
from holdall.keys import RAW_KEY_BYTES, Span, fits
from holdall.store import ABSENT, Tag

_HIGHEST = 2**63 - 1


class Snapshot(NamedTuple):
    """The transactions that a reader sees: those whose ticks are below ``end`` and not ``open``."""

    end: int
    open: tuple[int, ...] = ()

    @property
    def low(self) -> int:
        """The lowest tick that the reader does not see."""
        return min(self.open, default=self.end)

    def shows(self, tick: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
        """Return the condition that the reader sees the transaction with ``tick``."""
        return sa.and_(tick < self.end, tick.not_in(self.open)) if self.open else tick < self.end

    def before(self, first: int) -> "Snapshot":
        """Return this snapshot without the ticks from ``first`` on."""
        return Snapshot(min(self.end, first), tuple(tick for tick in self.open if tick < first))


class Ends(NamedTuple):
    """The state of a feed."""

    epoch: str
    writes: int
    log: int
    snapshot: Snapshot
    horizon: int
    """The highest tick of a deletion that is no longer recorded."""
    known: bool
    """Whether the table has the epoch of the reader's position. The last three say how the next one began."""
    next_writes: int
    next_log: int | None
    next_first: int | None


class Cursor(NamedTuple):
    """How far a reader came: it knows what ``snapshot`` shows up to ``tick`` and ``key``.

    Of the deletions that ``snapshot`` shows, it needs none below the tick ``deletions``.
    """

    snapshot: Snapshot
    tick: int
    key: str
    deletions: int

    @property
    def low(self) -> int:
        """The lowest tick of a deletion that the reader needs."""
        return min(self.snapshot.low, max(self.tick, self.deletions))

    @property
    def start(self) -> tuple[int, str]:
        """The tick and key after which all is that the reader needs."""
        return (self.tick, self.key) if self.tick < self.snapshot.low else (self.snapshot.low, "")

    def position(self, ends: Ends) -> str:
        return self.positions(ends)(self.tick, self.key)

    def positions(self, ends: Ends) -> Callable[[int, str], str]:
        """Return a function from a tick and a key to the position there. It is fast, as every change needs one."""
        head = f"{ends.epoch}.{ends.writes}.{ends.log}.{self.deletions}"
        tail = ".".join(map(str, (self.snapshot.end, len(self.snapshot.open), *self.snapshot.open)))
        return lambda tick, key: f"{head}.{tick}.{tail}{_join(key)}"

    @classmethod
    def of(cls, numbers: tuple[int, ...]) -> "Cursor | None":
        """Return the cursor of a position with these numbers; None if no feed issues them."""
        if len(numbers) < 6 or max(numbers[:6]) > _HIGHEST:
            return None
        _, _, deletions, tick, end, count = numbers[:6]
        opened, words = numbers[6 : 6 + count], numbers[6 + count :]
        if len(opened) < count or max(opened, default=0) > _HIGHEST:
            return None
        try:
            return cls(Snapshot(end, opened), tick, unpack_key(words), deletions)
        except InvalidPosition:
            return None


class Recorder(ABC):
    """Makes ``table`` record its changes, and reads the state of its feed. Each dialect has a subclass."""

    def __init__(self, table: Table) -> None:
        self.table = table

    tick: ClassVar[dict[str, str]]
    """The column that the feed adds to the table, in the form that `Link.columns` returns."""

    @abstractmethod
    def is_on(self, connection: sa.Connection) -> bool:
        """Return whether the table, which exists, records its changes."""

    @abstractmethod
    def begin(self, connection: sa.Connection) -> None:
        """Make the table record its changes from now on, unless it does."""

    @abstractmethod
    def look(self, epoch: str, connection: sa.Connection) -> Ends | None:
        """Return the state of the feed, for a reader whose position is of ``epoch``.

        The result is None if a write has to begin the feed again, for example after the table was restored.
        """

    @abstractmethod
    def beyond(
        self, tick: sa.ColumnElement[int], key: sa.ColumnElement[str], place: tuple[int, str]
    ) -> sa.ColumnElement[bool]:
        """Return the condition that ``tick`` and ``key`` come after ``place``, in a form that uses an index."""


class Server(Protocol):
    """The parts of a `Link` that a feed uses."""

    recorder: Recorder

    def ends(self, epoch: str) -> Ends | None:
        """Return the state of the feed, as `Recorder.look` does; None also if the table has no feed."""
        ...

    def rows(self, statement: sa.Select[Any]) -> list[tuple[Any, ...]]:
        """Return the rows that ``statement`` selects."""
        ...

    def rows_and_ends(
        self, statement: sa.Select[Any], epoch: str
    ) -> tuple[list[tuple[Any, ...]], Ends | None]:
        """Return the rows that ``statement`` selects, and then the state of the feed, from one connection."""
        ...


class Feed:
    """Tells the changes of the table of ``server``, which belongs to ``store``."""

    def __init__(self, store: object, server: Server) -> None:
        self._store = store
        self._server = server
        self._table = table = server.recorder.table
        self._rows = _columns(table.name)
        self._deletions = _columns(table.part("deletions"))
        epochs = sa.table(table.part("epochs"), sa.column("number"), sa.column("writes"))
        self._horizon = sa.select(epochs.c.writes.label("horizon")).where(epochs.c.number == 0).subquery()

    def changes(self, since: str | None, span: Span) -> Changes:
        """Return the changes of the keys in ``span``, as `Store.changes` does."""
        position = None if since is None else Position.parse(since)
        ends = self._server.ends(position.origin if position else "")
        if ends is None:
            return self._list(position, span)
        if position is None or since is None:
            start = Cursor(Snapshot(0), 0, "", 0)
            told = Cursor(ends.snapshot, 0, "", ends.snapshot.end)
            return Changes(told.position(ends), self._tell(start, told, ends, span))
        start = self._find(position, ends)
        told = Cursor(ends.snapshot, 0, "", start.low)
        return Changes(since, self._tell(start, told, ends, span))

    def _find(self, position: Position, ends: Ends) -> Cursor:
        """Return the cursor of ``position``. Raises Expired if the feed cannot go on from there."""
        cursor = Cursor.of(position.numbers)
        if position.origin == OLD:
            raise expired(self._store, "it was issued before the feed began")
        if cursor is None or not ends.known:
            raise expired(self._store, "it is of another store, or of a table that was replaced or restored")
        writes, log = position.numbers[:2]
        self._check_history(writes, log, ends)
        if ends.next_first is not None:
            cursor = cursor._replace(snapshot=cursor.snapshot.before(ends.next_first))
        self._check(cursor.low, ends.horizon)
        return cursor

    def _check_history(self, writes: int, log: int, ends: Ends) -> None:
        if writes > ends.next_writes or (ends.next_log is not None and log > ends.next_log):
            raise expired(self._store, "the server was restored from a backup, or lost its last writes")

    def _check(self, low: int, horizon: int) -> None:
        if low <= horizon:
            raise expired(self._store, "the deletions since then are no longer recorded")

    def _tell(self, start: Cursor, told: Cursor, ends: Ends, span: Span) -> Found:
        for ends, page in self._read(start, ends, span):  # noqa: B020 - the state of now
            position = told._replace(snapshot=ends.snapshot).positions(ends)
            for tick, key, tag in page:
                if fits(key) and span.shows(key):
                    yield Change(key, Tag(tag), position(tick, key))
        return Cursor(ends.snapshot, ends.snapshot.end, "", 0).position(ends)

    def _read(
        self, start: Cursor, ends: Ends, span: Span
    ) -> Iterator[tuple[Ends, list[tuple[int, str, str]]]]:
        """Yield pages of all that the reader at ``start`` needs: the tick, key and tag, in the order of ticks.

        With each page comes the state of the feed, up to where the page saw the history of the server.
        """
        snapshot, place, more = ends.snapshot, start.start, not span.empty
        while more:
            page, now = self._server.rows_and_ends(self._page(start, place, snapshot, span), ends.epoch)
            ends = self._go_on(ends, now)
            if start.snapshot.end:
                self._check(max(start.low, place[0]), page[0][0])
            found = [(tick, key, tag) for _, tick, key, tag in page if tick is not None]
            yield ends, found
            more = len(found) == BATCH
            place = found[-1][:2] if found else place

    def _go_on(self, ends: Ends, now: Ends | None) -> Ends:
        """Return the state ``now`` with the snapshot of ``ends``. Raises Expired if its history is another one."""
        if now is None or not now.known:
            raise expired(self._store, "its table was replaced or restored while the feed was read")
        self._check_history(ends.writes, ends.log, now)
        first = now.next_first
        return now._replace(snapshot=ends.snapshot if first is None else ends.snapshot.before(first))

    def _page(self, start: Cursor, place: tuple[int, str], snapshot: Snapshot, span: Span) -> sa.Select[Any]:
        """Return the statement that selects the horizon with each row of the page after ``place``."""
        rows, gone = self._rows.c, self._deletions.c
        parts = [self._part(self._rows, rows.tag, start, place, snapshot, span)]
        if start.snapshot.end:
            deletions = self._part(
                self._deletions, sa.literal(ABSENT, rows.tag.type), start, place, snapshot, span
            )
            written = sa.exists().where(rows.key == gone.key)
            told = sa.and_(start.snapshot.shows(gone.tick), gone.tick < start.deletions)
            parts.append(deletions.where(gone.tick >= start.low, sa.not_(told), sa.not_(written)))
        both = sa.union_all(*(part.subquery().select() for part in parts)).subquery()
        page = both.select().order_by(both.c.tick, both.c.key).limit(BATCH).subquery()
        joined = self._horizon.outerjoin(page, sa.true())
        return (
            sa.select(self._horizon.c.horizon, *page.c).select_from(joined).order_by(page.c.tick, page.c.key)
        )

    def _part(
        self,
        table: sa.TableClause,
        tag: sa.ColumnElement[str],
        start: Cursor,
        place: tuple[int, str],
        snapshot: Snapshot,
        span: Span,
    ) -> sa.Select[Any]:
        tick, key = table.c.tick, table.c.key
        beyond = self._server.recorder.beyond
        told = sa.and_(start.snapshot.shows(tick), sa.not_(beyond(tick, key, (start.tick, start.key))))
        columns: list[sa.ColumnElement[Any]] = [tick, key, tag.label("tag")]
        found = sa.select(*columns).where(beyond(tick, key, place), snapshot.shows(tick))
        if start.snapshot.end:
            found = found.where(sa.not_(told))
        if span.low:
            found = found.where(key >= span.low)
        if span.high is not None:
            found = found.where(key < span.high)
        return found.order_by(tick, key).limit(BATCH)

    def _list(self, position: Position | None, span: Span) -> Changes:
        """Return every key of a table that has no feed. Raises Expired for any position."""
        if position is not None:
            raise expired(self._store, "its feed begins with the next write")
        old = str(Position(OLD, (0,)))
        return Changes(old, self._tell_all(old, span))

    def _tell_all(self, old: str, span: Span) -> Found:
        table, low = self._table, span.low
        while page := self._server.rows(table.page([table.key, table.tag], low, span.high, BATCH)):
            for key, tag in page:
                if fits(key) and span.shows(key):
                    yield Change(key, Tag(tag), old)
            low = f"{page[-1][0]}\x01"
        return old


def _columns(name: str) -> sa.TableClause:
    text = InBytes(RAW_KEY_BYTES)
    return sa.table(name, sa.column("tick", sa.BigInteger), sa.column("key", text), sa.column("tag", text))


def _join(key: str) -> str:
    """Return the numbers of a position that stand for ``key``, with a dot before each."""
    return "".join([f".{number}" for number in pack_key(key)])
