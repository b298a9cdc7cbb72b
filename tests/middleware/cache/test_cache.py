"""What a cache asks of the store behind it, what it keeps and lets go of, and what becomes of failures."""

import math
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from holdall import (
    Cache,
    Checksum,
    Conflict,
    Corrupt,
    File,
    Invalid,
    InvalidKey,
    Json,
    Memory,
    PassThrough,
    SQLite,
    StoreFull,
    Unavailable,
)
from holdall.middleware.cache.entry import unpack
from holdall.store import ABSENT, MISSING, Put, Store
from holdall.testing.recorder import Recorder
from tests.conformance.minimal import Minimal

HOUR = 3600.0


class Clock:
    """A clock that stands still until it is set."""

    now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def far() -> Recorder[bytes]:
    far = Recorder(Memory())
    far.update(a=b"1", b=b"2", c=b"3")
    far.calls.clear()
    return far


def asked(far: Recorder[bytes]) -> list[str]:
    calls, far.calls[:] = list(far.calls), []
    return calls


def test_a_read_asks_once_within_max_age_and_then_for_the_tag(far: Recorder[bytes], clock: Clock) -> None:
    store = Cache(far, 60, clock=clock)
    assert (store["a"], store["a"], store.get("a"), "a" in store) == (b"1", b"1", b"1", True)
    assert asked(far) == ["get_tagged"]
    clock.now += 60
    assert [store["a"] for _ in range(3)] == [b"1"] * 3
    assert asked(far) == ["tag"]
    clock.now += 60
    far._inner["a"] = b"9"
    assert [store["a"] for _ in range(3)] == [b"9"] * 3
    assert asked(far) == ["tag", "get_tagged"]
    assert store.stats() == {"hits": 7, "revalidated": 1, "misses": 2}


def test_with_no_age_each_read_asks_for_the_tag(far: Recorder[bytes]) -> None:
    store = Cache(far, 0)
    assert [store["a"] for _ in range(3)] == [b"1"] * 3
    assert asked(far) == ["get_tagged", "tag", "tag"]
    del far._inner["a"]
    assert "a" not in store
    assert store.get("a") is None


def test_a_store_without_tags_is_read_again(clock: Clock) -> None:
    far = Recorder(Minimal())
    far["a"] = b"1"
    far.calls.clear()
    store = Cache(far, 60, clock=clock)
    for _ in range(2):
        assert (store["a"], store["a"]) == (b"1", b"1")
        clock.now += 60
    assert asked(far) == ["get_tagged", "_find", "get_tagged", "_find"]


def test_what_was_written_is_not_asked_for(far: Recorder[bytes], clock: Clock) -> None:
    store = Cache(far, 60, clock=clock)
    value = bytearray(b"7")
    store["a"] = value
    value[:] = b"8"
    tag = store.swap("b", b"8", far._inner.tag("b"))
    asked(far)
    assert (store["a"], store["b"]) == (b"7", b"8")
    assert asked(far) == []
    clock.now += 60
    assert (store["a"], store["b"]) == (b"7", b"8")
    assert asked(far) == ["get_tagged", "tag"]  # `[] =` tells no tag, and swap does
    assert far._inner.tag("b") == tag


def test_a_missing_key_is_asked_for_each_time_unless_it_is_to_be_kept(far: Recorder[bytes]) -> None:
    store = Cache(far, HOUR)
    assert [store.get("x"), store.get("x"), "x" in store] == [None, None, False]
    assert asked(far) == ["get_tagged", "get_tagged", "__contains__"]
    keeping = Cache(far, HOUR, misses=True)
    assert [keeping.get("x"), keeping.get("x", 7), "x" in keeping] == [None, 7, False]
    with pytest.raises(KeyError):
        keeping["x"]
    assert asked(far) == ["get_tagged"]
    assert keeping.setdefault("x", b"1") == keeping["x"] == b"1"


