"""Expiry: at its deadline a value is missing to every operation, and not before; time is a number here."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from holdall import Checksum, Conflict, Corrupt, Expires, Invalid, Json, Memory, SQLite, Unsupported
from holdall.store import ABSENT, Delete, Expect, Put, Store
from holdall.testing.recorder import Recorder
from tests.conformance.minimal import Minimal


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=[Memory, lambda: SQLite(":memory:")], ids=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, clock: Clock) -> Expires:
    """``old`` has just expired, ``new`` is about to, and ``kept`` never will."""
    store = Expires(request.param(), 60, clock=clock)
    store["old"] = b"old"
    clock.now += 1e-5
    store["new"] = b"new"
    store.lasting(None)["kept"] = b"kept"
    clock.now += 60 - 1e-5
    return store


def test_an_expired_key_is_missing_to_every_reader(store: Expires) -> None:
    left = {"kept": b"kept", "new": b"new"}
    assert (len(store), bool(store), list(store), list(store.scan())) == (2, True, [*left], [*left])
    assert dict(store) == dict(store.items()) == dict(store.scan_items()) == left
    assert list(store.values()) == [*left.values()]
    assert [key for key, _ in store.scan_tags()] == [*left]
    assert list(store.get_many(["old", "new"])) == [("new", b"new")]
    assert ("old" in store, "new" in store, store.get("old"), store.get("old", 7)) == (False, True, None, 7)
    assert "old" not in store.keys()  # noqa: SIM118
    assert b"old" not in store.values()
    assert list(store.scan("o")) == list(store.scan_items("o")) == list(store.scan_tags("o")) == []


def test_an_expired_key_is_missing_to_every_operation_that_needs_it(store: Expires) -> None:
    operations: list[Callable[[str], object]] = [
        store.__getitem__,
        store.__delitem__,
        store.get_tagged,
        lambda key: store.modify(key, lambda value: value),
        store.pop,
    ]
    for operation in operations:
        with pytest.raises(KeyError) as missing:
            operation("old")
        assert missing.value.args == ("old",)


def test_pop_of_an_expired_key_is_its_default(store: Expires) -> None:
    assert store.pop("old", 7) == 7
    assert [store.popitem(), store.popitem()] == [("kept", b"kept"), ("new", b"new")]
    with pytest.raises(KeyError):
        store.popitem()


def test_a_view_with_another_ttl_uses_the_same_clock(store: Expires, clock: Clock) -> None:
    brief = store.lasting(5)
    brief["brief"] = b"1"
    assert brief.get("old") is None
    clock.now += 4.9
    assert (brief["brief"], store["brief"]) == (b"1", b"1")
    clock.now += 0.2
    assert ("brief" in brief, "brief" in store, brief["kept"]) == (False, False, b"kept")
    assert brief.sweep("brief") == 1


def test_what_creates_finds_an_expired_key_absent(store: Expires, clock: Clock) -> None:
    tag = store.swap("old", b"1", ABSENT)
    assert store.get_tagged("old") == (b"1", tag)
    clock.now += 60
    assert store.setdefault("old", b"2") == store["old"] == b"2"
    clock.now += 60
    assert store.modify("old", lambda value: value + b"4", default=b"3") == store["old"] == b"34"
    clock.now += 60
    store.transact([Expect("old", ABSENT), Put("old", b"5"), Delete("kept")])
    assert dict(store.items()) == {"old": b"5"}
    clock.now += 60
    assert not store


def test_an_expired_state_is_no_longer_expected(store: Expires, clock: Clock) -> None:
    tag = store.get_tagged("new").tag
    clock.now += 1
    for lose in (
        lambda: store.swap("new", b"1", tag),
        lambda: store.remove("new", tag),
        lambda: store.remove("new", ABSENT),
        lambda: store.transact([Expect("new", tag), Put("kept", b"1")]),
    ):
        with pytest.raises(Conflict):
            lose()
    assert dict(store.items()) == {"kept": b"kept"}


def test_a_write_moves_the_deadline_and_a_read_does_not(store: Expires, clock: Clock) -> None:
    tag = store.get_tagged("new").tag
    store.swap("new", store["new"], tag)
    clock.now += 59.9
    assert "new" in store
    clock.now += 0.2
    assert "new" not in store


@pytest.mark.parametrize("write", ["[]=", "update", "setdefault", "swap", "modify", "transact"])
def test_every_way_to_write_sets_a_deadline(write: str, clock: Clock) -> None:
    store = Expires(Memory(), 60, clock=clock)
    ways: dict[str, Callable[[], object]] = {
        "[]=": lambda: store.__setitem__("a", b"1"),
        "update": lambda: store.update(a=b"1"),
        "setdefault": lambda: store.setdefault("a", b"1"),
        "swap": lambda: store.swap("a", b"1", ABSENT),
        "modify": lambda: store.modify("a", lambda value: value, default=b"1"),
        "transact": lambda: store.transact([Put("a", b"1")]),
    }
    ways[write]()
    assert dict(store.items()) == {"a": b"1"}
    clock.now += 60
    assert dict(store.items()) == {}


def test_the_deadline_is_kept_with_the_value_and_not_by_the_reader(clock: Clock) -> None:
    below = Memory()
    Expires(below, 60, clock=clock)["a"] = b"1"
    for reader in (Expires(below, clock=clock), Expires(below, 1, clock=clock)):
        assert reader["a"] == b"1"
    clock.now += 60
    assert "a" not in Expires(below, 3600, clock=clock)


def test_clearing_and_discarding_leave_nothing_behind(store: Expires) -> None:
    store.discard("old")
    assert list(store.raw()) == ["kept", "new"]
    store.delete_prefix("k")
    assert list(store.raw()) == ["new"]
    store.clear()
    assert list(store.raw()) == []


def test_a_size_is_that_of_the_value_and_an_expired_value_has_none(store: Expires) -> None:
    assert store.size("new") == len(store["new"])
    with pytest.raises(KeyError):
        store.size("old")


def test_a_sweep_removes_what_has_expired(store: Expires, clock: Clock) -> None:
    assert (store.sweep("k"), store.sweep(), store.sweep()) == (0, 1, 0)
    assert list(store.raw()) == ["kept", "new"]
    clock.now += 1
    assert store.sweep() == 1
    assert list(store.raw()) == ["kept"]


def test_a_sweep_leaves_what_is_written_meanwhile(clock: Clock) -> None:
    class Late(Memory):
        """Has somebody else write between the sweep's listing and its removal, or just before that."""

        when = ""

        def get_tagged(self, key: str) -> Any:
            if self.when == "listed":
                self.write(key)
            found = super().get_tagged(key)
            if self.when == "read":
                self.write(key)
            return found

        def write(self, key: str) -> None:
            self.when = ""
            Expires(self, 60, clock=clock)[key] = b"again"

    for when in ("listed", "read"):
        below = Late()
        store = Expires(below, 60, clock=clock)
        store["a"] = b"1"
        clock.now += 60
        below.when = when
        assert store.sweep() == 0
        assert store["a"] == b"again"


