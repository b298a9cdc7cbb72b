"""A lease: who holds it, when it expires, how a holder learns that it lost it, and records that are not ours."""

import os
from typing import Any

import pytest

from holdall import (
    LMDB,
    Cache,
    Conflict,
    Corrupt,
    Encrypt,
    Escape,
    Fenced,
    File,
    Invalid,
    InvalidKey,
    Json,
    Lease,
    Memory,
    Prefix,
    ReadOnly,
    SQLite,
    Store,
    Unavailable,
    Unsupported,
    Versions,
)
from holdall.lease import FOLDER
from holdall.middleware.keyring import new_key
from tests.adapters.interrupts import interrupt_everywhere
from tests.conformance.minimal import Minimal
from tests.leases.stage import Stage

TTL = 10


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def stage() -> Stage:
    return Stage(Memory())


def lease(store: Store[Any], clock: Clock, ttl: float = TTL) -> Lease:
    return Lease(store, "work", ttl, clock=clock)


def holds(one: Lease) -> bool:
    try:
        one.check()
    except Fenced:
        return False
    return True


STORES: dict[str, Any] = {
    "memory": lambda path: Memory(),
    "sqlite": lambda path: SQLite(path / "a.db"),
    "file": lambda path: File(path / "files"),
    "lmdb": lambda path: LMDB(path / "lmdb"),
    "stack": lambda path: Json(Cache(Prefix(Versions(Memory()), "books"), 60)),
    "other stack": lambda path: Escape(Encrypt(Memory(), lambda: new_key("2026"))),
}


@pytest.mark.parametrize("name", STORES)
def test_one_at_a_time_holds_the_lease_of_any_store(name: str, tmp_path: Any, clock: Clock) -> None:
    with STORES[name](tmp_path) as store:
        one, two = lease(store, clock), lease(store, clock)
        with one:
            assert one.token == 1
            assert not two.acquire(timeout=0)
            one.renew()
            one.check()
            clock.now += TTL
        assert two.acquire(timeout=0)
        assert two.token == 2
        assert not one.acquire(timeout=0)
        clock.now += TTL
        assert one.acquire(timeout=0)
        assert one.token == 3
        with pytest.raises(Fenced, match="this process lost the lease 'work'"):
            two.renew()
        with pytest.raises(Fenced, match="this process does not hold the lease 'work'; acquire it first"):
            two.check()
        one.check()
        assert list(store) == []


def test_each_name_and_each_prefix_is_a_lease_of_its_own(clock: Clock) -> None:
    store = Memory()
    for other in (store, Prefix(store, "a"), Prefix(store, "b")):
        for name in ("work", "work/more"):
            assert Lease(other, name, TTL, clock=clock).acquire(timeout=0)
    assert not Lease(Json(Prefix(store, "b")), "work", TTL, clock=clock).acquire(timeout=0)


def test_a_lease_lasts_as_long_as_its_holder_said(clock: Clock) -> None:
    store = Memory()
    long, short = lease(store, clock, 100), lease(store, clock, 1)
    assert long.acquire()
    assert not short.acquire(timeout=0)
    clock.now += 99
    assert not short.acquire(timeout=0)
    clock.now += 1
    assert short.acquire(timeout=0)
    assert not long.acquire(timeout=0)
    clock.now += 1
    assert long.acquire(timeout=0)


def test_a_renewed_lease_is_seen_for_its_ttl_again(clock: Clock) -> None:
    store = Memory()
    one, two = lease(store, clock), lease(store, clock)
    assert one.acquire()
    for _ in range(3):
        assert not two.acquire(timeout=0)
        clock.now += TTL - 1
        one.check()
        one.renew()
    assert not two.acquire(timeout=0)
    clock.now += TTL
    assert not holds(one)
    one.renew()  # nobody else took it
    assert holds(one)
    assert not two.acquire(timeout=0)


def test_who_looks_only_now_waits_for_the_whole_ttl(clock: Clock) -> None:
    store = Memory()
    assert lease(store, clock).acquire()
    clock.now += 1000
    late = lease(store, clock)
    assert not late.acquire(timeout=0)
    clock.now += TTL - 1
    assert not late.acquire(timeout=0)
    clock.now += 1
    assert late.acquire(timeout=0)


