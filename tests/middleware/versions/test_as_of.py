"""The store as it was: at any moment what it was then, whatever came later."""

import pickle
from datetime import UTC, datetime, timedelta
from unittest import mock
from uuid import uuid4

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from holdall import Checksum, Escape, Expires, Gzip, Json, MapReduce, Prefix, Versions, Zstd
from holdall.errors import NoRevision, PermissionDenied
from holdall.middleware.versions import stamp
from holdall.testing.keyspace import between, spans
from tests.middleware.bytes.layers import encrypted
from tests.middleware.versions.weaker import KINDS, Weaker
from tests.soak import SOAK

_KEYS = ("a", "a/b", "a-b", "a b", "b", "é")


class History(RuleBasedStateMachine):
    """Writes at moments of its own clock, with and without versions, and remembers what there was when."""

    lacks = ""

    @initialize(found=st.dictionaries(st.sampled_from(_KEYS), st.binary(max_size=2)))
    def begin(self, found):
        self.below = Weaker("", self.lacks)
        self.store = Versions(self.below)
        self.held = dict(found)
        self.below.update(found)
        self.clock = 1_000_000
        self.then = [(self.clock, dict(found))]

    def tick(self):
        self.clock += 10
        return mock.patch.object(stamp.time, "time_ns", return_value=self.clock * 1000)

    def keep(self):
        self.then.append((self.clock, dict(self.held)))
        self.clock += 10

    @rule(key=st.sampled_from(_KEYS), value=st.binary(max_size=2))
    def put(self, key, value):
        with self.tick():
            self.store[key] = value
        self.held[key] = value
        self.keep()

    @rule(key=st.sampled_from(_KEYS))
    def discard(self, key):
        with self.tick():
            self.store.discard(key)
        self.held.pop(key, None)
        self.keep()

    @rule(span=spans(), at=st.integers(0, 99), plus=st.integers(0, 9))
    def look(self, span, at, plus):
        prefix, start, stop = span
        micros, held = self.then[at % len(self.then)]
        store = self.store.as_of(stamp.to_datetime(micros + plus))
        expected = [(key, held[key]) for key in between(held, prefix, start, stop)]
        assert list(store.scan_items(prefix, start=start, stop=stop)) == expected
        assert list(store.scan(prefix, start=start, stop=stop)) == [key for key, _ in expected]
        assert {key: store[key] for key in _KEYS if key in store} == held


@pytest.mark.parametrize("lacks", KINDS if SOAK else ["", "ATOMIC-UNIQUE_TAGS-REMOVE"])
def test_every_moment_stays_as_it_was(lacks):
    machine = type("History", (History,), {"lacks": lacks})
    run_state_machine_as_test(machine, settings=settings(deadline=None, stateful_step_count=30))


@given(clocks=st.lists(st.integers(0, 10**9), min_size=1, max_size=8), asked=st.integers(0, 10**9))
def test_clocks_of_writers_may_be_hours_apart(clocks, asked):
    store = Versions(Weaker("", "ATOMIC"))
    for number, micros in enumerate(clocks):
        with mock.patch.object(stamp.time, "time_ns", return_value=micros * 1000):
            store["a"] = b"%d" % number
    told = [stamp.micros_of(one.time) for one in store.history("a")][::-1]
    assert told == [max(clocks[: number + 1]) for number in range(len(clocks))]
    there = [number for number, micros in enumerate(told) if micros <= asked]
    then = store.as_of(stamp.to_datetime(asked))
    assert then.get("a") == (b"%d" % there[-1] if there else None)
    assert list(then.items()) == ([("a", b"%d" % there[-1])] if there else [])


@pytest.fixture(params=KINDS)
def store(request):
    return Versions(Weaker("", request.param))


def test_it_is_for_reading(store):
    store["a"] = b"1"
    then = store.as_of(datetime.now(UTC))
    for write in (
        lambda: then.__setitem__("a", b"2"),
        lambda: then.__delitem__("a"),
        lambda: then.update(a=b"2"),
        lambda: then.clear(),
        lambda: then.discard("a"),
    ):
        with pytest.raises(PermissionDenied):
            write()
    assert store["a"] == b"1"


def test_a_time_without_a_zone_is_refused(store):
    with pytest.raises(ValueError, match="time zone"):
        store.as_of(datetime(2026, 9, 30))  # noqa: DTZ001 - the point of it


