"""The layer `SnapshotFeed`."""

import hashlib
import time
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from holdall.changes import Change, Changes, Found
from holdall.errors import Conflict, Unsupported
from holdall.handles import PerProcess
from holdall.keys import Span
from holdall.layer import Layer, below
from holdall.middleware.passthrough import PassThrough
from holdall.middleware.snapshots.blocks import Manifest, Row
from holdall.middleware.snapshots.look import Look
from holdall.middleware.snapshots.place import Place
from holdall.middleware.snapshots.state import Gone, State
from holdall.middleware.snapshots.watching import Watching
from holdall.store import ABSENT, ATTEMPTS, Feature, Store, Tag, pause

if TYPE_CHECKING:
    from typing_extensions import TypeForm

V = TypeVar("V")
T = TypeVar("T")


class SnapshotFeed(PassThrough[V]):
    """Adds the feature CHANGES to a store without a feed: `changes` compares the keys and tags with remembered ones.

    Each call of `changes` lists the store when its first change is asked for, compares the listing with the
    one before, and remembers it. A prefix does not make the listing shorter, because a position is of the
    whole store; put this layer on a `Prefix` to list a part of a store. A value that is written and deleted
    between two calls is not told. If the store does not have UNIQUE_TAGS, a value that was changed and then
    changed back is not told either. On a store without TAGS, the tag of a change is a digest of the value,
    and each call reads every value; these must be bytes, so put this layer below the serializer.

    The remembered listing is in ``state``, a store with SWAP, or in the store itself; in both under reserved
    keys, as compressed blocks of about 10,000 keys. ``name`` is the name of the store in ``state``, and
    defaults to its repr. Several processes may use one state. A position stays valid for 2,000 calls that
    found changes and for 100,000 deletions; after that, and if the state was deleted or restored from a
    backup, `changes` raises Expired. A listing that is interrupted changes nothing.

    `watch` looks every ``interval`` seconds. Each look costs a listing.

    A store that was restored from a backup can use a tag again for another value, unless its tags are
    digests. Call `forget` then.

    >>> from holdall import Memory
    >>> store = SnapshotFeed(Memory(), state=Memory())
    >>> store["a"] = b"1"
    >>> feed = store.changes()
    >>> [change.key for change in feed]
    ['a']
    >>> store["b"] = b"2"
    >>> del store["a"]
    >>> [(change.key, change.tag) for change in store.changes(feed.position)]
    [('a', ''), ('b', '2')]
    """

    def __init__(
        self,
        store: Store[V],
        state: Store[Any] | None = None,
        *,
        name: str = "",
        interval: float = 60,
    ) -> None:
        super().__init__(store)
        self._other = None if state is None else below(state, type(self))
        self._name = name or repr(store)
        self._state = State(store if state is None else state, self._name)
        self._interval = interval
        self._watching = PerProcess(Watching)

    @property
    def features(self) -> Feature:
        return self._inner.features | Feature.CHANGES

    _expiring = Layer._expiring_below  # the feed tells it if the store deletes a value

    def changes(self, since: str | None = None, *, prefix: str = "") -> Changes:
        place = Place.parse(since)
        span = Span.of(prefix)
        if not span.hides:
            raise Unsupported(f"{self!r} cannot tell what changed under reserved keys")
        held, tag = self._state.load()
        place.check(self, held)
        return Changes(str(place), self._compare(place, held, tag, span))

    def watch(self, since: str, *, prefix: str = "", timeout: float | None = None) -> bool:
        feed = partial(self.changes, prefix=prefix)
        return self._watching().wait_for(feed, since, timeout, self._interval)

    def forget(self) -> None:
        """Delete the remembered listing. Every position expires."""
        self._state.forget()

    def _compare(self, place: Place, held: Manifest, tag: Tag, span: Span) -> Found:
        held = self._look(held, tag)
        place.check(self, held)
        if place.key:
            yield from self._tell(held, place, span)
        place = Place(held.origin, place.look, held.newest, "")
        yield from self._tell(held, place, span)
        return str(place)

    def _look(self, held: Manifest, tag: Tag) -> Manifest:
        """Compare the listing of now with the remembered one, and return the manifest after that."""
        for attempt in range(ATTEMPTS):
            try:
                listing = self._watching().until_closed(self._list())
                return Look(self._state, held).run(listing, tag)
            except Conflict:
                time.sleep(pause(attempt))
            except Gone:
                self._state.reload(held)
            held, tag = self._state.load()
        raise Conflict(f"other processes listed {self._inner!r} {ATTEMPTS} times in the meantime; try again")

    def _list(self) -> Iterator[tuple[str, Tag]]:
        if Feature.TAGS in self._inner.features:
            return self._inner.scan_tags()
        return ((key, self._digest(value)) for key, value in self._inner.scan_items())

    def _digest(self, value: V) -> Tag:
        if not isinstance(value, bytes):
            raise Unsupported(
                f"{self!r} cannot compare values that are not bytes; put SnapshotFeed below the serializer"
            )
        return Tag(hashlib.blake2b(value, digest_size=16).hexdigest())

    def _tell(self, held: Manifest, place: Place, span: Span) -> Iterator[Change]:
        """Yield the changes after ``place.since`` of the keys after ``place.key``."""
        for key, tag, _ in self._read(held, place, span):
            if place.since or tag != ABSENT:
                yield Change(key, tag, place.at(key))

    def _read(self, held: Manifest, place: Place, span: Span) -> Iterator[Row]:
        """Yield the rows for `_tell`. If other processes look in the meantime, the rest are newer rows."""
        since, last = place.since, place.key
        while True:
            try:
                for block, low, high in held.parts():
                    before = high is not None and high <= max(last, span.low)
                    after = span.high is not None and span.high <= low
                    for row in [] if block.newest <= since or before or after else self._state.read(block):
                        if row.look > since and row.key > last and row.key in span:
                            last = row.key
                            yield row
            except Gone:
                held = self._state.reload(held)
                place.check(self, held)
            else:
                return

    def as_of(self, time: datetime, /) -> Store[V]:
        return self._inner.as_of(time)

    def typed(self, type: "TypeForm[T]", /) -> Store[T]:
        state = self._inner if self._other is None else self._other
        return SnapshotFeed(self._inner.typed(type), state, name=self._name, interval=self._interval)

    def close(self) -> None:
        self._watching().close()
        super().close()
        if self._other is not None:
            self._other.close()
