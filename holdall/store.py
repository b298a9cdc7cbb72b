"""The interface: one dict over any store. Read this first.

An adapter supplies four methods. Every other method has a default here: it is correct but can be slow, or it
raises `Unsupported`. No default has a race condition. A store declares each promise beyond the four methods
in `Store.features`, and stores differ in nothing else.

The contract is the same for every store (`holdall.testing` checks it):

- Keys are str in the portable grammar of `holdall.keys`. Any other key raises TypeError or InvalidKey
  before any I/O.
- A missing key raises KeyError. No other problem does.
- After a write returns, the value is durable at the level that the store states. Values are copies.
- A scan is in code-point order. It yields every key that exists for the whole scan exactly once. A key that
  is written or deleted during the scan may or may not appear, and the scan never raises because of it.
- Threads may share a store. Processes reopen it: a pickle holds the constructor call, never a handle.
"""

import contextlib
import copy
import enum
import itertools
import random
import time
from abc import abstractmethod
from collections.abc import (
    Callable,
    ItemsView,
    Iterable,
    Iterator,
    Mapping,
    MutableMapping,
    ValuesView,
)
from datetime import datetime
from types import FunctionType, TracebackType
from typing import (
    TYPE_CHECKING,
    Any,
    Final,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    NoReturn,
    Self,
    TypeVar,
    cast,
    overload,
)

from holdall.errors import Conflict, Unsupported
from holdall.history import Revision
from holdall.keys import Foreign, RawKey, format_key
from holdall.redact import format_call

if TYPE_CHECKING:
    from typing_extensions import TypeForm

if TYPE_CHECKING:
    from io import BufferedReader

    from holdall.changes import Changes
    from holdall.files import ValueWriter

V = TypeVar("V")
T = TypeVar("T")
D = TypeVar("D")

Tag = NewType("Tag", str)
"""Names one state of one key. Tags can be compared for equality only; they have no order.

If two tags of a key differ, the key was written in between. If they are equal, the key held the same value
both times; if the store also has UNIQUE_TAGS, the key was not written in between.
"""

ABSENT: Final = Tag("")
"""The tag of a missing key. No store issues this tag for a key that exists."""


class Missing(enum.Enum):
    """The type of `MISSING`."""

    MISSING = enum.auto()

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing.MISSING
"""Means that a key has no value, or that the caller gave no default."""


class Tagged(NamedTuple, Generic[V]):
    """A value and the tag it was read under."""

    value: V
    tag: Tag


class Put(NamedTuple, Generic[V]):
    """In a transaction: ``key`` has the value ``value`` afterwards."""

    key: str
    value: V


class Delete(NamedTuple):
    """In a transaction: ``key`` is missing afterwards. A key that was missing before is not an error."""

    key: str


class Expect(NamedTuple):
    """In a transaction: ``key`` must have the tag ``tag`` before it, or be missing if ``tag`` is ABSENT.

    If this check fails, the transaction raises Conflict.
    """

    key: str
    tag: Tag


Operation = Put[V] | Delete | Expect


def key_of(change: Operation[Any], /) -> str:
    """Return the key of ``change``. Raises TypeError if ``change`` is not a Put, a Delete or an Expect.

    >>> key_of(Delete("a"))
    'a'
    """
    if isinstance(change, Put | Delete | Expect):
        return change.key
    raise TypeError(f"transact takes a list of Put, Delete and Expect, not {type(change).__name__}")


