"""The change feed of a file store.

    position = epoch "." place "." seen *( "." part )
    epoch    = the name of the newest epoch when the position was issued
    place    = in the journal, after the last change that was told
    seen     = the end of the journal after the keys were looked up
    part     = while the feed lists all keys: a part of the key that was listed last

A writer appends its keys to the journal before it changes them. So a reader takes the end of the journal while no
writer works, and then looks at each key of the journal as it is now. ``seen`` says up to where the history of the
folder was seen. If it was restored from a backup that ended before, the next epoch begins at an earlier place, and
the position is refused.
"""

import os
from collections.abc import Callable, Iterator
from functools import partial
from io import FileIO
from itertools import chain
from typing import NamedTuple, Self, TypeVar

from holdall.adapters._files.flock import Flock
from holdall.adapters._files.folders import Found as FoundFile
from holdall.adapters._files.oserrors import translate
from holdall.adapters.file.journal import Journal, State, has_feed, open_lock
from holdall.batches import split_growing
from holdall.changes import NEW, OLD, Change, Changes, Found, Position, expired, pack_key, unpack_key
from holdall.keys import RawKey, Span, fits
from holdall.store import Store, Tag

T = TypeVar("T")

_PAGE = 1000  # keys that are listed before the end of the journal is read again
_BEGINNING = str(Position(NEW, (0,)))


class _Now(NamedTuple):
    """The feed when it was asked: its newest epoch, and the end of the journal."""

    epoch: str
    end: int

    @classmethod
    def of(cls, state: State) -> Self:
        return cls(state.epochs[-1].name, state.end)

    def position(self, place: int, key: str = "") -> str:
        return str(Position(self.epoch, (place, self.end, *pack_key(key))))


class _ReadLock(Flock):
    """Keeps writers out of the store in ``root``, as other readers do at the same time. It writes nothing."""

    __slots__ = ("_root",)

    def __init__(self, root: str) -> None:
        super().__init__(f"{root}/.lock")
        self._root = root

    def _open(self, *, shared: bool) -> FileIO | None:
        return open_lock(self._root, os.O_RDONLY)


class Feed:
    """Tells the changes of ``store``, which is in ``root``. ``walk`` lists the files of a span, with their ticks."""

    def __init__(
        self, store: Store[bytes], root: str, timeout: float, walk: Callable[[Span], Iterator[FoundFile]]
    ) -> None:
        self._store = store
        self._root = root
        self._timeout = timeout
        self._walk = walk
        self._journal = Journal(root, durable=False)

    def changes(self, since: str | None, span: Span) -> Changes:
        """Return the changes of the keys in ``span``, as `Store.changes` does."""
        position = None if since is None else Position.parse(since)
        if position is not None and position.origin == NEW:
            position = None
        state = self._translated(self._state)
        if position is not None:
            self._check(position, state)
        if state is None:
            return Changes(_BEGINNING, self._list_old(span))
        now = _Now.of(state)
        if position is None:
            return Changes(_BEGINNING, self._list(now, now.end, "", span))
        place, _, *parts = position.numbers
        if not parts:
            return Changes(now.position(place), self._tell(now, place, now.end, span))
        key = unpack_key(parts)
        return Changes(now.position(place, key), self._list(now, place, key, span))

    def end(self) -> int:
        """Return a number that grows before each change, or 0 if there is no journal."""
        return self._translated(lambda: self._journal.end() if has_feed(self._root) else 0)

    def _state(self) -> State | None:
        """Return the state of the journal at a moment when no writer works, or None if there is no journal."""
        if not has_feed(self._root):
            return None
        lock = _ReadLock(self._root)
        try:
            return lock.hold(self._journal.state, self._timeout, shared=True)
        finally:
            lock.close()

    def _translated(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except OSError as error:
            raise translate(error, self._root) from error

    def _check(self, position: Position, state: State | None) -> None:
        """Raise Expired if the feed cannot go on from ``position``."""
        if state is None:
            raise expired(self._store, "its feed begins with the next write")
        numbers = position.numbers
        names = [epoch.name for epoch in state.epochs]
        if len(numbers) < 2 or position.origin not in names:
            raise expired(self._store, "it is of another store, or too old")
        place, seen, *_ = numbers
        after = state.epochs[names.index(position.origin) + 1 :]
        if not place <= seen <= (after[0].place if after else state.end):
            raise expired(self._store, "the folder was restored from a backup")
        if place < state.start:
            raise self._too_old()

    def _too_old(self) -> Exception:
        return expired(self._store, "its journal no longer goes back so far")

    def _list(self, now: _Now, place: int, key: str, span: Span) -> Found:
        """Yield the keys after ``key``, and then the changes after ``place``."""
        high = now.end
        low = max(span.low, key and key + "\0")
        for page in split_growing(self._walk(span._replace(low=low)), _PAGE):
            now = self._look_again(now, place)
            for listed, _, tick in page:
                yield Change(listed, Tag(str(tick)), now.position(place, listed))
        return (yield from self._tell(now, place, high, span))

    def _list_old(self, span: Span) -> Found:
        """Yield every key of a store that had no journal. If it has one by the first key, begin again."""
        files = self._walk(span)
        first = next(files, None)
        if first is None:
            return _BEGINNING
        state = self._translated(self._state)
        if state is not None:
            now = _Now.of(state)
            return (yield from self._list(now, now.end, "", span))
        old = _Now(OLD, 0)
        for listed, _, tick in chain([first], files):
            yield Change(listed, Tag(str(tick)), old.position(0, listed))
        return old.position(0)

    def _tell(self, now: _Now, place: int, high: int, span: Span) -> Found:
        """Yield the changes after ``place``, up to ``high``."""
        while place < high:
            page = self._translated(partial(self._journal.read, place, high))
            if page is None:
                raise self._too_old()  # the journal was shortened in the meantime
            last = {key: after for after, key in page[0]}
            order = sorted(last, key=last.__getitem__)
            tags = [(key, self._store.tag(RawKey(key))) for key in order if key in span and fits(key)]
            now = self._look_again(now, place)
            for key, tag in tags:
                yield Change(key, tag, now.position(last[key]))
            place = page[1]
        return now.position(high)

    def _look_again(self, now: _Now, place: int) -> _Now:
        """Return the feed after the keys of a page were looked up. Raises Expired if it cannot go on from ``place``.

        Its end may be behind a change that is not made yet, so the page is not of a later time.
        """
        state = self._translated(lambda: self._journal.state() if has_feed(self._root) else None)
        self._check(Position(now.epoch, (place, now.end)), state)
        return _Now.of(state) if state else now
