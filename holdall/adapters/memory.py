"""A store in this process's memory."""

import threading
import uuid
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from operator import call, itemgetter
from typing import Any, NoReturn, cast
from weakref import WeakSet

from holdall.adapters._shared.totals import totals
from holdall.address import Address
from holdall.batches import split_transaction
from holdall.bell import Bell
from holdall.changes import Change, Changes, Found, Position, expired
from holdall.errors import InvalidAddress
from holdall.files import InMemory, ValueWriter, is_to_write, open_value
from holdall.handles import PerProcess
from holdall.keys import Span, check_key
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
)

_FEATURES = (
    Feature.SEEK
    | Feature.TAGS
    | Feature.UNIQUE_TAGS
    | Feature.SWAP
    | Feature.REMOVE
    | Feature.ATOMIC
    | Feature.CHANGES
    | Feature.RANGES
    | Feature.STREAMS
)
_RECORDED = 100_000
"""The number of writes and deletions that the feed of a table goes back, from its first use on."""


_process: PerProcess[str] = PerProcess(lambda: uuid.uuid4().hex)  # a pid is used again
"""The unique id of this process."""


class _Table:
    """The data of a store: ``cells`` maps each key to (value, tick), and ``order`` lists the sorted keys.

    A new key sets ``order`` to None, and the next scan sorts the keys. ``order`` may still hold deleted keys.
    Each write takes the next tick. From the first use of the feed in this process on, each deletion takes one
    too, and ``log`` holds the keys of the last ticks.
    """

    def __init__(self) -> None:
        self.lock = PerProcess(threading.Lock)
        self.cells: dict[str, tuple[bytes, int]] = {}
        self.order: list[str] | None = []
        self.tick = 0
        self.log: deque[str] | None = None
        self.begun = 0  # the tick at which the log begins
        self.origin = PerProcess(self._begin_log)  # a forked child has a table of its own
        self.bells: WeakSet[Bell] | None = None  # of the stores that watched this table

    def put(self, key: str, value: bytes) -> None:
        self.tick += 1
        if key not in self.cells:
            self.order = None
            key = str.__str__(key)  # a plain str, also if the key is of a subclass of str
        if self.log is not None:
            self._record(key, self.log)
        self.cells[key] = value, self.tick

    def delete(self, key: str) -> None:
        if self.log is not None and key in self.cells:
            self.tick += 1
            self._record(key, self.log)
        del self.cells[key]  # `order` holds the key until the next new key, so scans look into `cells`

    def apply(self, changes: Mapping[str, bytes | None]) -> None:
        """Put or delete (None) each key of ``changes``. A signal can end this before all changes or after them."""
        new: dict[str, tuple[bytes, int]] = {}
        gone: list[str] = []
        for key, value in changes.items():
            if value is None and key not in self.cells:
                continue
            self.tick += 1
            if self.log is not None:
                self._record(str.__str__(key), self.log)
            if value is None:
                gone.append(key)
                continue
            if key not in self.cells:
                self.order = None
            new[str.__str__(key)] = value, self.tick
        steps: list[Callable[[], object]] = [
            partial(self.cells.update, new),
            *(partial(self.cells.pop, key) for key in gone),
        ]
        # Python handles no signal while this call in C makes the others.
        deque(map(call, steps), maxlen=0)

    def _begin_log(self) -> str:
        """Begin the log of this process, and return a name for it."""
        self.begun, self.log = self.tick, deque(maxlen=_RECORDED)
        return uuid.uuid4().hex

    def _record(self, key: str, log: deque[str]) -> None:
        """Record that ``key`` is about to change at this tick: a signal may end the write before or after it.

        A tick without a record does no harm: the feed then goes back one record more than it must.
        """
        log.append(key)
        for bell in self.bells or ():
            bell.ring()

    def connect(self, bell: Bell) -> None:
        """Ring ``bell`` at every write from now on."""
        with self.lock():
            self.bells = WeakSet() if self.bells is None else self.bells
            self.bells.add(bell)

    def changed(self, since: int | None) -> tuple[int, dict[str, int]] | None:
        """Return the tick of now, and the keys that changed after the tick ``since`` with the tick of each.

        The keys are in the order of their ticks; without ``since``, they are all keys. The result is None if
        the log does not go back so far. A tick from before the log was issued to a reader that was reading
        all keys, so it needs those keys that it has not read yet, and all that the log has.
        """
        with self.lock():
            self.origin()
            tick, log = self.tick, self.log or ()
            first = tick if since is None else max(since, self.begun)
            if first > tick or (tick - first > len(log) and len(log) == _RECORDED):
                return None
            recent = list(islice(reversed(log), tick - first))
            after = since or 0
            reads_all = since is None or since < self.begun
            rows = (
                [(key, cell[1]) for key, cell in self.cells.items() if cell[1] > after] if reads_all else []
            )
        found: dict[str, int] = {}
        for ago, key in enumerate(recent):
            found.setdefault(key, tick - ago)
        return tick, dict(sorted((found | dict(rows)).items(), key=itemgetter(1)))

    def tag(self, key: str) -> Tag:
        cell = self.cells.get(key)
        return Tag(str(cell[1])) if cell else ABSENT

    def keys(self, span: Span) -> list[str]:
        with self.lock():
            order = self.order
            if order is None:
                order = self.order = sorted(self.cells)
        low = bisect_left(order, span.low)
        return order[low : len(order) if span.high is None else bisect_left(order, span.high)]


