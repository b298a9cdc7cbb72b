"""The change feed of an LMDB environment.

    position = epoch "." number "." change "." seen *( "." part )
    epoch, number = the name and the number of the newest epoch when the environment was read last
    change   = the number of the last change that was told
    seen     = the number of changes when the environment was read last
    part     = while the feed lists all keys: a part of the key that was listed last

One lock orders the transactions that extend the log. So a reader that takes the end of the log, and later asks
for all that is beyond it, misses no commit. ``seen`` says up to where the history of the environment was seen. If
it was restored from a backup that ended before, the next epoch begins at fewer changes, and the position is refused.
Each page checks its position again, because the environment may be restored, and the log shortened, while a feed is
read.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, TypeVar

from holdall.adapters.lmdb import log
from holdall.adapters.lmdb.environment import MARK, Environment, NoEnvironment
from holdall.adapters.lmdb.log import Txn
from holdall.adapters.lmdb.rows import page_of, tag_of
from holdall.adapters.lmdb.ticks import FORMAT, TICK, last_tick
from holdall.batches import read_pages
from holdall.changes import NEW, OLD, Change, Changes, Found, Position, expired, pack_key, unpack_key
from holdall.errors import Expired
from holdall.keys import Span, fits, only_keys
from holdall.store import Tag

T = TypeVar("T")

_PAGE = 1024  # changes, or keys, that one transaction reads
_LIMIT = 1 << 63  # no number of a position is as great


class _Now(NamedTuple):
    """The state of the feed.

    ``tick``: a list of all keys leaves out those with a later tick, because the log tells them.
    """

    epoch: str
    number: int
    changes: int
    tick: bytes

    def position(self, change: int, key: str = "") -> Position:
        return Position(self.epoch, (self.number, change, self.changes, *pack_key(key)))


class _Told(NamedTuple):
    """A change that the log tells."""

    number: int
    key: str
    tag: Tag


class Feed:
    """Tells the changes of ``environment``, which belongs to ``store``."""

    def __init__(self, store: object, environment: Callable[[], Environment]) -> None:
        self._store = store
        self._environment = environment

    def changes(self, since: str | None, span: Span) -> Changes:
        """Return the changes of the keys in ``span``, as `Store.changes` does."""
        position = None if since is None else Position.parse(since)
        if position is not None and position.origin == NEW:
            position = None
        now = self._read(partial(self._look, position))
        if now is None:
            if position is not None:
                raise self._no_environment()
            return Changes(_BEGINNING, _nothing())
        if position is None:
            end = str(now.position(now.changes))
            return Changes(_BEGINNING, self._list(now, now.changes, "", span), end)
        _, change, _, *parts = position.numbers
        if not parts:
            return Changes(str(now.position(change)), self._tell(now, change, now.changes, span))
        key = unpack_key(parts)
        return Changes(str(now.position(change, key)), self._list(now, change, key, span))

    def _read(self, function: Callable[[Txn], T]) -> T | None:
        try:
            return self._environment().read(function)
        except NoEnvironment:
            return None

    def _read_on(self, now: _Now, change: int, function: Callable[[Txn], T]) -> tuple[_Now, T]:
        """Return the state of the feed and the result of ``function``, from one transaction.

        Raises Expired if the feed can no longer go on from ``change``.
        """

        def read(txn: Txn) -> tuple[_Now, T] | None:
            # A list that began without a feed keeps its epoch, so nobody can go on from its end.
            seen = now if now.epoch == OLD else self._look(now.position(change), txn)
            return seen and (seen, function(txn))

        found = self._read(read)
        if found is None:
            raise self._no_environment()
        return found

    def _look(self, position: Position | None, txn: Txn) -> _Now | None:
        """Return the feed of now. Raises Expired if it cannot go on from ``position``."""
        mark = bytes(txn.get(MARK, b""))
        if not mark:
            return None
        epoch = log.find_epoch(txn) if mark.startswith(FORMAT) else None
        if epoch is None:
            if position is not None:
                raise expired(self._store, "its feed begins with the next write")
            return _Now(OLD, 0, 0, last_tick(mark))
        now = _Now(epoch.name, epoch.number, log.find_log(txn).changes, last_tick(mark))
        change = now.changes
        if position is not None:
            self._check(position, now, txn)
            change = position.numbers[1]
        last = log.find_entry(txn, change - 1) if change else None
        return now._replace(tick=last.tick) if last and last.changes == change else now

    def _check(self, position: Position, now: _Now, txn: Txn) -> None:
        numbers = position.numbers
        epoch = log.find_epoch(txn, numbers[0]) if max(numbers[:3]) < _LIMIT else None
        if len(numbers) < 3 or epoch is None or epoch.name != position.origin:
            raise expired(self._store, "it is of another store, or too old")
        _, change, seen, *_ = numbers
        after = log.find_epoch(txn, epoch.number + 1)
        if not change <= seen <= (after or now).changes:
            raise expired(self._store, "the environment was restored from a backup")
        if change < log.find_start(txn):
            raise self._too_old()

    def _no_environment(self) -> Expired:
        return expired(self._store, "its environment does not exist")

    def _too_old(self) -> Expired:
        return expired(self._store, "its log of changes no longer goes back so far")

    # ---- Every key, in order ---------------------------------------------------------------------

    def _list(self, now: _Now, change: int, key: str, span: Span) -> Found:
        """Yield the keys after ``key``, and then the changes after ``change``."""
        last = now

        def read(low: str, size: int) -> tuple[list[tuple[str, bytes]], str | None]:
            nonlocal now
            now, page = self._read_on(now, change, partial(page_of, _tick_of, span._replace(low=low), size))
            return page

        for page in read_pages(read, max(span.low, key and key + "\0", "\x01"), _PAGE):
            for listed, entry in only_keys(page):
                if entry <= last.tick:  # else the log tells it
                    yield Change(listed, tag_of(memoryview(entry)), str(now.position(change, listed)))
        return (yield from self._tell(now, change, last.changes, span))

    # ---- The log ---------------------------------------------------------------------------------

    def _tell(self, now: _Now, change: int, last: int, span: Span) -> Found:
        """Yield the changes after ``change``, up to ``last``."""
        while change < last:
            now, page = self._read_on(now, change, partial(_read_log, change, last, span))
            if page is None:
                raise self._too_old()
            found, change = page
            for told in found:
                yield Change(told.key, told.tag, str(now.position(told.number)))
        return str(now.position(last))


_BEGINNING = str(Position(NEW, (0,)))


def _nothing() -> Found:
    yield from ()
    return _BEGINNING


def _tick_of(entry: memoryview) -> bytes:
    return bytes(entry[:TICK])


def _read_log(low: int, high: int, span: Span, txn: Txn) -> tuple[list[_Told], int] | None:
    """Return a page of the changes after number ``low``, and the number of the last one that was read.

    A page ends at ``high``, or after so many changes. The result is None if the log begins after ``low``.
    """
    page: list[_Told] = []
    last = low
    while last < min(high, low + _PAGE):
        entry = log.find_entry(txn, last)
        if entry is None or entry.before > last:
            return None
        for number, coded in enumerate(entry.keys, entry.before + 1):
            key = coded.decode(errors="surrogateescape")
            if number > last and key in span and fits(key):
                row = txn.get(coded)
                if row is None or _tick_of(row) <= entry.tick:  # else a later entry tells it
                    page.append(_Told(number, key, tag_of(row)))
        last = entry.changes
    return page, last