def told(store: Expires, since: str | None = None) -> list[tuple[str, bool]]:
    """The changes of ``store``: each key, and whether it has a value."""
    return sorted((change.key, change.tag != ABSENT) for change in store.changes(since))


def test_a_feed_from_the_beginning_has_no_expired_key(store: Expires) -> None:
    assert told(store) == [("kept", True), ("new", True)]


def test_a_key_that_expires_is_told_when_it_is_swept(store: Expires, clock: Clock) -> None:
    feed = store.changes()
    list(feed)
    clock.now += 60
    assert told(store, feed.position) == []
    assert not store.watch(feed.position, timeout=0)
    assert store.sweep() == 2
    assert store.watch(feed.position, timeout=0)
    assert told(store, feed.position) == [("new", False), ("old", False)]


def test_a_key_that_expires_is_told_when_it_changes_next(store: Expires, clock: Clock) -> None:
    feed = store.changes()
    list(feed)
    clock.now += 60
    store["new"] = b"again"
    store["old"] = b"again"
    assert told(store, feed.position) == [("new", True), ("old", True)]
    clock.now += 60
    assert told(store, feed.position) == [("new", False), ("old", False)]


def test_a_sweep_is_refused_where_it_would_race() -> None:
    with pytest.raises(Unsupported, match="REMOVE"):
        Expires(Minimal(), 60).sweep()


def test_reading_costs_what_it_costs_below(store: Expires) -> None:
    below: Recorder[bytes] = Recorder(Memory())
    over = Expires(below, 60)
    over.update(a=b"1", b=b"2")
    below.calls.clear()
    _ = over["a"], over.get("b"), list(over.scan_items()), list(over.get_many(["a"])), over.get_tagged("a")
    over["c"] = b"3"
    assert below.calls == ["__getitem__", "_find", "scan_items", "get_many", "get_tagged", "__setitem__"]


@pytest.mark.parametrize("data", [b"", b"1", b"\xfb" + bytes(7), b'{"a": "long enough"}', bytes(20)])
def test_what_has_no_deadline_is_corrupt(data: bytes) -> None:
    store = Expires(Memory(), 60)
    store.raw()["a"] = data
    for read in (lambda: store["a"], lambda: "a" in store, lambda: list(store), lambda: store.sweep()):
        with pytest.raises(Corrupt, match="'a'") as damaged:
            read()
        assert damaged.value.key == "a"


@pytest.mark.parametrize("ttl", [0, -1, math.nan, math.inf, 1e12])
def test_a_time_that_never_comes_or_has_been_is_invalid(ttl: float) -> None:
    with pytest.raises(Invalid, match="seconds"):
        Expires(Memory(), ttl)


def test_documents_expire_and_layers_below_check_the_deadline(clock: Clock) -> None:
    below = Memory()
    tokens: Store[Any] = Json(Expires(Checksum(below), 60, clock=clock))
    tokens["a"] = {"user": 7}
    assert tokens["a"] == {"user": 7}
    data = below["a"]
    below["a"] = data[:8] + b"\xff" + data[9:]
    with pytest.raises(Corrupt):
        tokens["a"]
    below["a"] = data
    clock.now += 60
    assert dict(tokens.items()) == {}


def test_the_feed_tells_an_expired_key_as_a_deleted_one(store: Expires, clock: Clock) -> None:
    feed = store.changes()
    assert sorted((change.key, change.tag) for change in feed) == list(store.scan_tags())
    clock.now += 1
    assert list(store.changes(feed.position)) == []
    assert [change.key for change in store.changes()] == ["kept"]
    store.sweep()
    assert {change.key: change.tag for change in store.changes(feed.position)} == {
        "new": ABSENT,
        "old": ABSENT,
    }