def test_many_are_asked_for_at_once_and_only_those_not_near(far: Recorder[bytes]) -> None:
    store = Cache(far, HOUR)
    assert store["b"] == b"2"
    asked(far)
    assert list(store.get_many(["c", "x", "b", "a", "c"])) == [
        ("c", b"3"),
        ("b", b"2"),
        ("a", b"1"),
        ("c", b"3"),
    ]
    assert asked(far) == ["get_many"]
    assert dict(store.get_many("abc")) == {"a": b"1", "b": b"2", "c": b"3"}
    assert asked(far) == []


def test_many_keys_are_taken_a_batch_at_a_time(far: Recorder[bytes]) -> None:
    taken = []

    def keys() -> Iterator[str]:
        for number in range(1000):
            taken.append(number)
            yield f"k{number}"

    far["k0"] = b"0"
    assert next(Cache(far, HOUR).get_many(keys())) == ("k0", b"0")
    assert len(taken) < 100


def test_scans_and_swaps_are_the_stores_own(far: Recorder[bytes]) -> None:
    store = Cache(far, HOUR)
    assert dict(store.items()) == dict(store.scan_items()) == {"a": b"1", "b": b"2", "c": b"3"}
    assert store["a"] == b"1"
    far._inner["a"] = b"9"
    assert store["a"] == b"1"  # within its hour
    assert store.get_tagged("a") == far._inner.get_tagged("a")
    assert store.modify("a", lambda held: held + b"!") == store["a"] == b"9!"
    far._inner["b"] = b"8"
    with pytest.raises(Conflict):
        store.swap("b", b"7", ABSENT)
    assert store["b"] == b"8"
    assert store.pop("b") == b"8"
    assert store.get("b") is None
    assert store.popitem() == ("a", b"9!")


def test_reserved_keys_are_written_through_and_never_kept(far: Recorder[bytes]) -> None:
    store = Cache(far, HOUR)
    raw = store.raw(".holdall/")
    raw["x"] = b"1"
    far._inner.raw()[".holdall/x"] = b"2"
    assert raw["x"] == b"2"
    store.raw()["a"] = b"7"
    assert store["a"] == b"7"
    for _ in range(2):
        with pytest.raises(InvalidKey):
            store[".holdall/x"]


def test_documents_go_above_it() -> None:
    store: Store[Any] = Json(Cache(SQLite(":memory:"), HOUR))
    store["a"] = {"n": [1]}
    store["a"]["n"].append(2)
    assert store["a"] == {"n": [1]}


@pytest.mark.parametrize("wrong", [{"max_age": -1}, {"max_age": math.nan}, {"items": 0}, {"size": 0}])
def test_bounds_that_cannot_be_meant(wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="cache"):
        Cache(Memory(), **{"max_age": 1, **wrong})


# ---- What is kept ------------------------------------------------------------------------------

NEAR = [None, Memory]


def kept(store: Cache, keys: str) -> str:
    """Those of ``keys`` that are near."""
    return "".join(key for key in keys if store._here().find(key))


@pytest.mark.parametrize("near", NEAR)
def test_what_is_asked_for_stays_and_what_is_not_goes(near: Any) -> None:
    store = Cache(Memory(), HOUR, near=near and near(), items=3)
    store.update(dict.fromkeys("abcde", b"1"))
    assert [store[key] for key in "abcad"]
    assert kept(store, "abcde") == "acd"


@pytest.mark.parametrize("near", NEAR)
def test_clear_leaves_nothing_near(far: Recorder[bytes], near: Any) -> None:
    store = Cache(far, HOUR, near=near and near())
    assert [store[key] for key in "abc"]
    store.clear()
    assert [store.get(key) for key in "abc"] == [None] * 3


def test_size_tells_of_the_value_that_read_reads(far: Recorder[bytes]) -> None:
    store = Cache(far, HOUR)
    assert store["a"]
    far["a"] = b"a new value"
    assert len(store.read("a")) == store.size("a") == 11


@pytest.mark.parametrize("near", NEAR)
def test_values_take_no_more_room_than_they_may(near: Any) -> None:
    store = Cache(Memory(), HOUR, near=near and near(), size=200)
    for number in range(50):
        store[f"k{number}"] = b"x" * number
        assert sum(len(store._here().find(key).value) for key in store if kept(store, [key])) <= 200
    assert kept(store, ["k48", "k49"])
    store["k49"] = b"x" * 500
    assert not kept(store, ["k49"])
    assert store["k49"] == b"x" * 500


