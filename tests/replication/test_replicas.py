"""Replicas: writes, acknowledgements, reads that fail over, promotion, and what is told of the replicas."""

import base64
import contextlib
import logging
import pickle
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import holdall
from holdall import (
    Cache,
    Codec,
    Conflict,
    Corrupt,
    Encrypt,
    Expires,
    Fenced,
    Invalid,
    Json,
    Memory,
    PermissionDenied,
    Replicas,
    SQLite,
    Stale,
    StoreFull,
    StoreNotFound,
    Throttled,
    Unacknowledged,
    Unavailable,
    Unsupported,
    Versions,
)
from holdall.errors import HoldallError
from holdall.replication import at_least, promote, replicas_of, stale_reads, sync
from holdall.replication.replicas import epochs, follower, outbox
from holdall.store import ABSENT, Delete, Feature, Put, Store
from tests.adapters.interrupts import interrupt_at_checks
from tests.faults.requests import Hooked, Hooks, Killed, at_each_moment, die
from tests.forks import fork_in_c, needs_fork, run_in_child
from tests.replication.faulty import Faulty, Switch
from tests.replication.mortal import Without
from tests.soak import SOAK

NO_FEED = Feature.CHANGES


def until(holds: Callable[[], object]) -> None:
    """Wait until ``holds()``, and fail after a minute."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


class Stage:
    """A primary and two replicas behind switches."""

    def __init__(self, lacks: Feature = Feature.NONE, **options: Any) -> None:
        self.bare = [Memory(), Memory(), Memory()]
        self.switches = [Switch() for _ in self.bare]
        self.lacks = lacks
        self.options = {"deliver": False, "timeout": 60, **options}
        self.store = self.open()

    def open(self, **options: Any) -> Replicas[Any]:
        """Open the stores, as another process does."""
        first, *others = map(Faulty, self.bare, self.switches)
        return Replicas(Without(first, self.lacks), *others, **{**self.options, **options})

    def equal(self) -> bool:
        return dict(self.bare[0]) == dict(self.bare[1]) == dict(self.bare[2])


@pytest.fixture(params=[Feature.NONE, NO_FEED], ids=["feed", "outbox"])
def stage(request: pytest.FixtureRequest) -> Stage:
    return Stage(request.param)


def _write_file(store: Store[bytes]) -> None:
    with store.open("a", "wb") as file:
        file.write(b"2")


WRITES: dict[str, Callable[[Store[bytes]], object]] = {
    "set": lambda store: store.__setitem__("a", b"2"),
    "delete": lambda store: store.__delitem__("a"),
    "discard": lambda store: store.discard("a"),
    "set_many": lambda store: store.update({f"k{number}": b"2" for number in range(450)}),
    "delete_many": lambda store: store.delete_many(["a", "b"]),
    "delete_prefix": lambda store: store.delete_prefix("a"),
    "clear": lambda store: store.clear(),
    "open": lambda store: _write_file(store),
    "swap": lambda store: store.swap("a", b"2", store.tag("a")),
    "create": lambda store: store.swap("c", b"2", ABSENT),
    "remove": lambda store: store.remove("a", store.tag("a")),
    "modify": lambda store: store.modify("a", lambda value: value + b"2"),
    "transact": lambda store: store.transact([Put("a", b"2"), Delete("b"), Put("c", b"3")]),
    "pop": lambda store: store.pop("a"),
    "popitem": lambda store: store.popitem(),
    "setdefault": lambda store: store.setdefault("c", b"2"),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_every_write_comes_to_the_replicas(stage: Stage, write: Callable[[Store[bytes]], object]) -> None:
    stage.store.update({"a": b"1", "b": b"1"})
    stage.store.deliver()
    write(stage.store)
    assert [lag.changes != 0 for lag in stage.store.lag()] == [True, True]
    assert [(lag.state, lag.changes, lag.error) for lag in stage.store.deliver()] == 2 * [
        ("following", 0, "")
    ]
    assert stage.equal()


def test_a_file_is_read_from_a_replica_if_the_primary_does_not_answer(stage: Stage) -> None:
    store = stage.open(stale="allow")
    store["a"] = b"1"
    store.deliver()
    stage.switches[0].down()
    assert store.open("a").read() == b"1"
    with pytest.raises(Unavailable):
        store.open("a", "wb").close()


def test_a_thread_delivers_and_close_waits_for_it(stage: Stage) -> None:
    with stage.open(deliver=True) as store:
        store["a"] = b"1"
        until(stage.equal)
        store["b"] = b"2"
    assert stage.equal()


def test_a_replica_that_was_down_gets_the_newest_values(stage: Stage) -> None:
    stage.store["a"] = b"0"
    stage.store.deliver()
    stage.switches[1].down()
    for number in range(3):
        stage.store["a"] = b"%d" % number
        stage.store["b"] = b"%d" % number
        del stage.store["b"]
        lags = stage.store.deliver()
        assert [lag.state for lag in lags] == ["failed", "following"]
        assert "Unavailable: the store did not answer" in lags[0].error
    assert dict(stage.bare[2]) == dict(stage.bare[0])
    stage.switches[1].up()
    assert stage.store.deliver()[0].changes == 0
    assert stage.equal()


def test_a_replica_that_comes_back_is_found_by_the_thread(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(follower, "_PAUSES", (0.01, 0.02))
    caplog.set_level(logging.INFO, "holdall.replicas")
    stage.switches[2].down()
    with stage.open(deliver=True) as store:
        store["a"] = b"1"
        until(lambda: "a" in stage.bare[1])
        until(lambda: store.lag()[1].state == "failed")
        assert "replica 2" in store.info()
        assert "failed" in store.info()["replica 2"]
        stage.switches[2].up()
        until(stage.equal)
        until(lambda: store.lag()[1].state == "following")
    assert [record.levelname for record in caplog.records if "follow" in record.message] == [
        "WARNING",
        "INFO",
    ]


def test_close_says_what_is_left(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.switches[1].down()
    with stage.open(deliver=True) as store:
        store["a"] = b"1"
        until(lambda: "a" in stage.bare[2])
    left = [record.message for record in caplog.records if "closed before" in record.message]
    assert len(left) == 1
    assert "did not answer" in left[0]
    stage.switches[1].up()
    stage.open().deliver()
    assert stage.equal()


# ---- Acknowledgements ----------------------------------------------------------------------------------


def test_a_write_waits_for_as_many_stores_as_acks(stage: Stage) -> None:
    stage.options |= {"acks": 2, "timeout": 60}
    store = stage.open()
    stage.switches[1].down()
    store["a"] = b"1"
    assert stage.bare[2]["a"] == b"1"
    assert "a" not in stage.bare[1]
    store.update({"b": b"2", "c": b"3"})
    del store["a"]
    assert dict(stage.bare[2]) == {"b": b"2", "c": b"3"}
    stage.switches[1].up()
    store.deliver()
    assert stage.equal()


def test_a_write_with_too_few_acks_says_so_and_is_delivered_later(stage: Stage) -> None:
    stage.options |= {"acks": 3, "timeout": 0.2}
    store = stage.open()
    stage.switches[1].down()
    with pytest.raises(Unacknowledged, match="'a', but 1 of 2 replicas acknowledged it") as error:
        store["a"] = b"1"
    assert isinstance(error.value, Unavailable)
    assert "did not answer" in str(error.value)
    assert error.value.key == "a"
    assert store["a"] == stage.bare[2]["a"] == b"1"
    stage.switches[1].up()
    store.deliver()
    assert stage.equal()


def test_a_hanging_replica_does_not_hold_up_a_write_for_longer_than_the_timeout(stage: Stage) -> None:
    store = stage.open(acks=3, timeout=0.05)
    stage.switches[2].passes.clear()
    try:
        with pytest.raises(Unacknowledged, match=r"0\.05 seconds"):
            store["a"] = b"1"
    finally:
        stage.switches[2].passes.set()
    store.deliver()
    assert stage.equal()


def test_an_older_value_never_replaces_one_that_was_acknowledged() -> None:
    """Two writers hand over the same key: at each moment of the first, the second one writes and is acknowledged."""

    def trial(number: int) -> bool:
        primary, replica, hooks = Memory(), Memory(), Hooks()
        first = Replicas(primary, Hooked(replica, hooks), deliver=False, acks=2, timeout=60)
        second = Replicas(primary, replica, deliver=False, acks=2, timeout=60)
        primary["a"] = b"0"
        second.deliver()
        hooks.set(number, lambda: second.__setitem__("a", b"2"))
        first["a"] = b"1"
        assert replica["a"] == primary["a"]
        return hooks.clear()

    at_each_moment(trial)


# ---- The outbox ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("survives", [False, True])
def test_a_writer_that_is_killed_or_interrupted_at_any_moment_loses_nothing(survives: bool) -> None:
    def trial(number: int) -> bool:
        stage = Stage(NO_FEED)
        stage.store["a"] = b"1"
        stage.store.deliver()
        hooks = Hooks()
        primary = Without(Hooked(stage.bare[0], hooks))
        victim = Replicas(primary, *stage.bare[1:], deliver=False)
        hooks.set(number, die)
        with contextlib.suppress(Killed):
            victim["a"] = b"2"
        reached = hooks.clear()
        (victim if survives else stage.open()).deliver()
        assert stage.equal()
        return reached

    at_each_moment(trial)


def test_a_write_that_happens_after_another_process_delivered_is_not_lost() -> None:
    """Another process delivers at each moment of a write, whose process is killed right after the write."""

    def trial(number: int) -> bool:
        stage = Stage(NO_FEED)
        stage.store["a"] = b"1"
        stage.store.deliver()
        other = stage.open()
        hooks = Hooks()
        writer = Replicas(Without(Hooked(stage.bare[0], hooks)), *stage.bare[1:], deliver=True)
        writer.start = lambda: None  # type: ignore[method-assign]
        hooks.set(number, other.deliver)
        writer._here()._started = True  # its threads never run, as if it were killed
        writer["a"] = b"2"
        other.deliver()
        assert stage.equal()
        return hooks.clear()

    at_each_moment(trial)


def test_a_write_that_nobody_ended_is_forgotten_after_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(NO_FEED)
    writer = stage.open(deliver=True)
    writer._here()._started = True
    writer["a"] = b"1"
    other = stage.open()
    other.deliver()
    folder = stage.bare[0].raw(".holdall/replicas/outbox/")
    assert len(list(folder)) == 1
    monkeypatch.setattr(outbox, "ABANDONED", 0)
    other.deliver()
    assert len(list(folder)) == 0


def test_a_full_outbox_asks_for_a_comparison(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage(NO_FEED, limit=5)
    stage.store["a"] = b"1"
    stage.store.deliver()
    stage.switches[1].down()
    for number in range(20):
        stage.store[f"k{number}"] = b"1"
        stage.store.deliver()
    folder = stage.bare[0].raw(".holdall/replicas/outbox/")
    assert len(list(folder)) <= 5
    stage.switches[1].up()
    assert [lag.state for lag in stage.open().lag()] == ["resync needed", "not started"]
    stage.store.deliver()
    assert stage.equal()
    assert [lag.changes for lag in stage.store.lag()] == [0, 0]


def test_an_outbox_can_be_another_store() -> None:
    box = Memory()
    stage = Stage(NO_FEED | Feature.SWAP | Feature.TAGS)
    with pytest.raises(Unsupported, match="cannot hold an outbox: it lacks SWAP; give the replicas another"):
        stage.store["a"] = b"1"
    store = stage.open(outbox=box)
    store["a"] = b"1"
    assert len(list(box.raw(".holdall/replicas/outbox/"))) == 1
    store.deliver()
    assert stage.equal()
    assert len(list(box.raw(".holdall/replicas/outbox/"))) == 0


def test_a_wrong_key_or_a_lost_swap_leaves_nothing_in_the_outbox() -> None:
    stage = Stage(NO_FEED)
    for write in (
        lambda: stage.store.__setitem__("a//b", b""),
        lambda: stage.store.__setitem__(7, b""),
        lambda: stage.store.__setitem__("a", 7),
        lambda: stage.store.swap("a", b"", "9"),
        lambda: stage.store.__delitem__("a"),
    ):
        with pytest.raises((HoldallError, KeyError, TypeError)):
            write()
    assert list(stage.bare[0].raw()) == []


if SOAK:

    @pytest.mark.parametrize("lacks", [NO_FEED, Feature.NONE], ids=str)
    def test_ctrl_c_at_any_moment_of_a_write_and_a_delivery(lacks: Feature) -> None:
        modules = [
            f"holdall.replication.replicas.{name}"
            for name in ("by_outbox", "deliverer", "follower", "outbox")
        ]
        stages: list[Stage] = []  # they all live, because an interrupt of a finalizer is lost

        def work() -> None:
            stages.append(Stage(lacks))
            stages[-1].store["a"] = b"1"
            stages[-1].store.deliver()

        for _ in interrupt_at_checks(work, *modules):
            assert all(lag.state == "following" for lag in stages[-1].store.deliver())
            assert stages[-1].equal()


# ---- Refusals of a replica -----------------------------------------------------------------------------


class Picky(Codec[bytes, bytes]):
    """Refuses the keys that begin with x."""

    def encode(self, key: str, value: bytes) -> bytes:
        if key.startswith("x") and value != b"good":
            raise Invalid(f"{key!r} refers to a row that does not exist", key=key)
        return value

    def decode(self, key: str, data: bytes) -> bytes:
        return data


def test_a_key_that_a_replica_refuses_stays_pending_and_others_go_on(stage: Stage) -> None:
    stage.store.others[0]._inner = Picky(stage.bare[1])
    stage.store.update({"a": b"1", "x1": b"1", "z": b"1"})
    stage.store["x2"] = b"1"
    lag, other = stage.store.deliver()
    assert (lag.refused, other.refused) == (2, 0)
    assert "does not exist" in lag.error
    assert dict(stage.bare[1]) == {"a": b"1", "z": b"1"}
    stage.store["b"] = b"1"
    stage.store["x1"] = b"good"
    assert stage.store.deliver()[0].refused == 1
    stage.store["x2"] = b"good"
    lag = stage.store.deliver()[0]
    assert (lag.refused, lag.error) == (0, "")
    assert stage.equal()


class Small(Codec[bytes, bytes]):
    """Has room for two keys."""

    def encode(self, key: str, value: bytes) -> bytes:
        if key not in self._inner and len(self._inner) >= 2:
            raise StoreFull("the disk is full")
        return value

    def decode(self, key: str, data: bytes) -> bytes:
        return data


def test_a_full_replica_still_deletes_and_goes_on_when_it_has_room(stage: Stage) -> None:
    stage.store.others[0]._inner = Small(stage.bare[1])
    stage.store.update({"y": b"1", "z": b"1"})
    stage.store.deliver()
    stage.store["a"] = b"1"
    lag = stage.store.deliver()[0]
    assert lag.refused == 1
    assert "StoreFull: the disk is full" in lag.error
    del stage.store["z"]
    stage.store.deliver()
    assert "z" not in stage.bare[1]
    assert stage.store.deliver()[0].error == ""
    assert stage.equal()


# ---- Reads ---------------------------------------------------------------------------------------------

READS: dict[str, tuple[Callable[[Store[bytes]], object], object]] = {
    "get": (lambda store: store["a"], b"1"),
    "find": (lambda store: store.get("a"), b"1"),
    "contains": (lambda store: "a" in store, True),
    "len": (len, 2),
    "bool": (bool, True),
    "iter": (lambda store: list(iter(store)), ["a", "b"]),
    "scan": (lambda store: list(store.scan()), ["a", "b"]),
    "items": (lambda store: list(store.scan_items("a")), [("a", b"1")]),
    "get_many": (lambda store: list(store.get_many(iter(["a", "b", "c"]))), [("a", b"1"), ("b", b"1")]),
    "tags": (lambda store: [key for key, _ in store.scan_tags()], ["a", "b"]),
    "tagged": (lambda store: store.get_tagged("a").value, b"1"),
    "read": (lambda store: store.read("a", 0, 1), b"1"),
    "size": (lambda store: store.size("a"), 1),
}


@pytest.mark.parametrize(("read", "answer"), READS.values(), ids=READS)
def test_reads_fail_over_in_order_and_say_so(
    stage: Stage, read: Callable[[Store[bytes]], object], answer: object
) -> None:
    stage.store.update({"a": b"1", "b": b"1"})
    stage.store.deliver()
    for switch in stage.switches[:2]:
        switch.down()
    with pytest.raises(Stale, match="may be behind"):
        read(stage.store)
    with stale_reads() as reads:
        assert read(stage.store) == answer
    assert [isinstance(each.error, Unavailable) for each in reads] == [True]
    assert read(stage.open(stale="allow")) == answer
    stage.switches[2].down()
    with stale_reads(), pytest.raises(Stale, match="did not answer"):
        read(stage.store)


@pytest.mark.parametrize("kind", [PermissionDenied, Corrupt, StoreNotFound, Conflict, holdall.Expired])
def test_other_errors_do_not_fail_over(kind: type[HoldallError]) -> None:
    stage = Stage(stale="allow")
    stage.store["a"] = b"1"
    stage.store.deliver()
    stage.switches[0].error = kind("no")
    for read, _ in READS.values():
        with pytest.raises(kind):
            read(stage.store)


def test_throttled_fails_over_and_a_missing_key_does_not() -> None:
    stage = Stage(stale="allow")
    stage.store["a"] = b"1"
    stage.store.deliver()
    stage.bare[1]["b"] = b"2"
    with pytest.raises(KeyError):
        stage.store["b"]
    stage.switches[0].error = Throttled("slow down")
    assert stage.store["b"] == b"2"


def test_after_a_failure_the_primary_is_asked_again_later() -> None:
    stage = Stage(stale="allow")
    stage.store["a"] = b"1"
    stage.store.deliver()
    stage.switches[0].down()
    asked = stage.switches[0].calls.count("get")
    assert [stage.store["a"] for _ in range(50)] == 50 * [b"1"]
    assert stage.switches[0].calls.count("get") == asked + 1
    assert "go to the replicas" in stage.store.info()["reads"]
    stage.switches[0].up()
    stage.store._failover._retry_at = 0
    del stage.bare[1]["a"]
    assert stage.store["a"] == b"1"
    assert "reads" not in stage.store.info()


def test_a_write_that_succeeds_ends_the_failover() -> None:
    stage = Stage(stale="allow")
    stage.switches[0].down()
    assert "a" not in stage.store
    stage.switches[0].up()
    stage.store["a"] = b"1"
    assert stage.store["a"] == b"1"


def test_a_primary_that_hangs_is_given_up() -> None:
    stage = Stage(stale="allow")
    stage.store["a"] = b"1"
    stage.store.deliver()
    store = stage.open(read_timeout=0.05)
    stage.switches[0].passes.clear()
    try:
        assert store["a"] == b"1"
    finally:
        stage.switches[0].passes.set()


def test_a_scan_never_mixes_two_stores() -> None:
    stage = Stage(stale="allow")
    stage.store.update({"a": b"1", "b": b"1"})
    stage.store.deliver()
    scan = stage.store.scan()
    assert next(scan) == "a"
    stage.switches[0].down()
    with pytest.raises(Unavailable):
        list(scan)


def test_a_tag_of_a_replica_fits_no_swap() -> None:
    stage = Stage(stale="allow")
    stage.store["a"] = b"1"
    stage.store.deliver()
    while stage.bare[0].tag("a") != stage.bare[1].tag(
        "a"
    ):  # the primary comes to the tag that the replica has
        stage.bare[0]["a"] = b"1"
    stage.switches[0].down()
    tags = {
        stage.store.tag("a"),
        stage.store.get_tagged("a").tag,
        *(tag for _, tag in stage.store.scan_tags()),
    }
    assert len(tags) == 1
    stage.switches[0].up()
    with pytest.raises(Conflict):
        stage.store.swap("a", b"2", tags.pop())


def test_at_least_what_i_wrote(stage: Stage) -> None:
    stage.store["a"] = b"1"
    stage.store.deliver()
    stage.store["a"] = b"2"
    position = stage.store.position()
    stage.switches[0].down()
    with at_least(position), pytest.raises(Stale, match="no replica has everything from before"):
        stage.store["a"]
    stage.switches[0].up()
    stage.switches[1].down()
    stage.store.deliver()
    stage.switches[0].down()
    stage.switches[1].up()
    store = stage.open()
    with at_least(position):
        assert store["a"] == b"2"
    with at_least("abc.1"), pytest.raises(Stale):
        store["a"]
    with pytest.raises(holdall.InvalidPosition), at_least("?"):
        pass


def test_at_least_waits_for_the_replica(stage: Stage) -> None:
    stage.store["a"] = b"1"
    position = stage.store.position()
    reader = stage.open()
    reader._failover._fail(Unavailable("down"))
    reader._failover._retry_at = time.monotonic() + 600
    waiting = threading.Timer(0.05, stage.store.deliver)
    waiting.start()
    with at_least(position, timeout=60):
        assert reader["a"] == b"1"
    waiting.join()


# ---- Promotion -----------------------------------------------------------------------------------------


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Writers look at the epoch at each write, so a promotion need not wait."""
    monkeypatch.setattr(epochs, "INTERVAL", 0.0)
    monkeypatch.setattr("holdall.replication.replicas.promotion.INTERVAL", 0.0)


