"""Dropping old revisions: what is kept stays whole, and writers that slept notice."""

from datetime import UTC, datetime, timedelta

import pytest

from holdall import Json, Memory, Versions
from holdall.errors import NoRevision
from tests.middleware.versions.interleaved.scheduler import Fate, Writer, watched
from tests.middleware.versions.test_versions import numbers
from tests.middleware.versions.weaker import KINDS, Weaker


@pytest.fixture(params=KINDS)
def store(request):
    return Versions(Weaker("", request.param))


def written(store, key, count):
    for number in range(1, count + 1):
        store[key] = b"%d" % number


def test_the_newest_are_kept(store):
    written(store, "a", 10)
    written(store, "b", 2)
    store["c"] = b"1"
    assert store.prune(keep=3) == 7
    assert numbers(store, "a") == [10, 9, 8]
    assert [store.at("a", number) for number in (10, 9, 8)] == [b"10", b"9", b"8"]
    assert numbers(store, "b") == [2, 1]
    with pytest.raises(NoRevision, match="dropped"):
        store.at("a", 7)
    assert store.prune(keep=3) == 0
    store["a"] = b"11"
    assert numbers(store, "a") == [11, 10, 9, 8]


def test_numbers_go_on_after_everything_old_is_gone(store):
    written(store, "a", 3)
    del store["a"]
    assert store.prune(keep=1) == 3
    assert numbers(store, "a") == [4]
    store["a"] = b"5"
    assert numbers(store, "a") == [5, 4]
    store.prune(keep=1)
    store["a"] = b"6"
    assert numbers(store, "a") == [6, 5]
    assert list(store.fsck()) == []


def test_what_held_at_a_time_is_kept(store):
    written(store, "a", 3)
    store["b"] = b"1"
    time = datetime.now(UTC)
    written(store, "a", 2)
    then = dict(store.as_of(time))
    assert store.prune(before=time) == 2
    assert dict(store.as_of(time)) == then == {"a": b"3", "b": b"1"}
    assert numbers(store, "a") == [5, 4, 3]
    assert store.prune(before=time + timedelta(days=1)) == 2
    assert numbers(store, "a") == [5]


def test_both_conditions_must_let_a_revision_go(store):
    written(store, "a", 4)
    time = datetime.now(UTC)
    written(store, "a", 4)
    assert store.prune(keep=6, before=time) == 2
    assert store.prune(keep=2, before=time) == 1
    assert numbers(store, "a") == [8, 7, 6, 5, 4]


def test_only_what_is_under_the_prefix(store):
    written(store, "a/1", 3)
    written(store, "b/1", 3)
    assert store.prune(keep=1, prefix="a/") == 2
    assert numbers(store, "b/1") == [3, 2, 1]


def test_what_makes_no_sense_is_refused(store):
    written(store, "a", 3)
    for wrong in ({}, {"keep": 0}, {"keep": -1}, {"before": datetime(2026, 1, 1)}):  # noqa: DTZ001
        with pytest.raises(ValueError, match=r"keep|time zone"):
            store.prune(**wrong)
    assert numbers(store, "a") == [3, 2, 1]


def test_documents_are_pruned_alike():
    store = Versions(Json(Memory()))
    for number in range(5):
        store["a"] = {"number": number}
    assert store.prune(keep=1) == 4


def test_a_found_value_and_its_past_are_kept(store):
    written(store, "a", 3)
    store._versioned._store["a"] = b"found"
    store.prune(keep=1)
    store["a"] = b"5"
    assert [store.at("a", number) for number in numbers(store, "a")] == [b"5", b"found", b"3"]


@pytest.mark.parametrize("lacks", [kind for kind in KINDS if "ATOMIC" in kind])
@pytest.mark.parametrize("calls", range(4))
@pytest.mark.parametrize("keep", [1, 2])
def test_a_writer_that_slept_through_it_writes_once(lacks, calls, keep):
    base = Weaker("", lacks)
    written(Versions(base), "a", 2)
    writer = Writer(
        "sleeper", lambda: Versions(watched(base, lambda: writer, lambda name: None)).update(a=b"late")
    )
    writer.start()
    for _ in range(1 + calls):
        writer.step(Fate.RUN)
    written(Versions(base), "a", 6)
    Versions(base).prune(keep=keep)
    while not writer.done:
        writer.step(Fate.RUN)
    store = Versions(base)
    held = [store.at("a", number) for number in numbers(store, "a")]
    assert held.count(b"late") == (1 if calls < 2 else 0)
    assert numbers(store, "a") == list(range(numbers(store, "a")[0], numbers(store, "a")[-1] - 1, -1))


def held_up_pruner(base, dropped):
    def prune():
        store = Versions(watched(base, lambda: pruner, lambda name: None))
        dropped.append(store.prune(keep=2))

    pruner = Writer("pruner", prune)
    return pruner


@pytest.mark.parametrize("lacks", KINDS)
@pytest.mark.parametrize("write", ["put", "delete", "create"])
def test_a_prune_that_is_held_up_beside_a_writer_drops_nothing_that_it_should_keep(lacks, write):
    for calls in range(40):
        base = Weaker("", lacks)
        store = Versions(base)
        written(store, "a", 5)
        if write == "create":
            del store["a"]
        dropped = []
        pruner = held_up_pruner(base, dropped)
        pruner.start()
        for _ in range(calls):
            if not pruner.done:
                pruner.step(Fate.RUN)
        ended = pruner.done
        if write == "delete":
            del store["a"]
        else:
            store["a"] = b"late"
        while not pruner.done:
            pruner.step(Fate.RUN)
        told = numbers(store, "a")
        newest = 7 if write == "create" else 6
        assert told == list(range(newest, told[-1] - 1, -1))
        assert len(told) + dropped[0] == newest
        assert len(told) >= 2
        assert store.get("a") == (None if write == "delete" else b"late")
        assert [store.at("a", number) for number in told[1:] if number <= 5] == [
            b"%d" % number for number in told[1:] if number <= 5
        ]
        assert list(store.fsck()) == []
        if ended:
            return
    raise AssertionError("it makes more calls than were tried")


@pytest.mark.parametrize("lacks", KINDS)
def test_a_key_that_a_writer_replaces_while_it_is_looked_at_is_left_for_the_next_time(lacks):
    base = Weaker("", lacks)
    store = Versions(base)
    for number in range(1, 6):
        store["a"] = b"%d" % number
        store["b"] = b"%d" % number
    base["a"] = b"found"

    class Replaced(Weaker):
        """The key changes each time that it was read."""

        def get_tagged(self, key):
            read = super().get_tagged(key)
            if key == "a":
                base["a"] = base["a"] + b"!"
            return read

    beside = Replaced("", lacks)
    beside.__dict__.update({name: value for name, value in base.__dict__.items() if name != "_made_with"})
    assert Versions(beside).prune(keep=1) == 4
    assert numbers(store, "b") == [5]
    assert len(numbers(store, "a")) == 6