# ---- Slow requests and lost answers ------------------------------------------------------------------


def test_the_holder_counts_from_before_its_request(stage: Stage, clock: Clock) -> None:
    def take_long() -> None:
        clock.now += TTL

    one = lease(stage, clock)
    one.acquire()
    one.release()
    stage.plan.extend([lambda: None] * 3 + [take_long])
    assert one.acquire(timeout=0)
    assert not holds(one)
    stage.plan.extend([lambda: None, take_long])
    one.renew()
    assert not holds(one)
    one.renew()
    assert holds(one)


def test_a_waiter_counts_from_after_its_request(stage: Stage, clock: Clock) -> None:
    one, two = lease(stage, clock), lease(stage.inner, clock)

    def take_long() -> None:
        clock.now += TTL
        assert two.acquire(timeout=0)

    stage.plan.append(take_long)
    assert not one.acquire(timeout=0)
    clock.now += TTL - 1
    assert not one.acquire(timeout=0)
    assert holds(two)
    clock.now += 1
    assert one.acquire(timeout=0)


def fail() -> None:
    raise Unavailable("no answer about '.holdall/leases/work'", key=".holdall/leases/work")


@pytest.mark.parametrize("calls", range(4))
def test_an_acquisition_without_an_answer_is_recognized(stage: Stage, clock: Clock, calls: int) -> None:
    one, two = lease(stage, clock), lease(stage.inner, clock)
    one.acquire()
    one.release()
    stage.plan.extend([lambda: None] * calls + [fail])
    with pytest.raises(Unavailable, match=r"^no answer about the lease 'work'$"):
        one.acquire()
    assert not holds(one)
    taken = calls == 3
    assert two.acquire(timeout=0) != taken
    if taken:
        assert one.acquire(timeout=0)
        assert one.token == 3
        one.check()


@pytest.mark.parametrize("calls", range(2))
def test_a_renewal_without_an_answer_loses_nothing(stage: Stage, clock: Clock, calls: int) -> None:
    one, two = lease(stage, clock), lease(stage.inner, clock)
    assert one.acquire()
    for _ in range(2):
        stage.plan.extend([lambda: None] * calls + [fail])
        with pytest.raises(Unavailable):
            one.renew()
        one.check()
    one.renew()
    assert not two.acquire(timeout=0)
    stage.plan.extend([lambda: None] * calls + [fail])
    with pytest.raises(Unavailable):
        one.release()
    assert not holds(one)
    one.release()
    assert two.acquire(timeout=0)
    assert two.token == 2


class Repeats(Memory):
    """A store that sends a swap again if its answer is lost, and does not recognize its own write."""

    lost = 0

    def swap(self, key: str, value: bytes, /, expected: Any) -> Any:
        tag = super().swap(key, value, expected)
        if self.lost:
            self.lost -= 1
            raise Conflict("it has another tag", key=key)
        return tag


def test_a_write_that_lost_to_itself_is_recognized(clock: Clock) -> None:
    store = Repeats()
    one = lease(store, clock)
    store.lost = 1
    assert not one.acquire(timeout=0)
    assert one.acquire(timeout=0)
    store.lost = 2
    assert one.token == 2
    one.renew()
    clock.now += TTL - 1
    one.check()
    store.lost = 1
    one.release()
    assert lease(store, clock).acquire(timeout=0)


def test_a_renewal_does_not_take_back_a_lease_that_was_released(stage: Stage, clock: Clock) -> None:
    one = lease(stage, clock)
    assert one.acquire()
    stage.plan.append(one.release)  # by another thread, in the midst of the renewal
    with pytest.raises(Fenced):
        one.renew()
    assert lease(stage, clock).acquire(timeout=0)


# ---- The block -----------------------------------------------------------------------------------------


def test_a_block_tells_at_its_end_that_the_lease_was_lost(clock: Clock) -> None:
    store = Memory()
    with pytest.raises(Fenced, match="lost"), lease(store, clock):
        steal(store, clock)
    with pytest.raises(ZeroDivisionError), lease(store, clock):
        lose_and_fail(store, clock)
    with pytest.raises(Fenced), lease(store, clock) as one:
        one.release()