@pytest.mark.usefixtures("hasty")
def test_a_promotion_fences_the_old_primary_and_loses_nothing(stage: Stage) -> None:
    stage.store["a"] = b"1"
    stage.store.deliver()
    stage.store["b"] = b"2"
    one, two, three = stage.bare
    made = promote(one, two, three)
    assert (made.epoch, made.fenced, made.unreached) == (1, True, {})
    with pytest.raises(Fenced, match="was promoted"):
        stage.store["c"] = b"3"
    assert dict(two) == {"a": b"1", "b": b"2"}
    with Replicas(two, one, three, deliver=False) as store:
        store["c"] = b"3"
        store.deliver()
        assert stage.equal()


@pytest.mark.usefixtures("hasty")
def test_a_primary_that_was_down_at_the_promotion_is_fenced_when_it_meets_the_new_one(stage: Stage) -> None:
    stage.store["a"] = b"1"
    stage.store.deliver()
    stage.store["lost"] = b"2"
    stage.switches[0].down()
    down, two, three = Faulty(stage.bare[0], stage.switches[0]), *stage.bare[1:]
    with pytest.raises(Unavailable):
        promote(down, two, three)
    made = promote(down, two, three, lost=True)
    assert not made.fenced
    new = Replicas(two, down, three, deliver=False)
    new["b"] = b"new"
    stage.switches[0].up()
    stage.store["b"] = b"old"  # it cannot know yet
    lags = stage.store.deliver()
    assert [lag.state for lag in lags] == ["failed", "failed"]
    assert "Fenced" in lags[0].error
    with pytest.raises(Fenced):
        stage.store["b"] = b"old"
    new.deliver()
    assert stage.equal()
    assert dict(two) == {"a": b"1", "b": b"new"}


