"""Values that expire: each is stored with its deadline, and is missing as soon as the deadline has passed."""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import cached_property, partial
from typing import Any, Final, cast

from holdall.changes import Changes
from holdall.errors import Conflict
from holdall.keys import Foreign, RawKey
from holdall.layer import Layer, with_foreign
from holdall.middleware.deadline import NEVER, micros, split, stamp
from holdall.store import (
    ABSENT,
    MISSING,
    WHOLE,
    Expect,
    Feature,
    Missing,
    Operation,
    Put,
    Store,
    Tag,
    Tagged,
    conflict,
    unsupported,
)

_GRACE: Final = 60  # seconds by which the clock of the server may be ahead


class Expires(Layer[bytes, bytes]):
    """A value expires ``ttl`` seconds after it was written: from then on it is missing for every operation.

    With None it never expires. The deadline is stored with each value (see `holdall.middleware.deadline`). So
    any store can be used, and readers need not know ``ttl``. Each write sets a new deadline. `lasting` returns
    the same store with another ``ttl``, through all layers above this one; `remaining` returns the time that is
    left, and `touch` sets a new deadline. Deadlines follow the wall clock: machines that share a store disagree
    as much as their clocks do.

    An expired value takes up space until its key is written, deleted or swept. `Redis` and `DynamoDB` also delete
    expired values by themselves, a minute after the deadline or later, if no layer between keeps history or
    replicas.

    Only the value tells whether a key has expired. So ``in``, ``len``, ``del`` and scans read values, a swap
    reads first, and `scan_tags` costs one request per key. This layer does not notice a damaged deadline: put
    Expires above the layers that check, as in ``Expires(Encrypt(store))``.

    `changes` tells that a value expired when its key is written, deleted or swept next, or when the store deletes
    it, and not before: at its deadline nothing happens in the store below. So a reader of the feed that must not
    hold expired values needs a regular `sweep`.

    If a layer keeps history, `at` returns each value as it was written, even if it has expired. A value that
    had expired at some time is missing from the store as of that time.

    >>> from holdall import Memory
    >>> now = 0.0
    >>> store = Expires(Memory(), ttl=60, clock=lambda: now)
    >>> store["token"] = b"..."
    >>> store.lasting(None)["user"] = b"..."
    >>> now = 60.0
    >>> "token" in store, list(store), store.sweep()
    (False, ['user'], 1)
    """

    def __init__(
        self, store: Store[bytes], ttl: float | None = None, *, clock: Callable[[], float] = time.time
    ) -> None:
        super().__init__(store)
        self._ttl = None if ttl is None else micros(ttl)
        self._clock = clock

    @cached_property
    def _writable(self) -> Store[bytes]:
        """The store below, for writes: it may delete the values after their deadlines."""
        return self._inner._expiring(partial(_deadline, self._clock, self._ttl))

    def lasting(self, ttl: float | None, /) -> "Expires":
        return Expires(self._inner, ttl, clock=self._clock)

    def remaining(self, key: str, /) -> float | None:
        deadline = split(key, self._inner[key])[1]
        if deadline == NEVER:
            return None
        left = deadline - self._now()
        if left <= 0:
            raise KeyError(key)
        return left / 1_000_000

    def sweep(self, prefix: str = "") -> int:
        if Feature.REMOVE not in self.features:
            raise unsupported(self, "sweep", Feature.REMOVE)
        swept: list[str] = []

        def sweep_one(key: str, data: bytes) -> None:
            with contextlib.suppress(Conflict):
                present, tag = self._state(key)
                if present == ABSENT != tag:
                    self._writable.remove(key, tag)
                    swept.append(key)

        items = self._inner.scan_items(prefix)
        expired = ((RawKey(key), data) for key, data in items if self._live(key, data) is MISSING)
        self._inner._each(sweep_one, expired)
        return len(swept)

    @property
    def features(self) -> Feature:
        return self._inner.features & ~WHOLE

    # ---- Deadlines -----------------------------------------------------------------------------

    def _stamp(self, value: bytes) -> bytes:
        return stamp(value, NEVER if self._ttl is None else self._now() + self._ttl)

    def _now(self) -> int:
        return int(self._clock() * 1_000_000)

    def _live(self, key: str, data: bytes) -> bytes | Missing:
        value, deadline = split(key, data)
        return value if deadline == NEVER or self._now() < deadline else MISSING

    def _living(self, items: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
        for key, data in items:
            value = self._live(key, data)
            if value is not MISSING:
                yield key, value

    def _state(self, key: str) -> tuple[Tag, Tag]:
        """The tag of ``key`` as this layer shows it (ABSENT if the value has expired), and its tag below."""
        try:
            data, tag = self._inner.get_tagged(key)
        except KeyError:
            return ABSENT, ABSENT
        return (ABSENT if self._live(key, data) is MISSING else tag), tag

    def _below(self, key: str, expected: Tag) -> Tag:
        """The tag below of ``key``. Raises Conflict if its tag as this layer shows it is not ``expected``."""
        present, tag = self._state(key)
        if present != expected:
            raise conflict(key)
        return tag

    # ---- Reading -------------------------------------------------------------------------------

    def __getitem__(self, key: str, /) -> bytes:
        value = self._live(key, self._inner[key])
        if value is MISSING:
            raise KeyError(key)
        return value

    def _find(self, key: str, /) -> bytes | Missing:
        data = self._inner._find(key)
        return MISSING if data is MISSING else self._live(key, data)

    def __contains__(self, key: object, /) -> bool:
        return self._find(cast(str, key)) is not MISSING

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return (key for key, _ in self.scan_items(prefix, start=start, stop=stop))

    def scan_items(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, bytes]]:
        return self._living(self._inner.scan_items(prefix, start=start, stop=stop))

    def scan_names(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        bounds: dict[str, Any] = {"start": start, "stop": stop}
        return with_foreign(self.scan(prefix, **bounds), self._inner.scan_names(prefix, **bounds))

    def get_foreign(self, name: Foreign, /) -> bytes:
        return self._inner.get_foreign(name)

    def get_many(self, keys: Iterable[str], /) -> Iterator[tuple[str, bytes]]:
        return self._living(self._inner.get_many(keys))

    def get_tagged(self, key: str, /) -> Tagged[bytes]:
        data, tag = self._inner.get_tagged(key)
        value = self._live(key, data)
        if value is MISSING:
            raise KeyError(key)
        return Tagged(value, tag)

    def tag(self, key: str, /) -> Tag:
        return self._state(key)[0]

    def scan_tags(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, Tag]]:
        if Feature.TAGS not in self.features:
            raise unsupported(self, "return tags", Feature.TAGS)
        keys = self._inner.scan(prefix, start=start, stop=stop)
        states = ((key, self._state(RawKey(key))[0]) for key in keys)
        return ((key, tag) for key, tag in states if tag != ABSENT)

    def changes(self, since: str | None = None, *, prefix: str = "") -> Changes:
        return self._inner.changes(since, prefix=prefix).retag(self.tag, since)

    # The store below would count the expired keys too.
    __iter__ = Store.__iter__
    __len__ = Store.__len__
    __bool__ = Store.__bool__

    # ---- Writing -------------------------------------------------------------------------------

    def __setitem__(self, key: str, value: bytes, /) -> None:
        self._writable[key] = self._stamp(value)

    def set_many(self, items: Iterable[tuple[str, bytes]], /) -> None:
        self._writable.set_many((key, self._stamp(value)) for key, value in items)

    def __delitem__(self, key: str, /) -> None:
        self[key]  # raises KeyError if it has expired
        del self._writable[key]

    def discard(self, key: str, /) -> None:
        self._writable.discard(key)

    def delete_many(self, keys: Iterable[str], /) -> None:
        self._writable.delete_many(keys)

    def delete_prefix(self, prefix: str, /) -> None:
        self._writable.delete_prefix(prefix)

    def clear(self) -> None:
        self._writable.clear()

    _take = Store._take  # it reads the deadline before it deletes the value

    # ---- Compare-and-swap ----------------------------------------------------------------------

    def swap(self, key: str, value: bytes, /, expected: Tag) -> Tag:
        below = self._below(key, expected)
        try:
            return self._writable.swap(key, self._stamp(value), below)
        except Conflict:
            if below == expected:
                raise
        # The expired value may have been deleted in the meantime.
        return self._writable.swap(key, self._stamp(value), self._below(key, expected))

    def remove(self, key: str, /, expected: Tag) -> None:
        tag = self._below(key, expected)
        self._writable.remove(key, ABSENT if expected == ABSENT else tag)

    def transact(self, changes: Iterable[Operation[bytes]], /) -> None:
        asked = list(changes)
        made = [self._change(change) for change in asked]
        try:
            self._writable.transact(made)
        except Conflict:
            expected = [change for change in asked if isinstance(change, Expect)]
            if expected == [change for change in made if isinstance(change, Expect)]:
                raise
            # An expired value may have been deleted in the meantime.
            self._writable.transact([self._change(change) for change in asked])

    def _change(self, change: Operation[bytes]) -> Operation[bytes]:
        if isinstance(change, Put):
            return Put(change.key, self._stamp(change.value))
        return Expect(change.key, self._below(*change)) if isinstance(change, Expect) else change

    def modify(
        self, key: str, function: Callable[[bytes], bytes], /, default: bytes | Missing = MISSING
    ) -> bytes:
        def step(data: bytes) -> bytes:
            value = self._live(key, data)
            value = default if value is MISSING else value
            if value is MISSING:
                raise KeyError(key)
            return self._stamp(function(value))

        start = MISSING if default is MISSING else stamp(default, NEVER)
        return split(key, self._writable.modify(key, step, start))[0]

    # ---- History -------------------------------------------------------------------------------

    def at(self, key: str, revision: int, /) -> bytes:
        return split(key, self._inner.at(key, revision))[0]

    def as_of(self, time: datetime, /) -> Store[bytes]:
        return Expires(self._inner.as_of(time), clock=time.timestamp)


def _deadline(clock: Callable[[], float], ttl: int | None) -> float | None:
    """Return the time from which on the store below may delete a value that is written now."""
    return None if ttl is None else clock() + ttl / 1_000_000 + _GRACE
