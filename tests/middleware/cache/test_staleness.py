"""A cache with a second writer behind its back: what it answers was so within max_age, and since its own writes."""

import contextlib
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from holdall import Cache, Conflict, Memory, Unavailable
from holdall.store import ABSENT, Delete, Put, Store
from tests.conformance.minimal import Minimal
from tests.middleware.cache.flaky import Flaky
from tests.soak import SOAK

AGE = 10
KEYS = ("a", "b", "c")
keys = st.sampled_from(KEYS)
values = st.sampled_from([b"0", b"1", b"2"])
moments = st.integers(0, AGE + 2)
Held = bytes | None


class Lagging(RuleBasedStateMachine):
    """``history`` is what each key held, and since when: from the last write through the cache on."""

    def __init__(self, far: Store[bytes], max_age: float, near: Store[bytes] | None, misses: bool) -> None:
        super().__init__()
        self.now = 1_000_000.0
        self.max_age = max_age
        self.far = far
        self.flaky = Flaky(far)
        self.cache = Cache(self.flaky, max_age, near=near, items=2, misses=misses, clock=lambda: self.now)
        self.history: dict[str, list[tuple[float, Held]]] = {key: [(0, None)] for key in KEYS}

    def allowed(self, key: str) -> set[Held]:
        history = self.history[key]
        ends = [since for since, _ in history[1:]]
        late = {held for (_, held), end in zip(history, ends, strict=False) if self.now - end < self.max_age}
        return late | {history[-1][1]}

    def wrote(self, *written: str) -> None:
        for key in written:
            self.history[key] = [(self.now, self.far.get(key))]

    @rule(key=keys, value=values, fails=st.sampled_from(["", "", "before", "after"]))
    def write(self, key: str, value: bytes, fails: str) -> None:
        self.flaky.fails = fails
        with contextlib.suppress(Unavailable):
            self.cache[key] = value
        self.wrote(key)

    @rule(key=keys, fails=st.sampled_from(["", "before", "after"]))
    def delete(self, key: str, fails: str) -> None:
        self.flaky.fails = fails
        with contextlib.suppress(KeyError, Unavailable):
            del self.cache[key]
        self.wrote(key)

    @rule(key=keys, value=values, fails=st.sampled_from(["", "after"]))
    def write_many(self, key: str, value: bytes, fails: str) -> None:
        self.flaky.fails = fails
        with contextlib.suppress(Unavailable):
            self.cache.update({"a": value, key: value})
        self.wrote("a", key)

    @rule(key=keys, value=values)
    def swap(self, key: str, value: bytes) -> None:
        if isinstance(self.far, Memory):
            with contextlib.suppress(Conflict):
                self.cache.swap(key, value, self.cache.tag(key))
            with contextlib.suppress(Conflict):
                self.cache.swap(key, value, ABSENT)
            assert self.cache.modify(key, lambda held: held + b"", default=value)
            self.cache.transact([Put("b", value), Delete("c")])
            self.wrote(key, "b", "c")

    @rule(key=keys, value=values | st.none())
    def write_behind_its_back(self, key: str, value: Held) -> None:
        if value is None:
            self.far.discard(key)
        else:
            self.far[key] = value
        self.history[key].append((self.now, value))

    @rule(moments=moments)
    def wait(self, moments: int) -> None:
        self.now += moments

    @rule(key=keys)
    def read(self, key: str) -> None:
        assert self.cache.get(key) in self.allowed(key)

    @rule(key=keys)
    def look(self, key: str) -> None:
        assert (key in self.cache) in {held is not None for held in self.allowed(key)}

    @rule()
    def read_many(self) -> None:
        found = dict(self.cache.get_many(KEYS))
        for key in KEYS:
            assert found.get(key) in self.allowed(key)

    @rule(fails=st.just("before"), key=keys)
    def read_in_vain(self, fails: str, key: str) -> None:
        self.flaky.fails = fails
        with contextlib.suppress(Unavailable):
            assert self.cache.get(key) in self.allowed(key)
        self.flaky.fails = ""

    @invariant()
    def a_scan_is_of_the_far_store(self) -> None:
        assert dict(self.cache.scan_items()) == dict(self.far.items())


@pytest.mark.parametrize("misses", [False, True], ids=["", "misses"])
@pytest.mark.parametrize("near", [False, True], ids=["memory", "store"])
@pytest.mark.parametrize("max_age", [0, AGE])
@pytest.mark.parametrize("far", [Memory, Minimal])
def test_it_lags_no_more_than_it_says(far: Any, max_age: float, near: bool, misses: bool) -> None:
    run_state_machine_as_test(
        lambda: Lagging(far(), max_age, Memory() if near else None, misses),
        settings=settings(max_examples=2000 if SOAK else 10, stateful_step_count=30, deadline=None),
    )