def steal(store: Store[Any], clock: Clock) -> None:
    thief = lease(store, clock)
    thief.acquire(timeout=0)
    clock.now += TTL
    assert thief.acquire(timeout=0)
    thief.release()


def lose_and_fail(store: Store[Any], clock: Clock) -> None:
    steal(store, clock)
    raise ZeroDivisionError


def test_one_instance_is_one_holder(clock: Clock) -> None:
    store = Memory()
    with lease(store, clock) as one:
        with pytest.raises(RuntimeError, match="holds the lease 'work' already"):
            one.acquire()
        one.check()
        clock.now += TTL
        assert not one.acquire(timeout=0)


def test_an_interrupt_leaves_no_lease_or_one_that_expires(clock: Clock) -> None:
    store = Memory()
    one = lease(store, clock)

    def work() -> None:
        with one:
            one.renew()

    last = 0
    for _ in interrupt_everywhere(
        work, "holdall.lease.lease", "holdall.lease.acquisition", "holdall.lease.record"
    ):
        clock.now += TTL
        two = lease(store, clock)
        if not two.acquire(timeout=0):
            clock.now += TTL
            assert two.acquire(timeout=0)
        assert two.token > last
        last = two.token
        two.release()
    assert last > 200


def test_who_was_interrupted_can_have_the_lease_at_once(clock: Clock) -> None:
    one = lease(Memory(), clock)
    for _ in interrupt_everywhere(
        lambda: one.acquire(timeout=0),
        "holdall.lease.lease",
        "holdall.lease.acquisition",
        "holdall.lease.record",
    ):
        assert holds(one) or one.acquire(timeout=0)
        one.release()


def test_a_forked_child_does_not_hold_the_lease(clock: Clock) -> None:
    one = lease(Memory(), clock)
    with one:
        child = os.fork()
        if not child:
            os._exit(holds(one) or one.token)
        assert os.waitpid(child, 0)[1] == 0
        one.check()


# ---- Refused -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("store", [Minimal(), ReadOnly(Memory())])
def test_a_store_without_swap_is_refused(store: Store[bytes]) -> None:
    with pytest.raises(Unsupported, match="cannot hold a lease: it lacks SWAP"):
        Lease(store, "work", TTL)


@pytest.mark.parametrize("ttl", [0, -1, 0.0001, 86_401, float("inf"), float("nan")])
def test_a_ttl_that_makes_no_sense_is_refused(ttl: float) -> None:
    with pytest.raises(Invalid, match="a lease needs a ttl between"):
        Lease(Memory(), "work", ttl)


def test_a_name_is_a_key() -> None:
    with pytest.raises(InvalidKey):
        Lease(Memory(), "../work", TTL)
    with pytest.raises(TypeError, match="Lease needs a store, not a str"):
        Lease("memory://", "work", TTL)  # type: ignore[arg-type]  # this tests the wrong type


IDS = b"0" * 32 + b" " + b"0" * 16 + b"\n"
STRANGE = {
    "empty": b"",
    "JSON": b"{}",
    "later format": b"lease2 1 1 " + IDS,
    "long ttl": b"lease1 1 999999999 " + IDS,
    "negative": b"lease1 -1 1 " + IDS,
    "large": b"lease1 " + b"1" * 1_000_000,
}


@pytest.mark.parametrize("record", STRANGE.values(), ids=STRANGE)
def test_a_record_of_a_stranger_is_refused(record: bytes, clock: Clock) -> None:
    store = Memory()
    one = lease(store, clock)
    assert one.acquire()
    store.raw(FOLDER)["work"] = record
    for use in (one.renew, lease(store, clock).acquire):
        with pytest.raises(Corrupt, match=r"^the lease 'work' has a record that holdall did not write; use"):
            use()
    store.raw(FOLDER).discard("work")
    with pytest.raises(Fenced):
        one.release()
    assert lease(store, clock).acquire()


def test_repr() -> None:
    assert repr(Lease(Memory(), "work", 0.5)) == "Lease(Memory(), 'work', 0.5)"