class Feature(enum.Flag):
    """The promises of a store beyond the mapping protocol."""

    NONE = 0
    SEEK = enum.auto()
    """The cost of a scan depends only on the keys that it yields: the store looks up prefix, start and stop,
    and does not filter all keys by them."""
    BATCH = enum.auto()
    """get_many, set_many and delete_many cost fewer round trips or commits than one per key."""
    TAGS = enum.auto()
    """The store has get_tagged, tag and scan_tags."""
    UNIQUE_TAGS = enum.auto()
    """A key never has the same tag again after another write. Without this feature, a tag may be a hash, so
    that a write of the same bytes gives the same tag."""
    SWAP = enum.auto()
    """The store has swap: compare-and-swap, and creation of a missing key, decided by the store itself."""
    REMOVE = enum.auto()
    """The store has remove: compare-and-delete, decided by the store itself."""
    ATOMIC = enum.auto()
    """The store has transact: it changes several keys, all or nothing."""
    HISTORY = enum.auto()
    """The store has history, at and as_of, which return earlier values of a key."""
    CHANGES = enum.auto()
    """The store has changes and watch: it knows which keys changed since a position."""
    SHARED = enum.auto()
    """Other processes that open the same address see the same data."""
    DURABLE = enum.auto()
    """After a write returns, its value survives a kill of this process; `holdall.testing` tests that.

    Whether the value survives a power failure depends on the store's ``durability``; that is not tested.
    """
    RANGES = enum.auto()
    """The store has read: it reads a part of a value, and not the rest."""
    STREAMS = enum.auto()
    """The store has open: it reads and writes a value as a file, and holds only a part of it in memory."""


WHOLE: Final = Feature.RANGES | Feature.STREAMS
"""The features that a layer lacks if it can only read or write a whole value."""


