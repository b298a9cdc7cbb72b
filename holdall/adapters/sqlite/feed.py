"""The change feed of a table of an SQLite database.

    position = epoch "." tick "." deletion "." writes
    epoch    = the name of the newest epoch when the position was issued, or "new"
    tick     = of the last row that was told
    deletion = the number of the last deletion that was told
    writes   = the highest tick and the highest number of a deletion, added, when the feed was asked

Rows and deletions are two sequences, and one lock orders the transactions that extend them. So a reader that
takes both ends in one transaction, and later asks for all that is beyond them, misses no commit. ``writes``
says up to where the history of the file was seen. If the file was restored from a backup that ended before,
the next epoch begins at fewer writes, and the position is refused.
"""

import re
import sqlite3
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

from holdall.adapters.sqlite import schema
from holdall.adapters.sqlite.link import Link, Row
from holdall.changes import Change, Changes, Found, Position, expired
from holdall.errors import Corrupt
from holdall.keys import RAW_KEY_BYTES, Span, fits
from holdall.store import ABSENT, Tag

_PAGE = 1000  # rows that one transaction reads
_NEW = "new"  # the epoch of a position that was issued before the first write
_OLD = "old"  # the epoch of a position in a table to which no holdall with a feed has written
_MOST = 2**62  # only another program writes such a number; from 2**63 on, SQLite would not count on

_is_name = re.compile(r"[0-9a-z]{1,32}", re.ASCII).fullmatch


class _Ends(NamedTuple):
    """The ends of the feed: the newest epoch, tick and deletion, and the oldest deletion."""

    epoch: str
    tick: int
    deletion: int
    oldest: int

    @property
    def writes(self) -> int:
        return self.tick + self.deletion

    def position(self, tick: int, deletion: int) -> str:
        return str(Position(self.epoch, (tick, deletion, self.writes)))


class Feed:
    """Tells the changes of the table ``name``, which belongs to ``store``."""

    def __init__(self, store: object, link: Link, name: str) -> None:
        self._store = store
        self._link = link
        self._name = name
        self._rows = f"""
            SELECT tick, key FROM "{name}" WHERE tick > ? AND tick <= ? AND +key >= ? AND +key < ?
            AND key <> '' AND length(key) <= {RAW_KEY_BYTES} ORDER BY tick LIMIT {_PAGE}
        """
        self._deletions = f"""
            SELECT number, key FROM "{name}.deletions" AS deleted
            WHERE number > ? AND number <= ? AND key >= ? AND key < ? AND length(key) <= {RAW_KEY_BYTES}
            AND NOT EXISTS (SELECT 1 FROM "{name}" AS row WHERE row.key = deleted.key)
            ORDER BY number LIMIT {_PAGE}
        """
        newest = f'FROM "{name}.epochs" ORDER BY number DESC LIMIT 1'
        self._ends = f"""
            SELECT (SELECT substr(name, 1, 33) {newest}), (SELECT number {newest}),
            (SELECT min(tick) FROM "{name}"), (SELECT max(tick) FROM "{name}"),
            (SELECT min(number) FROM "{name}.deletions"), (SELECT max(number) FROM "{name}.deletions")
        """
        self._old_ends = f"""SELECT '{_OLD}', NULL, min(tick), max(tick), NULL, NULL FROM "{name}" """
        self._epoch = f"""
            SELECT (SELECT CAST(writes AS INTEGER) FROM "{name}.epochs" WHERE number = epoch.number + 1)
            FROM "{name}.epochs" AS epoch WHERE name = ?
        """

    def changes(self, since: str | None, span: Span) -> Changes:
        """Return the changes of the keys in ``span``, as `Store.changes` does."""
        position = None if since is None else Position.parse(since)
        if position is not None and position.origin == _NEW:
            position = None  # who holds nothing goes on from the beginning
        ends = self._link.read(partial(self._look, position))
        if ends is None:
            if position is not None:
                raise expired(self._store, "its table does not exist")
            ends = _Ends(_NEW, 0, 0, 0)
        tick, deletion = (0, ends.deletion) if position is None else position.numbers[:2]
        return Changes(ends.position(tick, deletion), self._tell(tick, deletion, ends, span))

    def _look(self, position: Position | None, connection: sqlite3.Connection) -> _Ends:
        """Return the ends of the feed. Raises Expired if the feed cannot go on from ``position``."""
        ends = self._ends if schema.has_feed(connection, self._name) else self._old_ends
        epoch, *numbers = connection.execute(ends).fetchone()
        if not (epoch is None or _is_name(str(epoch))) or not all(
            number is None or 0 < number < _MOST for number in numbers
        ):
            raise Corrupt(
                f"the feed of {self._store!r} cannot tell what changed, because another program wrote to its "
                "tables; copy the keys to another file with holdall cp"
            )
        _, _, tick, oldest, deletion = numbers
        found = _Ends(epoch or _NEW, tick or 0, deletion or 0, oldest or 0)
        if position is not None:
            self._check(position, found, connection)
        return found

    def _check(self, position: Position, ends: _Ends, connection: sqlite3.Connection) -> None:
        if ends.epoch == _OLD:
            raise expired(self._store, "its feed begins with the next write")
        epoch = connection.execute(self._epoch, (position.origin,)).fetchone()
        if epoch is None or len(position.numbers) != 3:
            raise expired(self._store, "it is of another store, or too old")
        tick, deletion, writes = position.numbers
        if writes > (ends.writes if epoch[0] is None else epoch[0]):
            raise expired(self._store, "the file was restored from a backup")
        if tick > ends.tick or deletion > ends.deletion:
            raise expired(self._store, "another program removed a part of the history")
        if deletion < ends.oldest - 1:
            raise expired(self._store, f"it is older than the last {schema.DELETIONS:,} deletions")

    def _tell(self, tick: int, deletion: int, ends: _Ends, span: Span) -> Found:
        for told, key in self._pages(self._rows, tick, ends.tick, span):
            yield Change(key, Tag(str(told)), ends.position(told, deletion))
        if deletion < ends.deletion:
            for told, key in self._pages(self._deletions, deletion, ends.deletion, span):
                yield Change(key, ABSENT, ends.position(ends.tick, told))
        return ends.position(ends.tick, ends.deletion)

    def _pages(self, select: str, low: int, high: int, span: Span) -> Iterator[Row]:
        bounds = span.low, b"" if span.high is None else span.high  # a blob sorts after all text
        while page := self._link.read(partial(_fetch, select, (low, high, *bounds))):
            yield from (row for row in page if fits(row[1]) and span.shows(row[1]))
            low = page[-1][0]


def _fetch(select: str, arguments: tuple[Any, ...], connection: sqlite3.Connection) -> list[Row]:
    return connection.execute(select, arguments).fetchall()
