"""The layer `Cache`."""

import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Any, Final, Literal, cast

from holdall.batches import split
from holdall.changes import Change, Changes
from holdall.errors import Invalid, Unsupported
from holdall.files import Passed, ValueWriter
from holdall.handles import PerProcess
from holdall.keys import RESERVED, Foreign
from holdall.layer import Layer, below
from holdall.middleware.cache.clock import Clock
from holdall.middleware.cache.coordinator import Coordinator
from holdall.middleware.cache.entry import Entry
from holdall.middleware.cache.follower import Follower
from holdall.middleware.cache.memory_entries import MemoryEntries
from holdall.middleware.cache.raw_view import RawView
from holdall.middleware.cache.store_entries import StoreEntries
from holdall.middleware.metrics.counter import ThreadCounter
from holdall.store import (
    ABSENT,
    MISSING,
    Expect,
    Feature,
    Missing,
    Operation,
    Store,
    Tag,
    Tagged,
    key_of,
    to_bytes,
)

_BATCH = 64  # keys that get_many asks for at once
_UNWATCHED: Final = 10.0  # seconds for which entries are used if the feed cannot be followed


class Cache(Layer[bytes, bytes]):
    """Answers reads of ``store`` from nearby entries that were correct at most ``max_age`` seconds ago.

    An older entry is checked again: by its tag if the store has TAGS (on S3 this is a HEAD request), and by
    reading the value if the tag has changed or is not known. With a ``max_age`` of 0 every read asks the
    store; `math.inf` is for a store that nobody else writes to. With "feed" the cache follows the change feed
    of the store (see below). The age is counted from before the request, so another writer's change shows at
    most ``max_age`` plus one request late. A write through this cache shows at once, to all readers of this
    cache. This also holds if the write failed, because then the cache keeps nothing for its key.

    The cache keeps up to ``items`` values with ``size`` bytes in total, in memory or in the store ``near``.
    It evicts by second chance, which is as good as least recently used. ``near`` must be used by this cache
    alone. If several processes share one, each may read values that were overwritten, even by itself, for up
    to ``max_age``; and the limits apply to the entries that each process wrote or found there. With
    ``misses``, missing keys are remembered too. If the near store fails, reads go to ``store``. If the near
    store cannot drop the old value, a write raises before anything is written.

    A read keeps the values that it found, and a write of one key keeps the value that it wrote. Scans, `read`,
    `size`, `get_tagged` and every compare-and-swap go to ``store`` itself and keep none of the values that they read.
    Reserved keys are never cached. A write through `raw` shows here at once. A reader of `changes` never
    reads a value here that is older than the change.

    With a ``max_age`` of "feed", the first read starts a thread, which lists the keys once, then watches the
    store and drops every entry that another writer changed. So a hit makes no request, and shows a change as
    soon as the store's `watch` tells it. If the store does not answer the thread, entries are checked again
    after 10 seconds, as above. The thread ends at `close`; each process has its own. It needs CHANGES, or
    raises Unsupported, and it keeps entries in memory only. A value that was written without a tag is read
    once more after the feed told it.

    >>> from holdall import Memory
    >>> far = Memory()
    >>> store = Cache(far, max_age=60)
    >>> store["a"] = b"1"
    >>> store["a"], store.stats()["hits"]
    (b'1', 1)
    """

    def __init__(
        self,
        store: Store[bytes],
        max_age: float | Literal["feed"],
        *,
        near: Store[bytes] | None = None,
        items: int = 100_000,
        size: int = 64 * 2**20,
        misses: bool = False,
        clock: Callable[[], float] | None = None,
    ) -> None:
        follows = max_age == "feed"
        max_age = _UNWATCHED if max_age == "feed" else max_age
        if not max_age >= 0 or items < 1 or size < 1:
            raise Invalid(
                f"a cache needs max_age of 0 or more, not {max_age!r}, and room for one item or more"
            )
        super().__init__(store)
        if follows and near is not None:
            raise Invalid("a cache that follows a feed keeps its entries in memory; leave near out")
        if follows and Feature.CHANGES not in store.features:
            raise Unsupported(
                f"{store!r} has no feed that a cache could follow: it lacks CHANGES; give the cache an age, "
                "such as 60 seconds"
            )
        self._near = None if near is None else below(near, Cache)
        self._follows = follows
        self._max_age = max_age
        self._bounds = items, size
        self._misses = misses
        # Another process, or a later one, cannot use a monotonic clock of this process, so a near store needs
        # wall-clock time.
        self._clock = clock or (time.monotonic if near is None else time.time)
        self._here = PerProcess(self._open)
        self._counter: ThreadCounter[str] = ThreadCounter()
        self._count = self._counter.own

    def _open(self) -> Coordinator:
        clock = Clock(*self._bounds)
        near = MemoryEntries(clock) if self._near is None else StoreEntries(self._near, clock)
        worth = partial(_is_worth, self._max_age, self._misses)
        if not self._follows:
            return Coordinator(near, worth)
        follower = Follower(near, worth, self._inner, self._clock)
        weakref.finalize(self, follower.stop).atexit = False
        follower.start()
        return follower

    def stats(self) -> dict[str, int]:
        """The number of reads of a key since this cache was created, by how they were answered.

        ``hits``: from the cache. ``revalidated``: from the cache, after the store confirmed the tag.
        ``misses``: from the store.
        """
        total = self._counter.total()
        return {name: total[name] for name in ("hits", "revalidated", "misses")}

    # ---- Reading one key -----------------------------------------------------------------------

    def _fresh(self, key: str) -> Entry | None:
        here = self._here()
        entry = here.find(key)
        if entry is not None:
            correct = here.correct_at
            if correct < entry.checked:
                correct = entry.checked
            if 0 <= self._clock() - correct < self._max_age:
                self._count()["hits"] += 1
                return entry
        return None

    def _find(self, key: str, /) -> bytes | Missing:
        entry = self._fresh(key)
        return self._here().load(key, lambda: self._read(key)).value if entry is None else entry.value

    def _read(self, key: str) -> Entry:
        entry = self._fresh(key)  # another thread may have read it in the meantime
        return self._revalidate(key) if entry is None else entry

    def _revalidate(self, key: str) -> Entry:
        began = self._clock()
        entry = self._here().find(key)
        if entry is not None and entry.tag != ABSENT and self._inner.tag(key) == entry.tag:
            self._count()["revalidated"] += 1
            return entry._replace(checked=began) if self._max_age else entry
        self._count()["misses"] += 1
        return self._ask_store(key, began)

    def _ask_store(self, key: str, began: float) -> Entry:
        try:
            value, tag = self._inner.get_tagged(key)
            return Entry(value, tag, began)
        except KeyError:
            return Entry(MISSING, ABSENT, began)
        except Unsupported:
            return Entry(self._inner._find(key), ABSENT, began)

    def __getitem__(self, key: str, /) -> bytes:
        value = self._find(key)
        if value is MISSING:
            raise KeyError(key)
        return value

    def __contains__(self, key: object, /) -> bool:
        entry = self._fresh(cast(str, key))
        return key in self._inner if entry is None else entry.value is not MISSING

    def get_tagged(self, key: str, /) -> Tagged[bytes]:
        return self._inner.get_tagged(key)

    def read(self, key: str, /, start: int = 0, length: int | None = None) -> bytes:
        return self._inner.read(key, start, length)

    def open(self, key: str, /, mode: str = "rb", *, expected: Tag | None = None) -> Any:
        file: Any = self._inner.open(key, cast(Any, mode), expected=expected)
        return file if mode == "rb" else ValueWriter(Passed(file, partial(self._close_file, key)))

    def _close_file(self, key: str, close: Callable[[], None]) -> None:
        with self._here().write(key):
            close()

    def size(self, key: str, /) -> int:
        return self._inner.size(key)  # the size of the value that `read` reads

    # ---- Reading many --------------------------------------------------------------------------

    def get_foreign(self, name: Foreign, /) -> bytes:
        return self._inner.get_foreign(name)

    def get_many(self, keys: Iterable[str], /) -> Iterator[tuple[str, bytes]]:
        for batch in split(keys, _BATCH):
            fresh = {key: entry for key in batch if (entry := self._fresh(key))}
            found = fresh | self._read_many([key for key in batch if key not in fresh])
            for key in batch:
                value = found[key].value
                if value is not MISSING:
                    yield key, value

    def _read_many(self, keys: list[str]) -> dict[str, Entry]:
        def read() -> dict[str, Entry]:
            began = self._clock()
            found: dict[str, bytes | Missing] = dict(self._inner.get_many(keys))
            self._count()["misses"] += len(keys)
            return {key: Entry(found.get(key, MISSING), ABSENT, began) for key in keys}

        return self._here().load_many(keys, read) if keys else {}

    def scan_items(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, bytes]]:
        return self._inner.scan_items(prefix, start=start, stop=stop)

    # ---- Writing -------------------------------------------------------------------------------

    def __setitem__(self, key: str, value: bytes, /) -> None:
        value = to_bytes(value)
        began = self._clock()
        with self._here().write(key) as write:
            self._inner[key] = value
            write.entry = Entry(value, ABSENT, began)

    def __delitem__(self, key: str, /) -> None:
        with self._here().write(key):
            del self._inner[key]

    def discard(self, key: str, /) -> None:
        with self._here().write(key):
            self._inner.discard(key)

    def set_many(self, items: Iterable[tuple[str, bytes]], /) -> None:
        here = self._here()

        def passing() -> Iterator[tuple[str, bytes]]:
            for key, value in items:
                here.drop(key)
                yield key, value

        with here.bulk():
            self._inner.set_many(passing())

    def delete_many(self, keys: Iterable[str], /) -> None:
        here = self._here()

        def passing() -> Iterator[str]:
            for key in keys:
                here.drop(key)
                yield key

        with here.bulk():
            self._inner.delete_many(passing())

    def delete_prefix(self, prefix: str, /) -> None:
        self._erase(partial(self._inner.delete_prefix, prefix))

    def clear(self) -> None:
        self._erase(self._inner.clear)

    def _erase(self, delete: Callable[[], None]) -> None:
        """Call ``delete``, which deletes many keys, and drop all entries before it."""
        here = self._here()
        with here.bulk():
            here.clear()
            delete()

    # ---- Compare-and-swap ----------------------------------------------------------------------

    def swap(self, key: str, value: bytes, /, expected: Tag) -> Tag:
        value = to_bytes(value)
        began = self._clock()
        with self._here().write(key) as write:
            tag = self._inner.swap(key, value, expected)
            write.entry = Entry(value, tag, began)
        return tag

    def remove(self, key: str, /, expected: Tag) -> None:
        with self._here().write(key):
            self._inner.remove(key, expected)

    def modify(
        self, key: str, function: Callable[[bytes], bytes], /, default: bytes | Missing = MISSING
    ) -> bytes:
        with self._here().write(key):
            return self._inner.modify(key, function, default)

    def _setdefault(self, key: str, default: bytes, /) -> bytes:
        with self._here().write(key):
            return self._inner._setdefault(key, default)

    def _take(self, key: str, /) -> bytes | Missing:
        with self._here().write(key):
            return self._inner._take(key)

    def transact(self, changes: Iterable[Operation[bytes]], /) -> None:
        changes = list(changes)
        here = self._here()
        with here.bulk():
            for change in changes:
                if not isinstance(change, Expect):
                    here.drop(key_of(change))
            self._inner.transact(changes)

    # ---- History -------------------------------------------------------------------------------

    def at(self, key: str, revision: int, /) -> bytes:
        return self._inner.at(key, revision)

    def lasting(self, ttl: float | None, /) -> Store[bytes]:
        raise Unsupported(f"{self!r} keeps values that have expired; put the layer Expires above Cache")

    remaining = Store.remaining
    sweep = Store.sweep
    _expiring = Layer._expiring_below

    def as_of(self, time: datetime, /) -> Store[bytes]:
        return self._inner.as_of(time)

    # ---- Changes -------------------------------------------------------------------------------

    def changes(self, since: str | None = None, *, prefix: str = "") -> Changes:
        return self._inner.changes(since, prefix=prefix).through(self._outdate)

    def _outdate(self, changes: Iterator[Change]) -> Iterator[Change]:
        for change in changes:
            self._here().outdate(change.key, change.tag)
            yield change

    # ---- The store itself ----------------------------------------------------------------------

    def raw(self, prefix: str = "") -> Store[bytes]:
        kept = RESERVED not in prefix.split("/")[:-1]  # the cache keeps no reserved keys
        view = self._inner.raw(prefix)
        return RawView(view, self._here, self.raw, prefix) if kept else view

    def close(self) -> None:
        here = self._here.take() if self._follows else None
        if isinstance(here, Follower):
            here.end(super().close)
        else:
            super().close()
        if self._near is not None:
            self._near.close()


def _is_worth(max_age: float, misses: bool, entry: Entry) -> bool:
    is_shown = misses or entry.value is not MISSING
    return is_shown and (max_age > 0 or entry.tag != ABSENT)