class Store(MutableMapping[str, V]):
    """A stored mapping of str to ``V``. Adapters are ``Store[bytes]``; layers show them as other types.

    An adapter supplies ``__getitem__``, ``__setitem__``, ``__delitem__`` and ``scan``, and overrides each
    other method that its store can do better. Six of them are hooks, whose names begin with an underscore:
    `_find`, `_take`, `_setdefault`, `_each`, `_tagged_many` and `_expiring`. Adapters and layers override them,
    layers call them on the store below, and no application calls them.

    A store remembers its constructor arguments in ``_made_with``, a tuple and a dict, for `repr` and
    pickling. A constructor that makes a path absolute replaces them, so that they stay right after a chdir.

    >>> from holdall import Memory
    >>> store = Memory()
    >>> store["invoices/1"] = b"..."
    >>> list(store.scan("invoices/"))
    ['invoices/1']
    """

    _made_with: tuple[tuple[Any, ...], dict[str, Any]]

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        self = super().__new__(cls)
        self._made_with = args, kwargs
        return self

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # A copy of __new__ wraps __init__, so that Sphinx, help() and editors show __init__'s parameters.
        if "__init__" in vars(cls) and "__new__" not in vars(cls):
            cls.__new__ = _wrapping(Store.__new__, cls.__init__)  # type: ignore[method-assign]

    # ---- The four methods that an adapter supplies ---------------------------------------------

    @abstractmethod
    def __getitem__(self, key: str, /) -> V:
        """Return the value of ``key``. Raises KeyError if ``key`` is missing, and only then."""

    @abstractmethod
    def __setitem__(self, key: str, value: V, /) -> None:
        """Set ``key`` to ``value``, completely or not at all. The value is durable when this returns."""

    @abstractmethod
    def __delitem__(self, key: str, /) -> None:
        """Delete ``key``. Raises KeyError if ``key`` is missing."""

    @abstractmethod
    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        """Yield the keys that begin with ``prefix``, from ``start`` on and before ``stop``, in order.

        ``start`` and ``stop`` are whole keys, not relative to the prefix. Reserved keys are not yielded.
        """

    # ---- Reading -------------------------------------------------------------------------------

    @property
    def features(self) -> Feature:
        """The promises of this store. On a remote store, the first access may cost a request."""
        return Feature.NONE

    @overload
    def get(self, key: str, /) -> V | None: ...
    @overload
    def get(self, key: str, /, default: V) -> V: ...
    @overload
    def get(self, key: str, /, default: D) -> V | D: ...
    def get(self, key: str, /, default: object = None) -> object:
        """Return the value of ``key``, or ``default`` if it is missing."""
        value = self._find(key)
        return default if value is MISSING else value

    def _find(self, key: str, /) -> V | Missing:
        """Return the value of ``key``, or MISSING if it is missing. A hook of `get` and `get_many`.

        Override it if the store can report a missing key faster than by an exception. Apart from KeyError, it
        raises the errors of ``self[key]``.
        """
        try:
            return self[key]
        except KeyError:
            return MISSING

    def __contains__(self, key: object, /) -> bool:
        """Return whether ``key`` exists. Raises TypeError if it is not a str; a dict would return False."""
        try:
            self[cast(str, key)]
        except KeyError:
            return False
        return True

    def __iter__(self) -> Iterator[str]:
        return self.scan()

    def __len__(self) -> int:
        """Return the number of keys. This lists the store.

        ``list(store)`` calls this too, and so lists the store twice; ``list(store.scan())`` lists it once.
        """
        return sum(1 for _ in self.scan())

    def __bool__(self) -> bool:
        """Return whether there is any key. It asks the store for one key."""
        return next(self.scan(), None) is not None

    def items(self) -> ItemsView[str, V]:
        """Return a view over `scan_items`."""
        return _Items(self)

    def values(self) -> ValuesView[V]:
        """Return a view over the values of `scan_items`."""
        return _Values(self)

    def scan_items(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, V]]:
        """Yield keys and values in the order of `scan`. A key that is deleted during the scan is left out."""
        keys = map(RawKey, self.scan(prefix, start=start, stop=stop))
        return ((str(key), value) for key, value in self.get_many(keys))

    def scan_names(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        """Yield the keys in the order of `scan`, and among them, at any place, the foreign names.

        Another program may have stored a value under a name that is not a valid key, for example ``a//b``.
        This is a foreign name, a `holdall.keys.Foreign`. The bounds apply to foreign names too. Scans leave
        foreign names out, `clear` does not delete their values, and only `get_foreign` reads them. Reserved
        keys are not foreign names. This costs one listing, or two on file systems.
        """
        return self.scan(prefix, start=start, stop=stop)

    def foreign_names(self, prefix: str = "") -> Iterator[Foreign]:
        """Yield the foreign names of `scan_names`, lazily, in any order. This lists the store."""
        return (name for name in self.scan_names(prefix) if isinstance(name, Foreign))

    def get_foreign(self, name: Foreign, /) -> V:
        """Return the value of ``name``, which `scan_names` or `foreign_names` of this store yielded.

        Raises KeyError if the value was deleted, and Unsupported if this store cannot read it.
        """
        raise Unsupported(f"{self!r} cannot read the value of the foreign name {format_key(name)}")

    def get_many(self, keys: Iterable[str], /) -> Iterator[tuple[str, V]]:
        """Yield ``(key, value)`` for each of ``keys`` that exists, in the order of ``keys``, lazily."""
        for key in keys:
            value = self._find(key)
            if value is not MISSING:
                yield key, value

    def read(self, key: str, /, start: int = 0, length: int | None = None) -> bytes:
        """Return ``self[key][start:][:length]`` without reading the rest of the value. Needs RANGES.

        So a negative ``start`` counts from the end, and a part that begins after the end is empty. Raises
        KeyError if ``key`` is missing, and Invalid if ``length`` is negative.
        """
        remedy = "read the whole value, as in store[key]"
        raise unsupported(self, "read a part of a value", Feature.RANGES, remedy)

    @overload
    def open(self, key: str, /, mode: Literal["rb"] = "rb", *, expected: None = None) -> "BufferedReader": ...
    @overload
    def open(self, key: str, /, mode: Literal["wb"], *, expected: Tag | None = None) -> "ValueWriter": ...
    def open(self, key: str, /, mode: str = "rb", *, expected: Tag | None = None) -> Any:
        """Return a file that reads the value of ``key``, or with the mode "wb" writes a new one. Needs STREAMS.

        The memory that it takes does not depend on the size of the value. A file that reads can seek, and
        reads one version of the value: it raises Conflict if the value is replaced or deleted in the
        meantime and the store does not have the old one any more. Opening a missing key raises KeyError.

        The new value is there when the file is closed, wholly, as if by one write; until then
        nobody sees it. If the ``with`` block raises an exception, or the process is killed, the key keeps its
        old value. With ``expected``, closing is a `swap`: it raises Conflict if ``key`` does not have that
        tag then. Needs SWAP too.
        """
        remedy = "read or write the whole value, as in store[key]"
        raise unsupported(self, "open a value as a file", Feature.STREAMS, remedy)

    def size(self, key: str, /) -> int:
        """Return how many bytes the value of ``key`` has. Raises KeyError if ``key`` is missing.

        Most stores do not read the value for this. A layer that changes values reads it, because nothing else
        tells the size of the value that the layer returns. Raises Unsupported if the values are not bytes.
        """
        return size_of(self, key, self[key])

    def typed(self, type: "TypeForm[T]", /) -> "Store[T]":
        """Return a read-only view that decodes only the part of each document that ``type`` declares.

        Raises Unsupported if no layer decodes documents. The view refuses writes.
        """
        name = getattr(type, "__name__", type)  # a union of types has no name
        raise Unsupported(f"{self!r} does not decode documents; wrap it in Json to read {name}")

    # ---- Writing -------------------------------------------------------------------------------

    def update(self, other: Any = (), /, **values: V) -> None:
        """Write pairs as `dict.update` does. Each single value is written completely or not at all.

        The batch may be written in part, for example if this raises.
        """
        self.set_many(itertools.chain(_pairs(other), values.items()))

    def __ior__(self, other: Any) -> Self:  # type: ignore[misc]  # `|` itself is refused
        """Write every pair of ``other``, as `update` does."""
        self.update(other)
        return self

    def __or__(self, other: object) -> NoReturn:
        """Raise TypeError, because the result would be a dict of the whole store.

        Code that reads the whole store should show it.
        """
        raise TypeError(
            f"| does not read the whole of {self!r}; write dict(store) | other, or store |= other"
        )

    __ror__ = __or__

    def copy(self) -> NoReturn:
        """Raise TypeError, because only the caller can say where to put the copy."""
        raise TypeError(
            f"{self!r} has no copy(); write dict(store) to read all of it into memory, "
            "or other.update(store.items()) to copy it to another store"
        )

    def set_many(self, items: Iterable[tuple[str, V]], /) -> None:
        """Write every pair of ``items``, of any length. If a key comes several times, its last value wins."""
        self._each(self.__setitem__, items)

    def _each(self, write: Callable[[str, V], object], items: Iterable[tuple[str, V]]) -> None:
        """Call ``write`` with every pair of ``items``. A hook of `set_many`.

        Override it if several concurrent writes are faster. Pairs with the same key keep their order. If
        ``write`` raises an error, this raises it too; other pairs may have been written. A layer whose write
        takes several steps passes that write to the `_each` of the store below, and gets the same
        concurrency.
        """
        for key, value in items:
            write(key, value)

    def discard(self, key: str, /) -> None:
        """Delete ``key`` if it exists."""
        with contextlib.suppress(KeyError):
            del self[key]

    def delete_many(self, keys: Iterable[str], /) -> None:
        """Delete those of ``keys`` that exist."""
        for key in keys:
            self.discard(key)

    def delete_prefix(self, prefix: str, /) -> None:
        """Delete every key that ``scan(prefix)`` yields. A key that is written in the meantime may stay.

        An empty prefix deletes every key. If this raises, some of the keys may have been deleted.
        """
        self.delete_many(map(RawKey, self.scan(prefix)))

    def clear(self) -> None:
        """Delete every key that a scan yields. It lists once; a key written in the meantime may stay."""
        self.delete_prefix("")

    # ---- Compare-and-swap ----------------------------------------------------------------------

    def get_tagged(self, key: str, /) -> Tagged[V]:
        """Return the value of ``key`` and its tag, read together. Needs TAGS.

        Raises KeyError if ``key`` is missing.
        """
        raise unsupported(self, "return tags", Feature.TAGS)

    def _tagged_many(self, keys: Iterable[str], /) -> Iterator[tuple[str, Tagged[V]]]:
        """Yield ``(key, get_tagged(key))`` for each of ``keys`` that exists, in their order, lazily.

        A hook of the layer `Versions`, which calls it on the lowest store before a transaction. Override it
        if several keys cost one request. It raises the errors of `get_tagged` apart from KeyError.
        """
        for key in keys:
            with contextlib.suppress(KeyError):
                yield key, self.get_tagged(key)

    def tag(self, key: str, /) -> Tag:
        """Return the tag of ``key``, or ABSENT if it is missing. Needs TAGS.

        Most stores do not read the value for this.
        """
        try:
            return self.get_tagged(key).tag
        except KeyError:
            return ABSENT

    def scan_tags(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, Tag]]:
        """Yield keys and tags in the order of `scan`, without reading values. Needs TAGS."""
        raise unsupported(self, "return tags", Feature.TAGS)

    def swap(self, key: str, value: V, /, expected: Tag) -> Tag:
        """Write ``value`` if ``key`` still has the tag ``expected``, and return the new tag. Needs SWAP.

        If ``expected`` is ABSENT, ``key`` must be missing. If this check of the tag fails, `swap` raises
        Conflict and writes nothing.
        """
        raise unsupported(self, "compare and swap", Feature.SWAP)

    def remove(self, key: str, /, expected: Tag) -> None:
        """Delete ``key`` if it still has the tag ``expected``. Needs REMOVE.

        Raises Conflict if ``key`` has another tag or is missing. If ``expected`` is ABSENT, it always raises
        Conflict, because a missing key cannot be deleted.
        """
        raise unsupported(self, "compare and delete", Feature.REMOVE)

    def transact(self, changes: Iterable[Operation[V]], /) -> None:
        """Apply all of ``changes`` or none of them. Needs ATOMIC.

        Every Expect is compared with the state before the transaction; then the puts and deletes apply in
        order. Raises Conflict if an Expect fails, and TypeError if a change is not a Put, Delete or Expect.
        """
        raise unsupported(self, "change several keys at once", Feature.ATOMIC)

    def modify(self, key: str, function: Callable[[V], V], /, default: V | Missing = MISSING) -> V:
        """Replace the value of ``key`` by ``function(value)``, and return the new value. Needs SWAP.

        If ``key`` is missing, ``function`` gets ``default``; without a default, this raises KeyError.
        ``function`` runs again each time another writer was first, so it should compute and do nothing else.
        Raises Conflict after a thousand lost attempts. Raises TypeError and writes nothing if ``function``
        changed its argument in place and returned None. If ``function`` returned None and did not change its
        argument, None is the new value.
        """
        for attempt in range(ATTEMPTS):
            value, tag = _tagged_or(self, key, default)
            changed = function(value)
            if changed is None and _was_other(self, key, value, tag, default):
                raise in_place_error()
            try:
                self.swap(key, changed, tag)
            except Conflict:
                time.sleep(pause(attempt))
            else:
                return changed
        raise Conflict(f"{key!r} changed {ATTEMPTS} times while it was modified; try again", key=key)

    @overload
    def pop(self, key: str, /) -> V: ...
    @overload
    def pop(self, key: str, /, default: V) -> V: ...
    @overload
    def pop(self, key: str, /, default: D) -> V | D: ...
    def pop(self, key: str, /, default: object = MISSING) -> object:
        """Delete ``key`` and return exactly the value that was deleted, despite other writers. Needs REMOVE.

        If ``key`` is missing, this returns ``default``; without a default, it raises KeyError.
        """
        value = self._take(key)
        if value is not MISSING:
            return value
        if default is MISSING:
            raise KeyError(key)
        return default

    def _take(self, key: str, /) -> V | Missing:
        """Delete ``key`` and return the deleted value, or MISSING if it is missing. Needs REMOVE.

        A hook of `pop` and `popitem`. Override it if the store can do this in one step. Raises Conflict after
        a thousand lost attempts.
        """
        for _ in range(ATTEMPTS):
            try:
                value, tag = self.get_tagged(key)
            except KeyError:
                return MISSING
            try:
                self.remove(key, tag)
            except Conflict:
                continue
            return value
        raise Conflict(f"{key!r} changed {ATTEMPTS} times while it was popped; try again", key=key)

    def popitem(self) -> tuple[str, V]:
        """Delete the first key and return it with its value. Needs REMOVE.

        Raises KeyError if the store is empty.
        """
        for key in self.scan():
            value = self._take(RawKey(key))
            if value is not MISSING:
                return key, value
        raise KeyError("popitem(): the store is empty")

    @overload
    def setdefault(self: "Store[D | None]", key: str, /, default: None = None) -> D | None: ...
    @overload
    def setdefault(self, key: str, /, default: V) -> V: ...
    def setdefault(self, key: str, /, default: Any = None) -> Any:
        """Return the value of ``key``; if ``key`` is missing, first set it to ``default``. Needs SWAP."""
        return self._setdefault(key, default)

    def _setdefault(self, key: str, default: V, /) -> V:
        """Return the value of ``key``; if ``key`` is missing, first set it to ``default``. Needs SWAP.

        A hook of `setdefault`. Override it if the store can do this in one step. Raises Conflict after a
        thousand lost attempts.
        """
        for _ in range(ATTEMPTS):
            try:
                return self[key]
            except KeyError:
                pass
            try:
                self.swap(key, default, ABSENT)
            except Conflict:
                continue
            return default
        raise Conflict(
            f"{key!r} was created and deleted {ATTEMPTS} times in the meantime; try again", key=key
        )

    # ---- Expiry --------------------------------------------------------------------------------

    def lasting(self, ttl: float | None, /) -> "Store[V]":
        """Return the same store, but values that are written through it expire after ``ttl`` seconds.

        With None, they never expire. Raises Unsupported if no layer `Expires` lets values expire.
        """
        raise _without_expiry(self)

    def remaining(self, key: str, /) -> float | None:
        """Return in how many seconds the value of ``key`` expires; None if it never does.

        Raises KeyError if ``key`` is missing, and Unsupported if no layer `Expires` lets values expire.
        """
        raise _without_expiry(self)

    def touch(self, key: str, ttl: float | None, /) -> None:
        """Let the value of ``key`` expire in ``ttl`` seconds from now, or never if that is None. Needs SWAP.

        Raises KeyError if ``key`` is missing.
        """
        self.lasting(ttl).modify(key, lambda value: value)

    def sweep(self, prefix: str = "") -> int:
        """Delete the expired values under ``prefix``, and return how many were deleted. Needs REMOVE.

        A value that is written again in the meantime stays. Raises Unsupported if no layer `Expires` lets values
        expire.
        """
        raise _without_expiry(self)

    def _expiring(self, deadline: Callable[[], float | None], /) -> "Store[V]":
        """Return the same store, but a value that is written through it may be deleted after its deadline.

        A hook of the layer `Expires`, which hides such a value before that. Each write calls ``deadline`` when it
        has the value, and gets seconds since 1970 UTC, or None for a value that stays. Override it if the store
        deletes such values by itself. A layer overrides it if it writes each value once, at once, and under the
        same key. Values that are written through `raw` stay.
        """
        return self

    # ---- History -------------------------------------------------------------------------------

    def history(self, key: str, /) -> Iterator[Revision]:
        """Yield the revisions of ``key``, newest first, lazily; the first is the current one. Needs HISTORY.

        Raises KeyError if ``key`` never existed. A deletion is a revision too.
        """
        raise _without_history(self)

    def at(self, key: str, revision: int, /) -> V:
        """Return the value of ``key`` at ``revision``. Needs HISTORY.

        Raises KeyError if the revision is a deletion or the key never existed. Raises NoRevision if the
        revision does not exist or was dropped.
        """
        raise _without_history(self)

    def as_of(self, time: datetime, /) -> "Store[V]":
        """Return a read-only view of the store as it was at ``time`` (with a time zone). Needs HISTORY.

        Each key has the value of its newest revision, by number, that is not later than ``time``. Reading a
        key raises NoRevision if its revision of that time was dropped.
        """
        raise _without_history(self)

    # ---- Changes -------------------------------------------------------------------------------

    def changes(self, since: str | None = None, *, prefix: str = "") -> "Changes":
        """Return the keys under ``prefix`` that changed since the position ``since``, each with its tag now.

        Needs CHANGES. A key that was deleted has the tag ABSENT. A key that was written several times may
        come once or several times; the last time, it has its tag of now. A key that is written after this
        call may come or not. Without ``since``, every key comes, and no deleted key. In both cases
        ``position`` of the result is the position to go on from: after each change, or at the end. Go on with
        the same ``prefix``, because the position says nothing about other keys.

        A position survives restarts, and never passes a change that is committed later. Raises Expired if
        the feed cannot go on from ``since``: it is older than the deletions that the store still records, or
        it is of another store, or the store was replaced or restored from a backup. Raises InvalidPosition
        if ``since`` is not a position.
        """
        remedy = "wrap it in holdall.SnapshotFeed, which compares its keys and tags with remembered ones"
        raise unsupported(self, "tell what changed", Feature.CHANGES, remedy)

    def watch(self, since: str, *, prefix: str = "", timeout: float | None = None) -> bool:
        """Wait until a key under ``prefix`` changes after the position ``since``. Needs CHANGES.

        Returns True as soon as `changes` has a change to yield, which may be at once, and False after
        ``timeout`` seconds or when this store is closed. Raises the same errors as `changes`. A store that
        cannot be told of a change looks for one every quarter of a second.
        """
        from holdall.bell import INTERVAL, Bell  # it needs a Store, so importing it above would be circular

        return Bell().watch(lambda since: self.changes(since, prefix=prefix), since, timeout, INTERVAL)

    # ---- The store itself ----------------------------------------------------------------------

    def raw(self, prefix: str = "") -> "Store[bytes]":
        """Return a view of the stored bytes of every key under ``prefix``, including the reserved keys.

        There is no other way to reach reserved keys. The keys of the view are relative to ``prefix``. The
        view is for layers that store records of their own, and for exact copies of a whole store. An
        application does not need it.
        """
        from holdall.prefixed import Raw  # Raw is a Store, so importing it above would be circular

        return Raw(cast("Store[bytes]", self), prefix)

    def info(self) -> dict[str, str]:
        """Return information about this store beyond its contract, by name. This may cost requests.

        They are for people: `holdall doctor` prints them. Their names and texts may change at any time.
        """
        return {}

    def close(self) -> None:
        """Release handles. It may be called twice. It saves nothing: every write that returned is saved.

        The store may not work after it is closed.
        """

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        args, kwargs = self._made_with
        return format_call(type(self).__name__, args, kwargs)

    def __reduce__(self) -> tuple[Any, ...]:
        return _remake, (type(self), *self._made_with)


