"""The base of every part of the suite: it opens stores, has values for them, and selects tests by feature."""

import functools
import pickle
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

import pytest

from holdall.errors import Unsupported
from holdall.store import ABSENT, Expect, Feature, Put, Store
from holdall.testing.interleave import POINTS
from holdall.testing.values import BYTES, Values

V = TypeVar("V")
E = TypeVar("E", bound=Exception)
S = TypeVar("S", bound="StoreCase[Any]")


class StoreCase(Generic[V]):
    """The base of each part of the suite.

    A subclass overrides the fixture `open_store`, and `values` if the values of the store are not bytes.
    ``many`` is the number of keys for a long scan; it must be more than the store fetches at once (S3 and GCS
    list 1,000). ``points`` is the number of places in an operation at which another caller interrupts it; it
    can be lower if a request is slow. Of the combinations of bounds of a scan, each ``stride``-th is tried; it
    can be higher if a request is slow. ``streamed`` is the number of bytes of a value that is read and written
    as a file; it must be more than the store reads or writes at once. ``names`` are the names in the repr of
    its stores that are not public names of holdall. ``secrets`` are texts that must not be visible anywhere.
    """

    values: Values[Any] = BYTES
    many: int = 1100
    points: int = POINTS
    stride: int = 1
    streamed: int = 2 << 20
    names: dict[str, Any] = {}  # noqa: RUF012 - subclasses override it and never change it
    secrets: tuple[str, ...] = ()

    @pytest.fixture
    def open_store(self) -> Callable[[], Store[V]]:
        """Return a function that opens a new and empty store at each call."""
        raise NotImplementedError(
            "override the fixture open_store: it returns a function that opens a new store"
        )

    @pytest.fixture
    def store(self, open_store: Callable[[], Store[V]]) -> Iterator[Store[V]]:
        with open_store() as store:
            yield store

    def fill(self, store: Store[V], keys: Iterable[str]) -> dict[str, V]:
        """Write a different value to each of ``keys``, and return the expected keys and values."""
        held = {key: self.values.of(number) for number, key in enumerate(keys)}
        store.set_many(held.items())
        return held

    def plant(self, store: Store[V]) -> dict[str, V]:
        """Store values under names that are not valid keys, as another program would do; return them by name.

        Override it if ``store`` can contain foreign names. The names are those that `Store.foreign_names`
        yields.
        """
        return {}

    def make_keys(self, count: int, form: str = "k{:05}") -> list[str]:
        """Return ``count`` keys in order."""
        return [form.format(number) for number in range(count)]

    def check_refusal(self, store: Store[V], lacking: Feature) -> None:
        """Check that an operation raises Unsupported and changes nothing if its feature is in ``lacking``."""
        if Feature.SHARED in lacking:
            self.check_private(store)
        value = store["there"] = self.values.of(1)
        for feature, call in self._dependent(store):
            if feature in lacking:
                with pytest.raises(Unsupported):
                    call()
        assert list(store.items()) == [("there", value)]

    def check_private(self, store: Store[V]) -> None:
        """Check that a pickle of a store that is not SHARED opens the same store here, or is refused."""
        value = store["there"] = self.values.of(1)
        try:
            pickled = pickle.dumps(store)
        except TypeError:
            return
        with pickle.loads(pickled) as other:
            assert list(other.items()) == [("there", value)]

    def _dependent(self, store: Store[V]) -> list[tuple[Feature, Callable[[], object]]]:
        other = self.values.of(2)
        return [
            (Feature.TAGS, lambda: store.get_tagged("there")),
            (Feature.TAGS, lambda: store.tag("there")),
            (Feature.TAGS, lambda: list(store.scan_tags())),
            (Feature.SWAP, lambda: store.swap("new", other, ABSENT)),
            (Feature.SWAP, lambda: store.modify("there", lambda value: other)),
            (Feature.SWAP, lambda: store.setdefault("new", other)),
            (Feature.REMOVE, lambda: store.remove("there", ABSENT)),
            (Feature.REMOVE, lambda: store.pop("there")),
            (Feature.REMOVE, lambda: store.popitem()),
            (Feature.ATOMIC, lambda: store.transact([Expect("new", ABSENT), Put("new", other)])),
            (Feature.RANGES, lambda: store.read("there", 0, 1)),
            (Feature.STREAMS, lambda: store.open("there")),
            (Feature.STREAMS, lambda: store.open("there", "wb")),
            (Feature.CHANGES, lambda: store.changes()),
            (Feature.CHANGES, lambda: store.watch("a.1", timeout=0)),
        ]


def expect_error(
    error: type[E] | tuple[type[E], ...], call: Callable[..., object], *arguments: Any, by: str = "the store"
) -> E:
    """Return the ``error`` that ``call(*arguments)`` raises. If it raises no error, fail and name ``by``."""
    try:
        call(*arguments)
    except error as refusal:
        return refusal
    pytest.fail(f"{by} accepted {arguments!r}, but should raise an error")


Check = Callable[[S, Store[Any]], None]


def needs(feature: Feature) -> Callable[[Check[S]], Check[S]]:
    """Run a check if the store has ``feature``. Otherwise, check that the store refuses the operations."""

    def decorate(check: Check[S]) -> Check[S]:
        @functools.wraps(check)
        def choose(self: S, store: Store[Any]) -> None:
            lacking = feature & ~store.features
            if lacking:
                self.check_refusal(store, lacking)
            else:
                check(self, store)

        return choose

    return decorate
