"""The change feed of a table of an SQLite database.

    position = epoch "." tick "." deletion "." writes
    epoch    = the name of the newest epoch when the file was read last, or "new", or "old"
    tick     = of the last row that was told
    deletion = the number of the last deletion that was told
    writes   = the highest tick and the highest number of a deletion, added, when the file was read last

Rows and deletions are two sequences, and one lock orders the transactions that extend them. So a reader that
takes both ends in one transaction, and later asks for all that is beyond them, misses no commit. ``writes``
says up to where the history of the file was seen. If the file was restored from a backup that ended before,
the next epoch begins at fewer writes, and the position is refused. Each page checks its position again, because
the file may be restored, and deletions may be forgotten, while a feed is read.
"""

import re
import sqlite3
from functools import partial
from typing import NamedTuple

from holdall.adapters.sqlite import schema
from holdall.adapters.sqlite.link import Link, Row
from holdall.changes import NEW, OLD, Change, Changes, Found, Position, expired
from holdall.errors import Corrupt, Expired
from holdall.keys import RAW_KEY_BYTES, Span, fits
from holdall.store import ABSENT, Tag

_PAGE = 1000  # rows that one transaction reads
_MOST = 2**62  # only another program writes such a number; from 2**63 on, SQLite would not count on

_is_name = re.compile(r"[0-9a-z]{1,32}", re.ASCII).fullmatch


class _Place(NamedTuple):
    """What a position says: all was told up to ``tick`` and ``deletion``, and ``writes`` were seen."""

    epoch: str
    tick: int
    deletion: int
    writes: int

    def __str__(self) -> str:
        return str(Position(self.epoch, (self.tick, self.deletion, self.writes)))


class _Ends(NamedTuple):
    """The ends of the feed: the newest epoch, tick and deletion, and the oldest deletion."""

    epoch: str
    tick: int
    deletion: int
    oldest: int

    @property
    def writes(self) -> int:
        return self.tick + self.deletion

    def place(self, tick: int, deletion: int) -> _Place:
        return _Place(self.epoch, tick, deletion, self.writes)


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
        self._old_ends = f"""SELECT '{OLD}', NULL, min(tick), max(tick), NULL, NULL FROM "{name}" """
        self._epoch = f"""
            SELECT (SELECT CAST(writes AS INTEGER) FROM "{name}.epochs" WHERE number = epoch.number + 1)
            FROM "{name}.epochs" AS epoch WHERE name = ?
        """

    def changes(self, since: str | None, span: Span) -> Changes:
        """Return the changes of the keys in ``span``, as `Store.changes` does."""
        place = None if since is None else self._parse(since)
        ends = self._link.read(partial(self._look, place))
        if ends is None:
            if place is not None:
                raise self._no_table()
            ends = _Ends(NEW, 0, 0, 0)
        place = ends.place(0, ends.deletion) if place is None else ends.place(place.tick, place.deletion)
        end = ends.place(ends.tick, ends.deletion)
        return Changes(str(place), self._tell(place, ends, span), str(end))

    def _parse(self, since: str) -> _Place | None:
        """Return the place of this position; None is the beginning. Raises Expired for one of another store."""
        epoch, numbers = Position.parse(since)
        if epoch == NEW:
            return None  # who holds nothing goes on from the beginning
        if epoch == OLD:
            raise expired(self._store, "its feed begins with the first write after it")
        if len(numbers) != 3:
            raise expired(self._store, "it is of another store")
        return _Place(epoch, *numbers)

    def _look(self, place: _Place | None, connection: sqlite3.Connection) -> _Ends:
        """Return the ends of the feed. Raises Expired if the feed cannot go on from ``place``."""
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
        found = _Ends(epoch or NEW, tick or 0, deletion or 0, oldest or 0)
        if place is None or place.epoch == NEW:
            return found
        if place.epoch == OLD:
            return found._replace(
                epoch=OLD
            )  # this list began without a feed, so nobody can go on from its end
        self._check(place, found, connection)
        return found

    def _check(self, place: _Place, ends: _Ends, connection: sqlite3.Connection) -> None:
        if ends.epoch == OLD:
            raise expired(self._store, "its feed begins with the next write")
        epoch = connection.execute(self._epoch, (place.epoch,)).fetchone()
        if epoch is None:
            raise expired(self._store, "it is of another store, or too old")
        if place.writes > (ends.writes if epoch[0] is None else epoch[0]):
            raise expired(self._store, "the file was restored from a backup")
        if place.tick > ends.tick or place.deletion > ends.deletion:
            raise expired(self._store, "another program removed a part of the history")
        if place.deletion < ends.oldest - 1:
            raise expired(self._store, f"it is older than the last {schema.DELETIONS:,} deletions")

    def _no_table(self) -> Expired:
        return expired(self._store, "its table does not exist")

    def _tell(self, place: _Place, last: _Ends, span: Span) -> Found:
        """Yield the changes after ``place``, up to ``last``: first of keys that exist, then deletions."""
        while place.tick < last.tick:
            ends, page = self._read(self._rows, place, place.tick, last.tick, span)
            rest = f"{place.deletion}.{ends.writes}"  # not str(_Place): it would take half of the time
            for tick, key in page:
                if fits(key) and span.shows(key):
                    yield Change(key, Tag(str(tick)), f"{ends.epoch}.{tick}.{rest}")
            place = ends.place(last.tick if len(page) < _PAGE else page[-1][0], place.deletion)
        while place.deletion < last.deletion:
            ends, page = self._read(self._deletions, place, place.deletion, last.deletion, span)
            for deletion, key in page:
                if fits(key) and span.shows(key):
                    yield Change(key, ABSENT, str(ends.place(place.tick, deletion)))
            place = ends.place(place.tick, last.deletion if len(page) < _PAGE else page[-1][0])
        return str(place)

    def _read(self, select: str, place: _Place, low: int, high: int, span: Span) -> tuple[_Ends, list[Row]]:
        """Return the ends of the feed and a page of rows, from one transaction.

        Raises Expired if the feed can no longer go on from ``place``.
        """
        # A blob sorts after all text.
        arguments = low, high, span.low, b"" if span.high is None else span.high

        def read(connection: sqlite3.Connection) -> tuple[_Ends, list[Row]]:
            return self._look(place, connection), connection.execute(select, arguments).fetchall()

        found = self._link.read(read)
        if found is None:
            raise self._no_table()
        return found