def test_a_near_store_outlives_the_cache(far: Recorder[bytes], tmp_path: Path, clock: Clock) -> None:
    near = File(tmp_path, durability="os")
    with Cache(far, 60, near=near, clock=clock) as store:
        assert dict(store.get_many("abc"))
    clock.now += 59
    asked(far)
    later = Cache(far, 60, near=near, items=2, clock=clock)
    assert [later[key] for key in "abc"] == [b"1", b"2", b"3"]
    assert asked(far) == []
    later["d"] = b"4"  # what was there before counts too
    assert len(near) == 2
    assert pickle.loads(pickle.dumps(Cache(File(tmp_path / "far"), 60, near=near)))._near == near


def test_a_clock_that_went_back_makes_nothing_younger(far: Recorder[bytes], clock: Clock) -> None:
    store = Cache(far, 60, near=Memory(), clock=clock)
    assert store["a"] == b"1"
    clock.now -= 10
    far._inner["a"] = b"9"
    assert store["a"] == b"9"


def test_a_near_store_is_not_written_to_look_at_a_tag(far: Recorder[bytes]) -> None:
    near = Recorder(Memory())
    store = Cache(far, 0, near=near)
    assert store["a"] == store["a"] == b"1"
    assert near.calls.count("__setitem__") == 1


# ---- Failures ----------------------------------------------------------------------------------


class Full(PassThrough[bytes]):
    """A near store without room."""

    def __setitem__(self, key: str, value: bytes, /) -> None:
        raise StoreFull("no room")


class Away(PassThrough[bytes]):
    """A near store that cannot be read."""

    def _find(self, key: str, /) -> Any:
        raise Unavailable("away")


class Sticky(PassThrough[bytes]):
    """A near store that cannot forget."""

    def discard(self, key: str, /) -> None:
        raise Unavailable("away")


@pytest.mark.parametrize("kind", [Full, Away])
def test_a_near_store_that_fails_is_passed_by(far: Recorder[bytes], kind: Any) -> None:
    store = Cache(far, HOUR, near=kind(Memory()))
    store["a"] = b"7"
    assert (store["a"], store.get("x"), dict(store.get_many("ab"))) == (b"7", None, {"a": b"7", "b": b"2"})


def test_nothing_is_written_that_a_near_store_cannot_forget(far: Recorder[bytes]) -> None:
    store = Cache(far, HOUR, near=Sticky(Memory()))
    assert store["a"] == b"1"
    with pytest.raises(Unavailable):
        store["a"] = b"7"
    with pytest.raises(Unavailable):
        store.transact([Put("a", b"7")])
    assert store["a"] == far["a"] == b"1"


@pytest.mark.parametrize(
    "damage", [b"", b"\xfc", b"\xfe" + bytes(20), b"\xfc" + bytes(8) + b"\0\1\xff", b"\xfd" + bytes(11)]
)
def test_a_near_value_that_no_cache_wrote_is_replaced(far: Recorder[bytes], damage: bytes) -> None:
    near = Memory()
    near["a"] = damage
    store = Cache(far, HOUR, near=near)
    assert store["a"] == b"1"
    assert unpack("a", near["a"]).value == b"1"
    with pytest.raises(Corrupt):
        unpack("a", damage)


def test_a_near_store_that_checks_finds_damage(far: Recorder[bytes]) -> None:
    below = Memory()
    store = Cache(far, HOUR, near=Checksum(below))
    assert store["a"] == b"1"
    below["a"] = below["a"][:-1] + b"9"
    assert store["a"] == b"1"


def test_entries_that_say_a_key_is_missing_are_kept_in_a_store_too(far: Recorder[bytes]) -> None:
    near = Memory()
    assert Cache(far, HOUR, near=near, misses=True).get("x") is None
    asked(far)
    assert Cache(far, HOUR, near=near, misses=True).get("x") is None
    assert asked(far) == []
    assert unpack("x", near["x"]).value is MISSING
