"""The interface: one dict over any store. Read this first.

An adapter supplies four methods; everything else has a default here that is correct though slow, or
refuses with `Unsupported`; none is racy. What a store can promise beyond the four it declares in
`Store.features`, and nothing else tells stores apart.

The contract, the same on every store (`holdall.testing` checks it):

- Keys are str in the portable grammar of `holdall.keys`; anything else is TypeError or InvalidKey
  before any I/O.
- A missing key is KeyError, and nothing else is.
- A write that returned is durable at the level the store states. Values are copies.
- A scan is in code-point order and yields once everything that is there throughout; what is written or
  deleted meanwhile may or may not appear; it never raises for that.
- Threads may share a store. Processes reopen it: a pickle holds how the store was made, never a handle.
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
from typing import Any, Final, Generic, NamedTuple, NewType, NoReturn, Self, TypeVar, cast, overload

from holdall.errors import Conflict, Unsupported
from holdall.history import Revision
from holdall.keys import Foreign, RawKey, shown
from holdall.redact import shown_call

V = TypeVar("V")
T = TypeVar("T")
D = TypeVar("D")

Tag = NewType("Tag", str)
"""Names one state of one key. Tags are equal or not; they have no order.

Two tags of a key that differ: it was written in between. Two that are equal: it held the same value both
times, and where the store has TICKS, it was not written in between.
"""

ABSENT: Final = Tag("")
"""The tag of a key that is not there. No store issues it for one that is."""


class Missing(enum.Enum):
    """The type of `MISSING`."""

    MISSING = enum.auto()

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing.MISSING
"""Stands for no value, and for no default given."""


class Tagged(NamedTuple, Generic[V]):
    """A value and the tag it was read under."""

    value: V
    tag: Tag


class Put(NamedTuple, Generic[V]):
    """In a transaction: ``key`` holds ``value`` afterwards."""

    key: str
    value: V


class Delete(NamedTuple):
    """In a transaction: ``key`` is gone afterwards. Not an error where it was not there."""

    key: str


class Expect(NamedTuple):
    """In a transaction: ``key`` carries ``tag`` (or is missing: ABSENT) before it, or Conflict."""

    key: str
    tag: Tag


Change = Put[V] | Delete | Expect


def key_of(change: Change[Any], /) -> str:
    """The key that ``change`` is about; TypeError for what is no change.

    >>> key_of(Delete("a"))
    'a'
    """
    if isinstance(change, Put | Delete | Expect):
        return change.key
    raise TypeError(f"transact takes a list of Put, Delete and Expect, not {type(change).__name__}")


class Feature(enum.Flag):
    """What a store promises beyond the mapping protocol."""

    NONE = 0
    SEEK = enum.auto()
    """A scan costs what it yields: prefix, start and stop are looked up, not filtered."""
    BATCH = enum.auto()
    """get_many, set_many and delete_many cost fewer round trips or commits than one a key."""
    TAGS = enum.auto()
    """get_tagged, tag and scan_tags."""
    TICKS = enum.auto()
    """A tag never comes again for its key. Without it, a tag may be a hash that equal bytes bring back."""
    SWAP = enum.auto()
    """swap: compare-and-swap, and creation of an absent key, decided by the store itself."""
    REMOVE = enum.auto()
    """remove: compare-and-delete, decided by the store itself."""
    ATOMIC = enum.auto()
    """transact: several keys, all or nothing."""
    HISTORY = enum.auto()
    """history, at and as_of: what a key held before."""
    SHARED = enum.auto()
    """Other processes that open the same address see the same data."""
    DURABLE = enum.auto()
    """A write that returned is still there after this process is killed; `holdall.testing` tests that.

    Whether it is there after a power failure depends on the store's ``durability``; that is not tested.
    """


class Store(MutableMapping[str, V]):
    """A mapping of str to ``V``, kept somewhere. Adapters are ``Store[bytes]``; layers make more of it.

    An adapter supplies ``__getitem__``, ``__setitem__``, ``__delitem__`` and ``scan``, and overrides what
    its store does better. Constructor arguments are remembered, which gives `repr` and pickling.

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
        # A copy of __new__ that wraps __init__: so Sphinx, help() and editors show the parameters of __init__.
        if "__init__" in vars(cls) and "__new__" not in vars(cls):
            cls.__new__ = _wrapping(Store.__new__, cls.__init__)  # type: ignore[method-assign]

    # ---- The four an adapter supplies ----------------------------------------------------------

    @abstractmethod
    def __getitem__(self, key: str, /) -> V:
        """The value of ``key``; KeyError where it is missing, and only then."""

    @abstractmethod
    def __setitem__(self, key: str, value: V, /) -> None:
        """Make ``value`` the value of ``key``: wholly or not at all, durably once it returns."""

    @abstractmethod
    def __delitem__(self, key: str, /) -> None:
        """Delete ``key``; KeyError where it is missing."""

    @abstractmethod
    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        """Keys that begin with ``prefix``, from ``start`` on and before ``stop``, in order.

        Bounds are whole keys, not relative to the prefix. Reserved keys are not shown.
        """

    # ---- Reading -------------------------------------------------------------------------------

    @property
    def features(self) -> Feature:
        """What this store promises. May cost a request the first time it is asked on a remote store."""
        return Feature.NONE

    @overload
    def get(self, key: str, /) -> V | None: ...
    @overload
    def get(self, key: str, /, default: V) -> V: ...
    @overload
    def get(self, key: str, /, default: D) -> V | D: ...
    def get(self, key: str, /, default: object = None) -> object:
        """The value of ``key``, or ``default`` where it is missing. A store that can do better overrides `_find`."""
        value = self._find(key)
        return default if value is MISSING else value

    def _find(self, key: str, /) -> V | Missing:
        """The value of ``key``, or MISSING. `get` stands on this, and a layer calls it on the store below."""
        try:
            return self[key]
        except KeyError:
            return MISSING

    def __contains__(self, key: object, /) -> bool:
        """Whether ``key`` is there. TypeError for a key that is not a str, where a dict would say False."""
        try:
            self[cast(str, key)]
        except KeyError:
            return False
        return True

    def __iter__(self) -> Iterator[str]:
        return self.scan()

    def __len__(self) -> int:
        """How many keys there are. This lists the store (and ``list(store)`` lists it twice: `scan` once)."""
        return sum(1 for _ in self.scan())

    def __bool__(self) -> bool:
        """Whether there is any key. Asks for one."""
        return next(self.scan(), None) is not None

    def items(self) -> ItemsView[str, V]:
        """A view over `scan_items`."""
        return _Items(self)

    def values(self) -> ValuesView[V]:
        """A view over the values of `scan_items`."""
        return _Values(self)

    def scan_items(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, V]]:
        """Keys and values as `scan` orders them. A key that vanishes meanwhile is left out."""
        keys = map(RawKey, self.scan(prefix, start=start, stop=stop))
        return ((str(key), value) for key, value in self.get_many(keys))

    def scan_names(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        """Keys as `scan` orders them, and every foreign name within the same bounds, in any order among them.

        A foreign name is the name of a value that another program stored and that cannot be a key, such as
        ``a//b``: it is a `holdall.keys.Foreign`. Scans leave it out, `clear` does not delete it, and only
        `get_foreign` reads it. Reserved keys are not foreign. Costs a listing, or on file systems two.
        """
        return self.scan(prefix, start=start, stop=stop)

    def foreign_names(self, prefix: str = "") -> Iterator[Foreign]:
        """The foreign names of `scan_names`, lazily, in any order. Lists the store."""
        return (name for name in self.scan_names(prefix) if isinstance(name, Foreign))

    def get_foreign(self, name: Foreign, /) -> V:
        """The value of ``name``, which `scan_names` or `foreign_names` of this store yielded.

        Raises KeyError if it is gone, and Unsupported if this store cannot read it.
        """
        raise Unsupported(f"{self!r} cannot read the value of the foreign name {shown(name)}")

    def get_many(self, keys: Iterable[str], /) -> Iterator[tuple[str, V]]:
        """``(key, value)`` for each of ``keys`` that is there, in the order asked, lazily."""
        for key in keys:
            value = self._find(key)
            if value is not MISSING:
                yield key, value

    def typed(self, type: type[T], /) -> "Store[T]":
        """A view for reading that decodes only the part of each document that ``type`` declares.

        Unsupported where no layer decodes documents. Writing through it is refused.
        """
        raise Unsupported(f"{self!r} decodes no documents; wrap it in Json to read {type.__name__}")

    # ---- Writing -------------------------------------------------------------------------------

    def update(self, other: Any = (), /, **values: V) -> None:
        """As `dict.update`. Each key is written wholly or not at all; the batch may be written in part."""
        self.set_many(itertools.chain(_pairs(other), values.items()))

    def __ior__(self, other: Any) -> Self:  # type: ignore[misc]  # `|` itself is refused
        """As `update`: ``store |= other`` writes every pair of ``other``."""
        self.update(other)
        return self

    def __or__(self, other: object) -> NoReturn:
        """TypeError: ``|`` of two dicts makes a dict, and it should be seen that this one reads the whole store."""
        raise TypeError(
            f"| does not read the whole of {self!r}; write dict(store) | other, or store |= other"
        )

    __ror__ = __or__

    def copy(self) -> NoReturn:
        """TypeError: a copy needs a place, which only the caller can name."""
        raise TypeError(
            f"{self!r} has no copy(); write dict(store) to read all of it into memory, "
            "or other.update(store.items()) to copy it to another store"
        )

    def set_many(self, items: Iterable[tuple[str, V]], /) -> None:
        """Write every pair of ``items``, which may be any length; the last of equal keys wins."""
        self._each(self.__setitem__, items)

    def _each(self, write: Callable[[str, V], object], items: Iterable[tuple[str, V]]) -> None:
        """Call ``write`` with every pair of ``items``; pairs with equal keys in their order.

        A store where several writes at once are faster overrides this. A layer whose writes take several
        steps hands them to the `_each` of the store below, and so gets the same concurrency.
        """
        for key, value in items:
            write(key, value)

    def discard(self, key: str, /) -> None:
        """Delete ``key`` if it is there."""
        with contextlib.suppress(KeyError):
            del self[key]

    def delete_many(self, keys: Iterable[str], /) -> None:
        """Delete those of ``keys`` that are there."""
        for key in keys:
            self.discard(key)

    def clear(self) -> None:
        """Delete every key that a scan shows. Lists once; what is written meanwhile may stay."""
        self.delete_many(map(RawKey, self.scan()))

    # ---- Compare-and-swap ----------------------------------------------------------------------

    def get_tagged(self, key: str, /) -> Tagged[V]:
        """The value of ``key`` and its tag, read together; KeyError where it is missing. Needs TAGS."""
        raise self._cannot("tell tags", Feature.TAGS)

    def _tagged_many(self, keys: Iterable[str], /) -> Iterator[tuple[str, Tagged[V]]]:
        """``(key, get_tagged(key))`` for each of ``keys`` that is there, in the order asked, lazily."""
        for key in keys:
            with contextlib.suppress(KeyError):
                yield key, self.get_tagged(key)

    def tag(self, key: str, /) -> Tag:
        """The tag of ``key``, ABSENT where it is missing. Most stores do not read the value for it. Needs TAGS."""
        try:
            return self.get_tagged(key).tag
        except KeyError:
            return ABSENT

    def scan_tags(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, Tag]]:
        """Keys and tags as `scan` orders them, without reading values. Needs TAGS."""
        raise self._cannot("tell tags", Feature.TAGS)

    def swap(self, key: str, value: V, /, expected: Tag) -> Tag:
        """Write ``value`` if ``key`` still carries ``expected``, or is missing where that is ABSENT.

        Returns the new tag. Conflict where it lost, and then nothing was written. Needs SWAP.
        """
        raise self._cannot("compare and swap", Feature.SWAP)

    def remove(self, key: str, /, expected: Tag) -> None:
        """Delete ``key`` if it still carries ``expected``; Conflict where it does not. Needs REMOVE.

        ABSENT is no state to remove, so it always is Conflict.
        """
        raise self._cannot("compare and delete", Feature.REMOVE)

    def transact(self, changes: Iterable[Change[V]], /) -> None:
        """Apply all of ``changes`` or none: Conflict where an Expect fails. Needs ATOMIC.

        Every Expect is about the state before; puts and deletes then apply in order. TypeError for what is
        none of the three.
        """
        raise self._cannot("change several keys at once", Feature.ATOMIC)

    def modify(self, key: str, function: Callable[[V], V], /, default: V | Missing = MISSING) -> V:
        """Replace the value of ``key`` by ``function`` of it, and return the new value. Needs SWAP.

        A missing key is KeyError, or reads as ``default``. ``function`` runs again each time that another
        writer came first, so it should do nothing but compute. Conflict after a thousand such attempts.
        Raises TypeError if ``function`` changed its argument in place and returned None, and writes nothing.
        If it left its argument as it was, None is the new value.
        """
        for attempt in range(ATTEMPTS):
            value, tag = self._tagged_or(key, default)
            changed = function(value)
            if changed is None and self._was_other(key, value, tag, default):
                raise changed_in_place()
            try:
                self.swap(key, changed, tag)
            except Conflict:
                time.sleep(pause(attempt))
            else:
                return changed
        raise Conflict(f"{key!r} changed {ATTEMPTS} times while it was modified; try again", key=key)

    def _tagged_or(self, key: str, default: V | Missing) -> Tagged[V]:
        try:
            return self.get_tagged(key)
        except KeyError:
            if default is MISSING:
                raise
            # A function that changes its argument in place must not see its own change at the next attempt.
            return Tagged(copy.deepcopy(default), ABSENT)

    def _was_other(self, key: str, value: V, tag: Tag, default: V | Missing) -> bool:
        """Whether ``key`` still carries ``tag``, and ``value``, which was read under it, differs from its value."""
        held = self._tagged_or(key, default)
        return held.tag == tag and held.value != value

    @overload
    def pop(self, key: str, /) -> V: ...
    @overload
    def pop(self, key: str, /, default: V) -> V: ...
    @overload
    def pop(self, key: str, /, default: D) -> V | D: ...
    def pop(self, key: str, /, default: object = MISSING) -> object:
        """Delete ``key`` and return the very value that was deleted, also beside other writers. Needs REMOVE.

        KeyError, or ``default``, where it is missing. A store that can do better overrides `_take`.
        """
        value = self._take(key)
        if value is not MISSING:
            return value
        if default is MISSING:
            raise KeyError(key)
        return default

    def _take(self, key: str, /) -> V | Missing:
        """Delete ``key`` and return what it held, or MISSING. `pop` and `popitem` stand on this."""
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
        """Delete the first key and return it with what it held; KeyError where there is none. Needs REMOVE."""
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
        """The value of ``key``, which becomes ``default`` if it is missing. Needs SWAP.

        A store that can do better overrides `_setdefault`.
        """
        return self._setdefault(key, default)

    def _setdefault(self, key: str, default: V, /) -> V:
        """The value of ``key``, which becomes ``default`` if it is missing. `setdefault` stands on this."""
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
        raise Conflict(f"{key!r} came and went {ATTEMPTS} times; try again", key=key)

    def _cannot(self, what: str, feature: Feature) -> Unsupported:
        return Unsupported(f"{self!r} cannot {what}: it lacks {feature.name}")

    # ---- History -------------------------------------------------------------------------------

    def history(self, key: str, /) -> Iterator[Revision]:
        """What ``key`` was, newest first, lazily; the first is what it is now. Needs HISTORY.

        KeyError where it never was. Deletions are revisions too.
        """
        raise self._forgets()

    def at(self, key: str, revision: int, /) -> V:
        """The value of ``key`` at ``revision``. Needs HISTORY.

        KeyError where that revision is a deletion or the key never was, NoRevision where there is no
        such revision, or none any more.
        """
        raise self._forgets()

    def as_of(self, time: datetime, /) -> "Store[V]":
        """The whole store as it was at ``time`` (with a time zone), for reading. Needs HISTORY.

        Each key has the value of its newest revision, by number, that is not later than ``time``. To read a
        key whose revision of that time was dropped is NoRevision.
        """
        raise self._forgets()

    def _forgets(self) -> Unsupported:
        return self._cannot("tell history without Versions (history=on in its address)", Feature.HISTORY)

    # ---- The store itself ----------------------------------------------------------------------

    def raw(self, prefix: str = "") -> "Store[bytes]":
        """The bytes of every key under ``prefix``, reserved keys included: the only way to reach those.

        Keys of the view are relative to ``prefix``. It is for layers that keep records of their own, and for
        copies of everything as it is stored; an application does not need it.
        """
        from holdall.prefixed import Raw  # a view is a store, so it cannot be imported above

        return Raw(cast("Store[bytes]", self), prefix)

    def facts(self) -> dict[str, str]:
        """What is worth knowing about this store beyond its contract, by name; may cost requests.

        For people: `holdall doctor` prints it. Nothing is promised about names or texts.
        """
        return {}

    def close(self) -> None:
        """Release handles. May be called twice. It saves nothing: every write that returned is saved.

        Not promised: that the store can be used afterwards.
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
        return shown_call(type(self).__name__, args, kwargs)

    def __reduce__(self) -> tuple[Any, ...]:
        return _remake, (type(self), *self._made_with)


def to_bytes(value: bytes) -> bytes:
    """``value`` as immutable bytes; TypeError unless it is a bytes-like object.

    >>> to_bytes(bytearray(b"ab"))
    b'ab'
    """
    if type(value) is bytes:
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    kind = type(value).__name__
    raise TypeError(f"only bytes are kept here, not {kind}; put a serializer such as Json on top")


def changed_in_place() -> TypeError:
    """The TypeError for a function that was given to `Store.modify`."""
    return TypeError(
        "the function given to modify changed its argument in place and returned None; return the new value"
    )


def conflict(key: str) -> Conflict:
    """The Conflict of a compare-and-swap on ``key`` that lost."""
    return Conflict(f"{key!r} is not as it was expected; read it again and retry", key=key)


def pause(attempt: int) -> float:
    """Seconds to wait after lost attempt number ``attempt``, from 0: random, below a bound that doubles."""
    longest = min(_LONGEST_PAUSE, 0.0002 * 2 ** min(attempt, 10))
    return random.uniform(0, longest)  # noqa: S311 - spreads writers out; nothing secret


ATTEMPTS = 1000
_LONGEST_PAUSE = 0.1  # seconds


def _wrapping(new: Callable[..., Any], init: Callable[..., None]) -> Any:
    copied: Any = FunctionType(new.__code__, new.__globals__, closure=new.__closure__)
    copied.__wrapped__ = init
    return copied


def _remake(kind: type[Store[Any]], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Store[Any]:
    return kind(*args, **kwargs)


def _pairs(other: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(other, Mapping):
        return other.items()
    if hasattr(other, "keys"):  # what dict.update takes for a mapping
        return ((key, other[key]) for key in other.keys())  # noqa: SIM118 - it may not iterate itself
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