def to_bytes(value: bytes) -> bytes:
    """Return ``value`` as immutable bytes. Raises TypeError if it is not bytes, bytearray or memoryview.

    >>> to_bytes(bytearray(b"ab"))
    b'ab'
    """
    if type(value) is bytes:
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    kind = type(value).__name__
    raise TypeError(f"a store of bytes does not keep {kind}; wrap it in a serializer such as Json")


def size_of(store: Store[Any], key: str, value: object) -> int:
    """Return how many bytes ``value`` has, the value of ``key``. Raises Unsupported if it is not bytes."""
    if isinstance(value, bytes):
        return len(value)
    kind = type(value).__name__
    raise Unsupported(
        f"{store!r} cannot tell the size of {key!r}: its value is a {kind}, not bytes; "
        "raw().size(key) returns the size of the stored bytes",
        key=key,
    )


def in_place_error() -> TypeError:
    """Return the TypeError for a function that changed its argument in place in `Store.modify`."""
    return TypeError(
        "the function given to modify changed its argument in place and returned None; return the new value"
    )


def conflict(key: str) -> Conflict:
    """Return the Conflict for a lost compare-and-swap on ``key``."""
    return Conflict(f"{key!r} does not have the expected tag; read it again and retry", key=key)


def unsupported(store: Store[Any], action: str, feature: Feature, remedy: str = "") -> Unsupported:
    """Return the Unsupported for an ``action`` (a verb and its object) that needs ``feature``.

    >>> from holdall import Memory
    >>> unsupported(Memory(), "count its readers", Feature.SHARED)
    Unsupported('Memory() cannot count its readers: it lacks SHARED')
    """
    text = f"{store!r} cannot {action}: it lacks {feature.name}"
    return Unsupported(f"{text}; {remedy}" if remedy else text)