def test_before_everything_there_is_nothing(store):
    store["a"] = b"1"
    long_ago = store.as_of(datetime(1, 1, 1, tzinfo=UTC))
    assert dict(long_ago) == {}
    assert not long_ago
    with pytest.raises(KeyError):
        long_ago["a"]


def test_other_time_zones_are_the_same_time(store):
    store["a"] = b"1"
    from datetime import timezone

    now = datetime.now(UTC)
    store["a"] = b"2"
    assert store.as_of(now.astimezone(timezone(timedelta(hours=-11))))["a"] == b"1"


def test_what_is_dropped_is_said_and_not_missing(store):
    store["a"] = b"1"
    first = datetime.now(UTC)
    store["a"] = b"2"
    second = datetime.now(UTC)
    store["a"] = b"3"
    store.prune(keep=2)
    assert store.as_of(second)["a"] == b"2"
    then = store.as_of(first)
    for read in (lambda: then["a"], lambda: list(then), lambda: list(then.items())):
        with pytest.raises(NoRevision):
            read()


def test_queries_run_on_it_and_it_travels():
    store = Versions(Json(Weaker(uuid4().hex, "ATOMIC")))
    store.update((f"invoices/{number}", {"total": number}) for number in range(10))
    then = datetime.now(UTC)
    store["invoices/3"] = {"total": 1000}
    del store["invoices/9"]
    store["invoices/new"] = {"total": 5}
    total = MapReduce(map=lambda key, value: [("all", value["total"])], reduce="sum")
    assert dict(total.run(store.as_of(then))) == {"all": 45}
    assert dict(pickle.loads(pickle.dumps(store.as_of(then)))) == dict(store.as_of(then))


class Total(msgspec.Struct):
    total: int


def test_typed_views_and_queries_see_the_past():
    store = Versions(Json(Weaker("", "ATOMIC")))
    store["a"], store["b"] = {"total": 1, "lines": []}, {"total": 2, "lines": [1]}
    then = datetime.now(UTC)
    store["a"] = {"total": 5}
    for past in (store.as_of(then).typed(Total), store.typed(Total).as_of(then)):
        assert list(past.items()) == [("a", Total(1)), ("b", Total(2))]
        assert past["a"] == Total(1)
        query = MapReduce(map=lambda key, part: [("all", part.total)], reduce="sum", type=Total)
        assert dict(query.run(store.as_of(then))) == {"all": 3}


def test_what_had_expired_by_then_is_missing():
    now = [1_000_000.0]
    at = mock.patch.object(stamp.time, "time_ns", side_effect=lambda: int(now[0] * 1e9))
    for stack in (
        lambda below, **how: Expires(Versions(below), **how),
        lambda below, **how: Versions(Expires(below, **how)),
    ):
        store = stack(Weaker("", "ATOMIC"), ttl=60, clock=lambda: now[0])
        with at:
            store["a"] = b"1"
            written = now[0]
            now[0] += 3600
            assert "a" not in store
            store["a"] = b"2"
        for later, value in ((0, b"1"), (59, b"1"), (60, None), (3599, None), (3600, b"2")):
            past = store.as_of(datetime.fromtimestamp(written + later, UTC))
            assert past.get("a") == value
            assert list(past.values()) == ([] if value is None else [value])
        assert [one.number for one in store.history("a")] == [2, 1]
        assert [store.at("a", number) for number in (1, 2)] == [b"1", b"2"]


def test_layers_show_the_past_as_they_show_the_present():
    stores = (
        Escape(Zstd(Versions(Weaker("", "ATOMIC")))),
        Versions(Escape(Checksum(encrypted(Weaker("", "ATOMIC"))))),
        Escape(Prefix(Versions(Gzip(Weaker("", "ATOMIC"))), "app")),
    )
    for store in stores:
        key = "../ä\\ "
        store[key] = b"1" * 100
        then = datetime.now(UTC)
        store[key] = b"2" * 100
        store.discard(key)
        assert [one.number for one in store.history(key)] == [3, 2, 1]
        assert store.at(key, 1) == store.as_of(then)[key] == b"1" * 100
        assert list(store.as_of(then).items()) == [(key, b"1" * 100)]
        assert not list(store)
