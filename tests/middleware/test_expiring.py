"""The deadlines that `Expires` passes on to a store that deletes values: through which layers, and for which values."""

import pickle
from collections.abc import Callable, Iterable
from typing import Any, Self

import pytest

from holdall import (
    Budget,
    Cache,
    Checksum,
    Escape,
    Expires,
    Gzip,
    Memory,
    Metrics,
    Prefix,
    Replicas,
    SnapshotFeed,
    Versions,
)
from holdall.middleware.guard import Guard
from holdall.middleware.manifest import Manifest
from holdall.store import ABSENT, Operation, Put, Store, Tag
from tests.middleware.bytes.layers import encrypted

NOW = 1_700_000_000.0
AFTER = NOW + 60 + 60  # the time to live, and a minute


class Dropping(Memory):
    """Notes the deadline of each value that is written; it deletes none."""

    def __init__(self) -> None:
        super().__init__()
        self.deadlines: dict[str, float | None] = {}
        self.deadline: Callable[[], float | None] | None = None
        self.plain = self

    def _expiring(self, deadline: Callable[[], float | None], /) -> Self:
        made = object.__new__(type(self))
        made.__dict__ |= {**self.__dict__, "deadline": deadline}
        return made

    def raw(self, prefix: str = "") -> Store[bytes]:
        return super().raw(prefix) if self.plain is self else self.plain.raw(prefix)

    def _note(self, key: str) -> None:
        self.deadlines[key] = None if self.deadline is None else self.deadline()

    def __setitem__(self, key: str, value: bytes, /) -> None:
        super().__setitem__(key, value)
        self._note(key)

    def swap(self, key: str, value: bytes, /, expected: Tag) -> Tag:
        tag = super().swap(key, value, expected)
        self._note(key)
        return tag

    def transact(self, changes: Iterable[Operation[bytes]], /) -> None:
        changes = list(changes)
        super().transact(changes)
        for change in changes:
            if isinstance(change, Put):
                self._note(change.key)


LAYERS: dict[str, Callable[[Store[bytes]], Store[bytes]]] = {
    "alone": lambda store: store,
    "codecs": lambda store: Gzip(Checksum(encrypted(store))),
    "keys": lambda store: Escape(Prefix(store, "app")),
    "interceptors": lambda store: Metrics(Budget(store, 1000)),
    "cache": lambda store: Cache(store, 60),
    "feed": SnapshotFeed,
    "guard": lambda store: Guard(store, Manifest(("expires",))),
    "all": lambda store: Guard(Gzip(Cache(Metrics(Prefix(store, "app")), 60)), Manifest(("expires",))),
}


@pytest.mark.parametrize("layers", LAYERS)
def test_a_deadline_comes_through_layers_that_write_a_value_once(layers: str) -> None:
    below = Dropping()
    stack = LAYERS[layers](below)
    store = Expires(stack, 60, clock=lambda: NOW)
    store["set"] = b"1"
    tag = store.swap("swapped", b"2", ABSENT)
    store.lasting(None)["lasts"] = b"3"
    store.lasting(600).swap("swapped", b"4", tag)
    found = {key.rpartition("/")[2]: at for key, at in below.deadlines.items() if ".holdall" not in key}
    assert found == {"set": AFTER, "swapped": AFTER + 540, "lasts": None}
    assert dict(store.items()) == {"set": b"1", "swapped": b"4", "lasts": b"3"}
    assert {at for key, at in below.deadlines.items() if ".holdall" in key} <= {None}
    assert pickle.loads(pickle.dumps(Expires(Memory("expiring"), 60)))._ttl == 60_000_000


POLICIES: dict[str, Callable[[Store[bytes]], Store[bytes]]] = {
    "versions": Versions,
    "replicas": lambda store: Replicas(store, Memory(), deliver=False),
    "expires": Expires,
}


@pytest.mark.parametrize("policy", POLICIES)
def test_a_layer_that_keeps_what_it_replaces_or_copies_it_passes_no_deadline_on(policy: str) -> None:
    below = Dropping()
    store = Expires(POLICIES[policy](below), 60, clock=lambda: NOW)
    store["a"] = b"1"
    store.swap("b", b"2", ABSENT)
    assert {*below.deadlines.values()} == {None}


def test_each_value_of_a_slow_batch_gets_the_deadline_of_its_own_moment() -> None:
    now = NOW

    def slowly() -> Any:
        nonlocal now
        for number in range(3):
            now += 1000
            yield f"k{number}", b"1"

    below = Dropping()
    store = Expires(below, 60, clock=lambda: now)
    store.update(slowly())
    assert below.deadlines == {f"k{number}": AFTER + 1000 * (number + 1) for number in range(3)}
    store.transact([Put("a", b"1")])
    assert below.deadlines["a"] == now + 120