def pause(attempt: int) -> float:
    """Return a random number of seconds to wait after lost attempt ``attempt`` (from 0).

    It is below a bound that doubles with each attempt.
    """
    longest = min(_LONGEST_PAUSE, 0.0002 * 2 ** min(attempt, 10))
    return random.uniform(0, longest)  # noqa: S311 - it only spreads writers out in time; it is not secret


ATTEMPTS = 1000
_LONGEST_PAUSE = 0.1  # seconds


def _without_history(store: Store[Any]) -> Unsupported:
    return unsupported(
        store, "return history without the layer Versions (history=on in its address)", Feature.HISTORY
    )


def _without_expiry(store: Store[Any]) -> Unsupported:
    return Unsupported(
        f"the values of {store!r} do not expire; open it with the layer Expires (expires=1h in its address)"
    )


def _tagged_or(store: Store[V], key: str, default: V | Missing) -> Tagged[V]:
    try:
        return store.get_tagged(key)
    except KeyError:
        if default is MISSING:
            raise
        # If the function changes its argument in place, it must not see that change at the next attempt.
        return Tagged(copy.deepcopy(default), ABSENT)


def _was_other(store: Store[V], key: str, value: V, tag: Tag, default: V | Missing) -> bool:
    """Return whether ``key`` still has ``tag`` and its value differs from ``value``.

    ``value`` is the object that was read with ``tag``.
    """
    held = _tagged_or(store, key, default)
    return held.tag == tag and held.value != value


def _wrapping(new: Callable[..., Any], init: Callable[..., None]) -> Any:
    copied: Any = FunctionType(new.__code__, new.__globals__, closure=new.__closure__)
    copied.__wrapped__ = init
    return copied


def _remake(kind: type[Store[Any]], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Store[Any]:
    return kind(*args, **kwargs)


def _pairs(other: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(other, Mapping):
        return other.items()
    if hasattr(other, "keys"):  # dict.update treats such an object as a mapping
        return ((key, other[key]) for key in other.keys())  # noqa: SIM118 - it may not be iterable
    return cast(Iterable[tuple[str, Any]], other)


class _Items(ItemsView[str, V]):
    _mapping: Store[V]

    def __iter__(self) -> Iterator[tuple[str, V]]:
        return self._mapping.scan_items()


class _Values(ValuesView[V]):
    _mapping: Store[V]

    def __iter__(self) -> Iterator[V]:
        return (value for _, value in self._mapping.scan_items())

    def __contains__(self, value: object) -> bool:
        return any(held is value or held == value for held in self)