@pytest.mark.usefixtures("hasty")
def test_a_delivery_that_takes_longer_than_a_promotion_does_not_overwrite_the_new_primary(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holdall.replication.replicas.replica.INTERVAL", 0.0)
    stage.store["a"] = b"1"
    stage.store.deliver()
    stage.store["a"] = b"old"

    def promote_first(name: str) -> None:
        if name in ("transact", "swap"):
            stage.switches[1].meet = stage.switches[2].meet = lambda name: None  # type: ignore[method-assign]
            promote(*stage.bare)
            Replicas(*stage.bare[1:], deliver=False)["a"] = b"new"

    stage.switches[1].meet = promote_first  # type: ignore[method-assign]
    lags = stage.store.deliver()
    assert "Fenced" in lags[0].error
    assert stage.bare[1]["a"] == b"new"


@pytest.mark.usefixtures("hasty")
def test_the_promotion_of_a_store_that_answers_but_has_no_keys_is_refused(stage: Stage) -> None:
    stage.bare[1]["a"] = b"1"
    with pytest.raises(Invalid, match="has no keys"):
        promote(*stage.bare[:2])
    stage.store["b"] = b"1"  # it is still the primary


@pytest.mark.usefixtures("hasty")
def test_a_store_that_has_been_a_replica_before_becomes_equal_again_after_a_lost_promotion(
    stage: Stage,
) -> None:
    one, two, three = (Without(store, stage.lacks) for store in stage.bare)

    def write(key: str, primary: Store[bytes], *others: Store[bytes], delivers: bool = True) -> None:
        with Replicas(primary, *others, deliver=False) as store:
            store[key] = store["same"] = key.encode()
            if delivers:
                assert not any(lag.error or lag.changes for lag in store.deliver())

    write("a", one, two, three)
    promote(one, two, three)
    write("b", two, one, three)
    promote(two, one, three)
    write("c", one, two, three)
    write("lost", one, two, three, delivers=False)
    sync(one, three)  # one other replica has this write
    stage.switches[0].down()
    promote(Faulty(one, stage.switches[0]), two, three, lost=True)
    write("d", two, one, three)
    assert stage.equal()
    assert dict(two) == {"a": b"a", "b": b"b", "c": b"c", "d": b"d", "same": b"d"}


def test_a_replica_takes_no_writes_as_the_primary_of_another_layer(stage: Stage) -> None:
    stage.store["a"] = b"1"
    stage.store.deliver()
    one, two, three = stage.bare
    for others in (one, three), (three,):
        with pytest.raises(Fenced, match="is a replica of"):
            Replicas(two, *others, deliver=False)["a"] = b"2"
    lags = Replicas(two, one, deliver=False).deliver()
    assert "Fenced" in lags[0].error
    stage.store["b"] = b"2"
    stage.store.deliver()
    assert stage.equal()
    assert dict(one) == {"a": b"1", "b": b"2"}


@pytest.mark.usefixtures("hasty")
def test_a_position_of_the_old_primary_is_not_one_of_the_new(stage: Stage) -> None:
    stage.store["a"] = b"1"
    position = stage.store.position()
    promote(*stage.bare)
    store = Replicas(*stage.bare[1:], deliver=False)
    store["b"] = b"2"
    assert store.position().split(".")[0] != position.split(".")[0]


if SOAK:

    @needs_fork
    def test_the_threads_of_a_child_deliver_also_after_a_fork_in_c(tmp_path: Path) -> None:
        """The parent's threads are in the tables of the child's interpreter, without their stacks.

        A child hangs if a thread of the parent asked for the interpreter's lock at that moment: see `fork_in_c`.
        """
        with Replicas(SQLite(tmp_path / "a.db"), SQLite(tmp_path / "b.db"), timeout=60) as store:
            store["a"] = b"1"
            until(lambda: store.lag()[0].changes == 0)

            def write() -> bool:
                store["b"] = b"2"
                store.close()
                return dict(SQLite(tmp_path / "b.db")) == {"a": b"1", "b": b"2"}

            codes = [run_in_child(write, fork_in_c) for _ in range(4)]
            assert 0 in codes
            assert {*codes} <= {0, -9}


# ---- Damaged records -----------------------------------------------------------------------------------


@pytest.mark.parametrize("mark", [b"{}", b"[", b'{"origin": "x", "count": 1e999}'])
def test_a_damaged_mark_of_one_replica_does_not_keep_another_from_answering(
    stage: Stage, mark: bytes
) -> None:
    stage.store["a"] = b"1"
    position = stage.store.position()
    stage.store.deliver()
    stage.bare[1].raw(".holdall/replicas/")["mark"] = mark
    stage.switches[0].down()
    with at_least(position):
        assert stage.store["a"] == b"1"
        stage.bare[2].raw(".holdall/replicas/")["mark"] = mark
        with pytest.raises(Stale, match="is damaged"):
            stage.store["a"]


@pytest.mark.parametrize("number", ["1e999", "null", "[]"])
def test_a_damaged_epoch_is_an_error_of_its_replica(stage: Stage, number: str) -> None:
    record = f'{{"format": 1, "epoch": {number}, "role": "replica", "primary": ""}}'
    stage.bare[1].raw(".holdall/replicas/")["epoch"] = record.encode()
    stage.store["a"] = b"1"
    lags = stage.store.deliver()
    assert [lag.state for lag in lags] == ["failed", "following"]
    assert "Corrupt" in lags[0].error


def test_a_reserved_key_in_the_outbox_is_not_delivered() -> None:
    stage = Stage(NO_FEED)
    stage.store["a"] = b"1"
    stage.store.deliver()
    raw = stage.bare[0].raw()
    raw[".holdall/secret"] = b"2"
    raw[".holdall/replicas/outbox/" + "0" * 32] = (
        b'{"format": 1, "keys": [".holdall/secret", "b"], "done": true}'
    )
    stage.bare[0]["b"] = b"3"
    lags = stage.open().deliver()
    assert [lag.refused for lag in lags] == [1, 1]
    assert [dict(store) for store in stage.bare[1:]] == 2 * [{"a": b"1", "b": b"3"}]
    assert ".holdall/secret" not in stage.bare[1].raw()


def test_to_look_at_the_lag_writes_nothing(stage: Stage) -> None:
    stage.store["a"] = b"1"
    before = [dict(store.raw()) for store in stage.bare]
    stage.open().lag()
    assert [dict(store.raw()) for store in stage.bare] == before


# ---- Stacks --------------------------------------------------------------------------------------------


def test_a_value_expires_at_the_replicas_too(stage: Stage) -> None:
    now = 0.0
    one, two, three = (Expires(Without(store, stage.lacks), clock=lambda: now) for store in stage.bare)
    store = Replicas(one, two, three, deliver=False)
    store.lasting(60)["token"] = b"1"
    now = 20.0
    assert [lag.error for lag in store.deliver()] == ["", ""]
    assert two.remaining("token") == three.remaining("token") == 40.0
    store.lasting(10)["token"] = b"1"
    store.deliver()
    assert two.remaining("token") == 10.0
    now = 30.0
    assert "token" not in two


def test_the_same_threads_deliver_what_expires(stage: Stage) -> None:
    def count() -> int:
        return sum(thread.name == "holdall replicas" for thread in threading.enumerate())

    others = count()
    with Replicas(*(Expires(Without(each, stage.lacks)) for each in stage.bare), timeout=60) as store:
        for number in range(20):
            store.lasting(600)[f"k{number}"] = b"2"
            store.lasting(600).lasting(None)[f"l{number}"] = b"2"
            assert count() <= others + 2
    assert len(stage.bare[1]) == len(stage.bare[2]) == 40


def keys() -> str:
    return "2026:" + base64.b64encode(bytes(32)).decode()


def test_two_replicas_that_are_the_same_store_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with SQLite(path) as a, SQLite(path) as b, Memory() as c:
        for stores in ((a, b), (c, a, b), (c, c), (c, Json(c))):
            with pytest.raises(Invalid, match="are the same store"):
                Replicas(*stores)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"acks": 0}, "give 1 to 2"),
        ({"acks": 3}, "give 1 to 2"),
        ({"timeout": 0}, "over 0"),
        ({"stale": "maybe"}, "'refuse' or 'allow'"),
        ({"limit": 0}, "1 or more"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(Invalid, match=problem):
        Replicas(Memory(), Memory(), **options)
    with pytest.raises(Invalid, match="needs a replica"):
        Replicas(Memory())
    with pytest.raises(TypeError, match="Replicas needs a store, not a str"):
        Replicas(Memory(), "memory://")  # type: ignore[arg-type]


STACKS: dict[str, Callable[[Stage], Store[Any]]] = {
    "json above": lambda stage: Json(stage.store),
    "cache above": lambda stage: Json(Cache(stage.store, 60)),
    "versions below": lambda stage: Json(Replicas(*map(Versions, stage.bare), deliver=False)),
    "json below": lambda stage: Replicas(*map(Json, stage.bare), deliver=False),
}


@pytest.mark.parametrize("make", STACKS.values(), ids=STACKS)
def test_layers_above_and_below(stage: Stage, make: Callable[[Stage], Store[Any]]) -> None:
    stack = make(stage)
    layer = replicas_of(stack)
    assert layer is not None
    stack["a"] = 1
    layer.deliver()
    stack.modify("a", lambda value: value + 1)
    layer.deliver()
    assert [list(store) for store in stage.bare] == 3 * [["a"]]
    assert [lag.changes for lag in layer.lag()] == [0, 0]
    layer._failover._fail(Unavailable("down"))
    with stale_reads() as reads:
        assert stack["a"] == 2
    assert len(reads) >= 1
    assert replicas_of(Memory()) is None


def test_encrypted_values_can_be_read_from_a_replica(stage: Stage) -> None:
    pytest.importorskip("cryptography")
    store = Encrypt(stage.store, keys)
    store["a"] = b"1"
    stage.store.deliver()
    assert dict(stage.bare[0]) == dict(stage.bare[1])
    assert Encrypt(stage.bare[1], keys)["a"] == b"1"
    stage.switches[0].down()
    with stale_reads():
        assert store["a"] == b"1"


def test_it_shares_its_memory_with_a_sync_of_the_same_stores(stage: Stage) -> None:
    stage.store.update({"a": b"1", "b": b"2"})
    stage.store.deliver()
    for other in stage.store.others:
        report = sync(stage.store.primary, other)
        assert (report.changed, report.replaced) == (0, 0)
    stage.store["a"] = b"3"
    sync(stage.store.primary, stage.store.others[0])
    stage.store.deliver()
    assert stage.equal()
    assert sync(stage.store.primary, stage.store.others[0]).changed == 0


def test_it_is_pickled_as_it_was_made() -> None:
    store = Replicas(Memory("r1"), Memory("r2"), acks=2, timeout=5)
    assert repr(store) == repr(pickle.loads(pickle.dumps(store)))
    assert repr(store) == "Replicas(Memory('r1'), Memory('r2'), acks=2, timeout=5)"
    assert repr(store.over(Memory("r3"))) == "Replicas(Memory('r3'), Memory('r2'), acks=2, timeout=5)"


def test_one_process_at_a_time_delivers_and_the_others_wait_for_it(tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.db" for name in "ab"]
    with Replicas(*(SQLite(path, durability="os") for path in paths), timeout=60) as first:
        first["a"] = b"1"
        until(lambda: "a" in first.others[0])
        with Replicas(*(SQLite(path, durability="os") for path in paths), timeout=60) as second:
            second["b"] = b"2"
        assert dict(first.others[0]) == {"a": b"1", "b": b"2"}
        assert first.lag()[0].changes == 0


@needs_fork
def test_a_forked_child_delivers_with_threads_of_its_own(tmp_path: Path) -> None:
    with Replicas(*(SQLite(tmp_path / f"{name}.db", durability="os") for name in "ab"), timeout=60) as store:
        store["a"] = b"1"

        def child() -> bool:
            store["b"] = b"2"
            store.close()
            return True

        assert run_in_child(child) == 0
        until(lambda: dict(store.others[0]) == {"a": b"1", "b": b"2"})


@pytest.fixture(autouse=True)
def no_threads_left() -> Iterator[None]:
    yield
    until(lambda: not [each for each in threading.enumerate() if each.name == "holdall replicas"])
