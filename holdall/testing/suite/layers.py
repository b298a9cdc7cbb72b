"""Tests of a transform: it implements every operation itself, and makes one call below for each call."""

import contextlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar, Generic, TypeVar

import pytest

from holdall.adapters.memory import Memory
from holdall.errors import Conflict, Unsupported
from holdall.keys import Foreign
from holdall.layer import Layer, layers
from holdall.middleware.codec import Codec
from holdall.store import ABSENT, WHOLE, Delete, Expect, Feature, Put, Store
from holdall.testing.recorder import OPERATIONS, Recorder
from holdall.testing.suite.case import expect_error
from holdall.testing.values import BYTES, Values

V = TypeVar("V")
Wrap = Callable[[Store[Any]], Store[V]]
Use = Callable[[Store[Any]], object]


class LayerTests(Generic[V]):
    """Tests that a transform (codec, escape, prefix) adds no calls to the store below it.

    A subclass overrides the fixture `wrap`. It overrides ``values`` if the values of the layer are not bytes,
    and the fixture ``below`` if the values of the store below are not bytes. ``instead`` maps an operation to
    the other operations that the layer calls below for it.

    >>> from holdall import PassThrough
    >>> class TestPassThrough(LayerTests[bytes]):
    ...     @pytest.fixture
    ...     def wrap(self):
    ...         return PassThrough
    """

    values: Values[Any] = BYTES
    instead: ClassVar[Mapping[str, list[str]]] = {}

    @pytest.fixture
    def wrap(self) -> Wrap[V]:
        """Return a function that puts the layer on a store."""
        raise NotImplementedError("override the fixture wrap: it returns a function that wraps a store")

    @pytest.fixture
    def below(self) -> Store[Any]:
        """Return a new and empty store with every feature, on which the layer is put."""
        return Memory()

    def test_the_layer_overrides_every_operation(self, wrap: Wrap[V], below: Store[Any]) -> None:
        layer = type(wrap(below))
        assert [name for name in (*OPERATIONS, "features") if not _overrides(layer, name)] == []

    def test_features_are_those_of_the_store_below(self, wrap: Wrap[V], below: Store[Any]) -> None:
        layer = wrap(below)
        free = WHOLE if any(isinstance(each, Codec) for each in layers(layer)) else Feature.NONE
        assert layer.features | free == below.features | free

    def test_the_layer_makes_the_same_calls_below(self, wrap: Wrap[V], below: Store[Any]) -> None:
        under = Recorder(below)
        layer = wrap(under)
        over = Recorder(layer)
        for name, use in self._uses():
            over.clear()
            over.update({key: self.values.of(number) for number, key in enumerate("abc")})
            over.calls.clear()
            under.calls.clear()
            use(over)
            asked = [below for above in over.calls for below in self.instead.get(above, [above])]
            if isinstance(layer, Codec):
                asked = _decoded_first(layer.features).get(name, asked)
            assert (name, under.calls) == (name, asked)

    def _uses(self) -> list[tuple[str, Use]]:
        return [*self._reads(), *self._writes(), *self._swaps()]

    def _reads(self) -> list[tuple[str, Use]]:
        return [
            ("[]", lambda store: store["a"]),
            ("[] of a missing key", lambda store: expect_error(KeyError, store.__getitem__, "x")),
            ("get", lambda store: (store.get("a"), store.get("x"), store.get("x", 7))),
            ("in", lambda store: ("a" in store, "x" in store)),
            ("iteration", lambda store: (list(store.scan()), len(store), bool(store), [*iter(store)])),
            ("views", lambda store: ([*store.keys()], [*store.values()], [*store.items()])),
            ("in views", lambda store: ("a" in store.keys(), ("a", 7) in store.items())),  # noqa: SIM118
            ("scan with bounds", lambda store: list(store.scan("a", start="a", stop="b"))),
            ("scan_items", lambda store: list(store.scan_items("a", start="a", stop="b"))),
            ("scan_tags", lambda store: list(store.scan_tags("a", start="a", stop="b"))),
            (
                "scan_names",
                lambda store: [*store.scan_names("a", start="a", stop="b"), *store.foreign_names()],
            ),
            ("get_foreign", lambda store: expect_error(Unsupported, store.get_foreign, Foreign("a//b"))),
            ("get_many", lambda store: list(store.get_many(["a", "x", "b"]))),
            ("get_tagged", lambda store: store.get_tagged("a")),
            ("tag", lambda store: (store.tag("a"), store.tag("x"))),
            ("read", lambda store: _refusable(lambda: store.read("a", 0, 1))),
            ("open", lambda store: _refusable(lambda: store.open("a").close())),
            ("size", lambda store: _refusable(lambda: store.size("a"))),
            ("size of a missing key", lambda store: expect_error(KeyError, store.size, "x")),
            ("raw", lambda store: store.raw()),
            ("history", lambda store: expect_error(Unsupported, store.history, "a")),
            ("at", lambda store: expect_error(Unsupported, store.at, "a", 1)),
            ("as_of", lambda store: expect_error(Unsupported, store.as_of, datetime.now(UTC))),
        ]

    def _writes(self) -> list[tuple[str, Use]]:
        value = self.values.of(9)
        return [
            ("[] =", lambda store: store.__setitem__("a", value)),
            ("open to write", lambda store: _refusable(lambda: store.open("a", "wb").discard())),
            ("del", lambda store: store.__delitem__("a")),
            ("del of a missing key", lambda store: expect_error(KeyError, store.__delitem__, "x")),
            ("discard", lambda store: (store.discard("a"), store.discard("x"))),
            ("update", lambda store: (store.update(a=value), store.set_many([("x", value), ("y", value)]))),
            ("delete_many", lambda store: store.delete_many(["a", "x", "b"])),
            ("delete_prefix", lambda store: store.delete_prefix("a")),
            ("clear", lambda store: store.clear()),
            ("pop", lambda store: (store.pop("a"), store.pop("x", None), store.popitem())),
            ("pop of a missing key", lambda store: expect_error(KeyError, store.pop, "x")),
            ("setdefault", lambda store: (store.setdefault("a", value), store.setdefault("x", value))),
        ]

    def _swaps(self) -> list[tuple[str, Use]]:
        value = self.values.of(9)
        return [
            ("swap", lambda store: store.swap("x", value, ABSENT)),
            ("swap that loses", lambda store: expect_error(Conflict, store.swap, "a", value, ABSENT)),
            ("remove", lambda store: store.remove("a", store.get_tagged("a").tag)),
            ("modify", lambda store: store.modify("a", lambda held: held)),
            ("modify a default", lambda store: store.modify("x", lambda held: held, default=value)),
            ("transact", lambda store: store.transact([Expect("x", ABSENT), Put("x", value), Delete("a")])),
        ]


def _decoded_first(features: Feature) -> dict[str, list[str]]:
    """Return the calls of a codec with ``features``, by use, if they differ from the calls of other layers.

    A codec decodes a value before it deletes it or tells its size. Without RANGES and STREAMS it reads no part
    of a value, and opens none.
    """
    has_parts, has_files = Feature.RANGES in features, Feature.STREAMS in features
    size = ["read" if has_parts else "open" if has_files else "__getitem__"]
    opens = ["open"] if has_files else []
    return {
        "pop": ["get_tagged", "remove", "get_tagged", "scan", "get_tagged", "remove"],
        "pop of a missing key": ["get_tagged"],
        "read": ["read"] if has_parts else [],
        "open": opens,
        "open to write": opens,
        "size": size,
        "size of a missing key": size,
    }


def _refusable(call: Callable[[], object]) -> None:
    with contextlib.suppress(Unsupported):  # the values are not bytes, or a codec decodes whole values
        call()


def _overrides(layer: type[Store[Any]], name: str) -> bool:
    """Return whether a class of layers, and not the interface, defines ``name``."""
    definer = next(kind for kind in layer.__mro__ if name in vars(kind))
    return issubclass(definer, Layer) or definer not in Store.__mro__
