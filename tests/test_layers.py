"""Every transform forwards everything, and makes no call more below than was made to it."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar

import pytest

from holdall import (
    Budget,
    Cache,
    Codec,
    Json,
    Memory,
    Metrics,
    PassThrough,
    Prefix,
    ReadOnly,
    Replicas,
    SnapshotFeed,
    Validate,
    Versions,
)
from holdall.layer import Layer, layers
from holdall.middleware.guard import Guard
from holdall.middleware.manifest import Manifest
from holdall.store import Store
from holdall.testing import DOCUMENTS, LayerTests, recorder

# A prefix holds a part of the store below, so what is said of the whole it must scan for.
BY_SCANNING = {
    "__iter__": ["scan"],
    "__len__": ["scan"],
    "__bool__": ["scan"],
    "popitem": ["scan", "_take"],
    "clear": ["delete_prefix"],
}


class Upper(Codec[bytes, bytes]):
    """A codec of two functions, as an author writes one."""

    def encode(self, key: str, value: bytes) -> bytes:
        return value.upper()

    def decode(self, key: str, data: bytes) -> bytes:
        return data


class AnyValue:
    """A schema that accepts everything."""

    def to_python(self, value: Any, state: Any = None) -> Any:
        return value


STANDING = [
    *(PassThrough, Json, Metrics, Versions, ReadOnly, lambda store: Cache(store, 60)),
    lambda near: Cache(Memory(), 60, near=near),
    lambda history: Versions(Memory(), history=history),
    lambda store: Guard(store, Manifest(("serializer=json",))),
    SnapshotFeed,
    lambda state: SnapshotFeed(Memory(), state),
    lambda store: Replicas(store, Memory()),
    lambda store: Replicas(Memory(), store),
    lambda outbox: Replicas(Memory(), Memory(), outbox=outbox),
]


@pytest.mark.parametrize("layer", STANDING)
@pytest.mark.parametrize("given", ["redis://:hunter2@host/0", {}])
def test_a_layer_stands_on_a_store_and_on_nothing_else(layer: Any, given: Any) -> None:
    with pytest.raises(TypeError, match=f"not a {type(given).__name__}; holdall.open") as refusal:
        layer(given)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    "layer", [*STANDING[:6], lambda store: Json(ReadOnly(store=store)), lambda store: Json(store=store)]
)
def test_the_stores_of_a_stack_are_found_however_they_were_given(layer: Any) -> None:
    store = Memory()
    assert list(layers(layer(store)))[-1] is store


class TestPassThrough(LayerTests[bytes]):
    @pytest.fixture
    def wrap(self) -> Any:
        return PassThrough


class TestCodec(LayerTests[bytes]):
    @pytest.fixture
    def wrap(self) -> Any:
        return Upper


class TestJson(LayerTests[Any]):
    values = DOCUMENTS

    @pytest.fixture
    def wrap(self) -> Any:
        return Json


class TestPrefix(LayerTests[bytes]):
    instead = BY_SCANNING

    @pytest.fixture
    def wrap(self) -> Any:
        return lambda store: Prefix(store, "app")


class TestRaw(LayerTests[bytes]):
    instead = {**BY_SCANNING, "raw": []}

    @pytest.fixture
    def wrap(self) -> Any:
        return Store.raw


class TestMetrics(LayerTests[bytes]):
    @pytest.fixture
    def wrap(self) -> Any:
        return Metrics


class TestSnapshotFeed(LayerTests[bytes]):
    @pytest.fixture
    def wrap(self) -> Any:
        return SnapshotFeed


class TestBudget(LayerTests[bytes]):
    @pytest.fixture
    def wrap(self) -> Any:
        return lambda store: Budget(store, 1_000_000)


class TestValidate(LayerTests[Any]):
    values = DOCUMENTS
    instead: ClassVar = {"open": []}

    @pytest.fixture
    def wrap(self) -> Any:
        return lambda store: Validate(store, AnyValue())

    @pytest.fixture
    def below(self) -> Store[Any]:
        return Json(Memory())


def operations(kind: type) -> set[str]:
    """The methods that ``kind`` itself defines, but for private ones and the class machinery."""
    machinery = {"__subclasshook__", "__class_getitem__", "__init_subclass__"}
    named = {name for name, value in vars(kind).items() if callable(value) and name not in machinery}
    return {name for name in named if not name.startswith(("_abc", "__annotate")) and _answers(name)}


def _answers(name: str) -> bool:
    return name in recorder.OPERATIONS or not name.startswith("_") or name.startswith("__")


def test_the_interface_has_no_operation_that_the_checks_overlook() -> None:
    interface = set().union(*(operations(kind) for kind in Store.__mro__ if kind is not object))
    assert sorted(interface ^ {*recorder.OPERATIONS, *recorder.DERIVED}) == []


class Concurrent(Memory):
    """A store that counts the batches whose writes it could make concurrently."""

    batches = 0

    def _each(self, write: Callable[[str, bytes], object], items: Iterable[tuple[str, bytes]]) -> None:
        self.batches += 1
        super()._each(write, items)


@pytest.mark.parametrize("layer", [PassThrough, Upper, Metrics, Json, lambda store: Prefix(store, "app")])
def test_writes_of_several_steps_are_as_concurrent_through_a_layer_as_below(layer: Any) -> None:
    store = Concurrent()
    written = []
    layer(store)._each(lambda key, value: written.append((key, value)), [("a", 1), ("b", 2)])
    assert (store.batches, written) == (1, [("a", 1), ("b", 2)])


class ReadsOneByOne(PassThrough[bytes]):
    def get_many(self, keys: Iterable[str], /) -> Iterator[tuple[str, bytes]]:
        return Store.get_many(self, keys)


class LooksBeforeItWrites(PassThrough[bytes]):
    def __setitem__(self, key: str, value: bytes, /) -> None:
        if self._inner.get(key) != value:
            self._inner[key] = value


class ForgetsSetdefault(Layer[bytes, bytes]):
    __getitem__ = PassThrough.__getitem__
    __setitem__ = PassThrough.__setitem__


@pytest.mark.parametrize(
    ("layer", "check"),
    [
        (ReadsOneByOne, "test_the_layer_makes_the_same_calls_below"),
        (LooksBeforeItWrites, "test_the_layer_makes_the_same_calls_below"),
        (ForgetsSetdefault, "test_the_layer_overrides_every_operation"),
    ],
)
def test_a_layer_that_costs_more_is_rejected(layer: Any, check: str) -> None:
    with pytest.raises(AssertionError):
        getattr(LayerTests(), check)(layer, Memory())