class Memory(Store[bytes]):
    """A dict of bytes. All stores of this process with the same ``name`` (``memory://name``) share one table.

    Without a name, a store has its own table. The data is lost when the process ends. A forked child has
    its own copy: parent and child do not see each other's later writes. A named store that was pickled
    raises TypeError if another process uses it. Tags are ticks of the table, so no tag ever repeats. A scan
    yields the keys that existed when it began, without those that were deleted since.

    >>> Memory("books")["a"] = b"1"
    >>> Memory("books")["a"]
    b'1'
    """

    _shared: dict[str, _Table] = {}  # noqa: RUF012 - the whole process shares it on purpose

    def __init__(self, name: str = "") -> None:
        self._private = not name
        self._name = name
        self._table = self._shared.setdefault(name, _Table()) if name else _Table()
        self._bell = PerProcess(Bell)

    @classmethod
    def from_address(cls, address: Address) -> "Memory":
        address.options()
        if address.userinfo or address.port is not None:
            raise InvalidAddress(
                "memory: the address must not have a user or a port; write memory:// or memory://name"
            )
        name = address.host + address.path
        return cls(name) if name else cls()

    @property
    def features(self) -> Feature:
        return _FEATURES

    def __getitem__(self, key: str, /) -> bytes:
        check_key(key)
        return self._table.cells[key][0]

    def _find(self, key: str, /) -> bytes | Missing:
        check_key(key)
        cell = self._table.cells.get(key)
        return cell[0] if cell else MISSING

    def __contains__(self, key: object, /) -> bool:
        check_key(key)  # type: ignore[arg-type]  # raises TypeError if the key is not a str
        return key in self._table.cells

    def __setitem__(self, key: str, value: bytes, /) -> None:
        check_key(key)
        value = to_bytes(value)
        with self._table.lock():
            self._table.put(key, value)

    def __delitem__(self, key: str, /) -> None:
        check_key(key)
        with self._table.lock():
            self._table.delete(key)

    def delete_prefix(self, prefix: str, /) -> None:
        span = Span.of(prefix)
        keys = self._table.keys(span)
        with self._table.lock():
            for key in filter(span.shows, keys):
                if key in self._table.cells:
                    self._table.delete(key)

    def read(self, key: str, /, start: int = 0, length: int | None = None) -> bytes:
        check_key(key)
        part = ByteRange.of(start, length)
        return part.of_value(self._table.cells[key][0])

    def open(self, key: str, /, mode: str = "rb", *, expected: Tag | None = None) -> Any:
        check_key(key)
        if is_to_write(mode, expected):
            return ValueWriter(InMemory(partial(self._write, key, expected)))
        value, tick = self._table.cells[key]
        return open_value(len(value), lambda part: part.of_value(value), tag=Tag(str(tick)))

    def size(self, key: str, /) -> int:
        check_key(key)
        return len(self._table.cells[key][0])

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        span = Span.of(prefix, start, stop)
        cells = self._table.cells
        return (key for key in self._table.keys(span) if key in cells and span.shows(key))

    def scan_items(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, bytes]]:
        cells = self._table.cells
        for key in self.scan(prefix, start=start, stop=stop):
            cell = cells.get(key)
            if cell:
                yield key, cell[0]

    def scan_tags(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, Tag]]:
        for key in self.scan(prefix, start=start, stop=stop):
            tag = self._table.tag(key)
            if tag != ABSENT:
                yield key, tag

    def get_tagged(self, key: str, /) -> Tagged[bytes]:
        check_key(key)
        value, tick = self._table.cells[key]
        return Tagged(value, Tag(str(tick)))

    def tag(self, key: str, /) -> Tag:
        check_key(key)
        return self._table.tag(key)

    def swap(self, key: str, value: bytes, /, expected: Tag) -> Tag:
        check_key(key)
        return self._write(key, expected, to_bytes(value))

    def _write(self, key: str, expected: Tag | None, value: bytes) -> Tag:
        with self._table.lock():
            if expected is not None:
                self._expect(key, expected)
            self._table.put(key, value)
            return self._table.tag(key)

    def remove(self, key: str, /, expected: Tag) -> None:
        check_key(key)
        with self._table.lock():
            self._expect(key, expected)
            if expected == ABSENT:
                raise conflict(key)
            self._table.delete(key)

    def transact(self, changes: Iterable[Operation[bytes]], /) -> None:
        before, after = split_transaction(changes)
        with self._table.lock():
            for key, tag in before.items():
                self._expect(key, tag)
            self._table.apply(after)

    def changes(self, since: str | None = None, *, prefix: str = "") -> Changes:
        span = Span.of(prefix, "", None)
        first = None if since is None else self._tick_of(since)
        found = self._table.changed(first)
        if found is None:
            raise expired(self, f"it tells the last {_RECORDED:,} writes")
        return Changes(self._position(first or 0), self._tell(*found, span), self._position(found[0]))

    def _tick_of(self, since: str) -> int:
        position = Position.parse(since)
        with self._table.lock():
            origin = self._table.origin()
        if position.origin != origin or len(position.numbers) != 1:
            raise expired(self, "it is of another store, or of an earlier process")
        return position.numbers[0]

    def _position(self, tick: int) -> str:
        return str(Position(self._table.origin(), (tick,)))

    def _tell(self, tick: int, found: dict[str, int], span: Span) -> Found:
        for key, changed in found.items():
            if key in span:
                yield Change(str.__str__(key), self._table.tag(key), self._position(changed))
        return self._position(tick)

    def watch(self, since: str, *, prefix: str = "", timeout: float | None = None) -> bool:
        bell = self._bell()
        self._table.connect(bell)
        return bell.watch(partial(self.changes, prefix=prefix), since, timeout)

    def info(self) -> dict[str, str]:
        return totals(len(self._table.cells))

    def close(self) -> None:
        self._bell().close()

    def _expect(self, key: str, expected: Tag) -> None:
        if self._table.tag(key) != expected:
            raise conflict(key)

    def __reduce__(self) -> tuple[Any, ...]:
        if self._private:
            raise TypeError(
                "a private Memory cannot be pickled: its data would be left behind; give it a name"
            )
        return _unpickle, (self._name, _process())


def _unpickle(name: str, process: str) -> Memory:
    """Return the store that was pickled.

    In another process, only the use of the store raises TypeError, and not this function: some process pools
    wait for ever if unpickling raises.
    """
    if process == _process():
        return Memory(name)
    store = Memory()
    store._table = cast(_Table, _Elsewhere(name))
    return store


class _Elsewhere:
    """A placeholder for the table of another process. Every use of it raises TypeError."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> NoReturn:
        raise TypeError(
            f"memory://{self._name} was pickled by another process, and its data stayed there; "
            "use a store that processes share, such as sqlite:///books.db"
        )
