"""The layer `Replicas`."""

import weakref
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from io import BufferedReader
from itertools import combinations
from typing import Any, Final, Literal, Self, TypeVar, cast

from holdall.batches import split
from holdall.errors import Invalid
from holdall.files import Passed, ValueReader, ValueWriter
from holdall.handles import PerProcess
from holdall.keys import RawKey
from holdall.layer import below, layers
from holdall.replication.apart import require_two
from holdall.replication.replicas.deliverer import Deliverer
from holdall.replication.replicas.lag import Lag
from holdall.replication.replicas.reads import Reads
from holdall.store import MISSING, Missing, Operation, Store, Tag, key_of

V = TypeVar("V")
T = TypeVar("T")

_BATCH: Final = 200  # keys of one intent


class Replicas(Reads[V]):
    """Shows ``primary``, and brings each write to ``others``, its replicas, in a thread.

    A write returns when the primary has it, and with ``acks`` of 2 or more when so many stores have it, the
    primary included. If fewer have it within ``timeout`` seconds, the write raises `Unacknowledged`, stays at the
    primary, and is delivered later. Every write is decided at the primary alone: swap, modify and transact too.

    What a replica missed is delivered from the change feed of the primary. If the primary lacks CHANGES, the keys
    of a write are recorded in ``outbox`` before it, a store with SWAP, by default the primary itself under reserved
    keys. In both cases a crash loses nothing, each replica gets the newest value of a key, and a replica that does
    not answer is tried again after up to a minute. If a process has more than ``limit`` records in an outbox, the
    replicas that lack them are compared with the primary, key by key. A replica becomes equal to the primary: keys
    that only the replica has are deleted, unless the primary has no keys at all.

    If the primary raises Unavailable, or does not answer within ``read_timeout`` seconds, the replicas answer
    reads, in their order, until the primary answers again. They may be behind. So such a read raises `Stale`, unless
    ``stale`` is "allow", or the reader says what it accepts by `stale_reads` or `at_least`. A scan goes to a
    replica only before its first item. Tags from a replica fit no swap at the primary. History, changes, raw and
    typed views, and foreign names come from the primary only.

    The threads start at the first write; each process has its own. With ``deliver=False`` there are none:
    `holdall replicate`, or another process, delivers. `close` delivers for up to ``timeout`` seconds, and logs what is
    left. `lag` and the log ``holdall.replicas`` tell the errors of replicas.

    Raises Invalid if two of the stores are the same.

    >>> from holdall import Memory
    >>> shop, cloud = Memory(), Memory()
    >>> with Replicas(shop, cloud) as store:
    ...     store["a"] = b"1"
    >>> cloud["a"]
    b'1'
    """

    def __init__(
        self,
        primary: Store[V],
        *others: Store[V],
        outbox: Store[Any] | None = None,
        acks: int = 1,
        timeout: float = 10.0,
        read_timeout: float | None = None,
        stale: Literal["refuse", "allow"] = "refuse",
        deliver: bool = True,
        limit: int = 100_000,
    ) -> None:
        below(primary, Replicas)
        self.others = tuple(below(store, Replicas) for store in others)
        super().__init__(primary, self.others, allows=stale == "allow", timeout=read_timeout)
        _check(len(others), acks, timeout, stale, limit)
        for one, two in combinations((primary, *others), 2):
            require_two(one, two)
        self._outbox = None if outbox is None else below(outbox, Replicas)
        self._make = partial(
            Deliverer,
            primary,
            self.others,
            primary if outbox is None else outbox,
            acks=acks,
            timeout=timeout,
            deliver=deliver,
            limit=limit,
        )
        self._here = PerProcess(self._open)

    def _open(self) -> Deliverer:
        made = self._make()
        weakref.finalize(self, made.stop).atexit = False
        return made

    def lasting(self, ttl: float | None, /) -> Store[V]:
        made = self.over(self._inner.lasting(ttl))
        made._here, made._failover = self._here, self._failover  # the same threads deliver
        return made

    @property
    def primary(self) -> Store[V]:
        """The store that decides."""
        return self._inner

    def over(self, store: Store[Any]) -> Self:
        """Return the same layer over another primary."""
        return type(self)(store, *self.others, **self._made_with[1])

    # ---- Replication ---------------------------------------------------------------------------

    def start(self) -> None:
        """Start the threads that deliver, also with ``deliver=False``."""
        self._here().start()

    def deliver(self) -> tuple[Lag, ...]:
        """Deliver to each replica in this thread what it lacks, and return how far each is behind then.

        An error of a replica is in the result, and is not raised.
        """
        return self._here().deliver()

    def lag(self) -> tuple[Lag, ...]:
        """Return how far each replica is behind. This may cost requests; an error of a store is in the result."""
        return self._here().lags()

    def position(self) -> str:
        """Return a position for `at_least`: everything that was written before this call. Needs SWAP."""
        return self._here().position()

    # ---- Writing -------------------------------------------------------------------------------

    def _write(self, keys: tuple[str, ...], call: Callable[..., T], *args: Any) -> T:
        result = self._here().write(keys, call, *args)
        self._failover.recover()
        return result

    def __setitem__(self, key: str, value: V, /) -> None:
        self._write((key,), self._inner.__setitem__, key, value)

    def __delitem__(self, key: str, /) -> None:
        self._write((key,), self._inner.__delitem__, key)

    def discard(self, key: str, /) -> None:
        self._write((key,), self._inner.discard, key)

    def set_many(self, items: Iterable[tuple[str, V]], /) -> None:
        if not self._here().in_batches:
            self._write((), self._inner.set_many, items)
            return
        for batch in split(items, _BATCH):
            self._write(tuple(key for key, _ in batch), self._inner.set_many, batch)

    def _each(self, write: Callable[[str, V], object], items: Iterable[tuple[str, V]]) -> None:
        self._inner._each(write, items)

    def delete_many(self, keys: Iterable[str], /) -> None:
        if not self._here().in_batches:
            self._write((), self._inner.delete_many, keys)
            return
        for batch in split(keys, _BATCH):
            self._write(tuple(batch), self._inner.delete_many, batch)

    def delete_prefix(self, prefix: str, /) -> None:
        if self._here().in_batches:
            self.delete_many(map(RawKey, self._inner.scan(prefix)))
        else:
            self._write((), self._inner.delete_prefix, prefix)

    def clear(self) -> None:
        if self._here().in_batches:
            self.delete_many(map(RawKey, self._inner.scan()))
        else:
            self._write((), self._inner.clear)

    def open(self, key: str, /, mode: str = "rb", *, expected: Tag | None = None) -> Any:
        if mode == "rb":
            return self._failover.read(lambda store: self._open_file(store, key, cast(None, expected)), key)
        file: Any = self._inner.open(key, cast(Any, mode), expected=expected)
        return ValueWriter(Passed(file, partial(self._write, (key,))))

    def _open_file(self, store: Store[V], key: str, expected: None) -> BufferedReader:
        file = store.open(key, expected=expected)
        if isinstance(file, ValueReader) and file.tag is not None:
            file.tag = self._tag(store, file.tag)
        return file

    # ---- Compare-and-swap ----------------------------------------------------------------------

    def swap(self, key: str, value: V, /, expected: Tag) -> Tag:
        return self._write((key,), self._inner.swap, key, value, expected)

    def remove(self, key: str, /, expected: Tag) -> None:
        self._write((key,), self._inner.remove, key, expected)

    def modify(self, key: str, function: Callable[[V], V], /, default: V | Missing = MISSING) -> V:
        return self._write((key,), self._inner.modify, key, function, default)

    def transact(self, changes: Iterable[Operation[V]], /) -> None:
        changes = list(changes)
        self._write(tuple(map(key_of, changes)), self._inner.transact, changes)

    def _take(self, key: str, /) -> V | Missing:
        return self._write((key,), self._inner._take, key)

    def popitem(self) -> tuple[str, V]:
        if self._here().in_batches:
            return Store.popitem(self)
        return self._write((), self._inner.popitem)

    def _setdefault(self, key: str, default: V, /) -> V:
        return self._write((key,), self._inner._setdefault, key, default)

    # ---- The store itself ----------------------------------------------------------------------

    def as_of(self, time: datetime, /) -> Store[V]:
        return self._inner.as_of(time)

    def info(self) -> dict[str, str]:
        rows = {f"replica {number}": str(lag) for number, lag in enumerate(self.lag(), 1)}
        error = self._failover.error
        reads = {} if error is None else {"reads": f"go to the replicas: {type(error).__name__}: {error}"}
        return {**self._inner.info(), **rows, **reads}

    def close(self) -> None:
        here = self._here.take()
        if here is None:
            super().close()
        else:
            here.close(super().close)
        for store in (*self.others, *([] if self._outbox is None else [self._outbox])):
            store.close()


def replicas_of(store: Store[Any]) -> Replicas[Any] | None:
    """Return the layer `Replicas` in the stack of ``store``, or None."""
    return next((layer for layer in layers(store) if isinstance(layer, Replicas)), None)


def _check(others: int, acks: int, timeout: float, stale: str, limit: int) -> None:
    """Raise Invalid unless these options make sense for so many replicas."""
    if not others:
        raise Invalid("a store with replicas needs a replica; give one or more stores after the primary")
    if not 1 <= acks <= others + 1:
        raise Invalid(f"acks is {acks}, but there are {others + 1} stores; give 1 to {others + 1}")
    if not timeout > 0:
        raise Invalid(f"timeout is {timeout!r}; give a number of seconds over 0")
    if stale not in ("refuse", "allow"):
        raise Invalid(f"stale is {stale!r}; give 'refuse' or 'allow'")
    if limit < 1:
        raise Invalid(f"limit is {limit}; give 1 or more")
