"""The bounds of a cache are exact: of age, of room, of how many keys are asked for at once."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from holdall import Cache, Memory
from holdall.middleware.cache.clock import Clock
from holdall.middleware.cache.entry import Entry, pack
from holdall.store import ABSENT
from holdall.testing.recorder import Recorder


@pytest.mark.parametrize("near", [None, Memory])
def test_a_value_as_old_as_max_age_is_asked_for_again(near: Callable[[], Memory] | None) -> None:
    now = 0.0
    far = Recorder(Memory())
    store = Cache(far, 60, near=near and near(), clock=lambda: now)
    store["a"] = b"1"
    far.calls.clear()
    now = 59.999
    assert (store["a"], "a" in store, far.calls) == (b"1", True, [])
    now = 60.0
    assert ("a" in store, store["a"]) == (True, b"1")
    assert far.calls == ["__contains__", "get_tagged"]


@pytest.mark.parametrize("count", [1, 63, 64, 65, 128, 129])
def test_keys_are_asked_for_64_at_a_time(count: int) -> None:
    asked: list[int] = []

    class Counting(Memory):
        def get_many(self, keys: Any, /) -> Any:
            asked.append(len(keys))
            return super().get_many(keys)

    far = Counting()
    far.update({f"k{number:03}": b"%d" % number for number in range(count)})
    store = Cache(far, 60)
    keys = [f"k{number:03}" for number in range(count)]
    expected = [(key, b"%d" % number) for number, key in enumerate(keys)]
    assert list(store.get_many(iter(keys))) == expected
    assert asked == [64] * (count // 64) + [count % 64] * (count % 64 > 0)
    assert list(store.get_many(keys)) == expected
    assert sum(asked) == count


def test_a_clock_lets_go_of_no_more_than_it_must() -> None:
    clock = Clock(items=3, size=10)
    assert (clock.fits(10), clock.fits(11)) == (True, False)
    assert [clock.admit("a", 4), clock.admit("b", 4), clock.admit("c", 2)] == [[], [], []]
    assert clock.admit("d", 4) == ["a"]  # as many as before, and as large
    assert clock.admit("b", 4) == []  # a key that is there makes its own room
    assert clock.admit("e", 1) == ["c"]
    assert clock.admit("f", 10) == ["d", "b", "e"]
    clock.forget("f")
    clock.forget("f")
    assert [clock.admit("g", 5), clock.admit("h", 5)] == [[], []]
    clock.clear()
    assert [clock.admit("i", 9), clock.admit("j", 1), clock.admit("k", 0)] == [[], [], []]
    assert clock.admit("l", 0) == ["i"]


def test_a_key_that_was_asked_for_gets_one_more_round() -> None:
    clock = Clock(items=2, size=10)
    assert [clock.admit("a", 1), clock.admit("b", 1)] == [[], []]
    for key in ("a", "b", "missing"):
        clock.touch(key)
    assert clock.admit("c", 1) == ["a"]  # both were, so the first is taken at the second round
    assert clock.admit("d", 1) == ["b"]


@pytest.mark.parametrize("near", [None, Memory])
def test_a_value_that_just_fits_is_kept(near: Callable[[], Memory] | None) -> None:
    # What is kept of a key takes room too: the key, and in a store also what `pack` adds.
    entry = len("a") + (len(pack(Entry(bytes(50), ABSENT, 0.0))) if near else 50)
    for size, is_kept in ((entry, True), (entry - 1, False)):
        store = Cache(Memory(), 60, near=near and near(), size=size)
        store["a"] = bytes(50)
        assert (store._here().find("a") is not None) == is_kept
        assert store["a"] == bytes(50)


def test_what_a_near_store_holds_from_before_is_counted_and_cut_to_the_bounds() -> None:
    near = Memory()
    near.update({key: pack(Entry(b"1", ABSENT, 0.0)) for key in "abc"})
    near["large"] = pack(Entry(bytes(1000), ABSENT, 0.0))
    store = Cache(Memory(), 60, near=near, items=3, size=200)
    store["d"] = b"2"
    assert set(near) == {"b", "c", "d"}
    assert store._here().find("missing") is None
    assert store._here().find("d") is not None


def test_what_another_process_is_to_read_is_by_the_clock_on_the_wall() -> None:
    assert Cache(Memory(), 60)._clock is time.monotonic
    assert Cache(Memory(), 60, near=Memory())._clock is time.time
