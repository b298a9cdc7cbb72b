"""Every way of copying between stores whose values expire: each copy has the time left that the original has."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner

import holdall
from holdall import Escape, Expires, Json, Memory, Prefix, Replicas, Versions, note
from holdall.cli.app import app
from holdall.replication import back_up, conflicts, merge_fields, restore, settle, sync, sync_both
from holdall.store import Store
from holdall.transfer import copy, copy_and_verify, transfer


class Clock:
    """A wall clock that the test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make(clock: Clock) -> Callable[[], Store[Any]]:
    """A function that makes a store with history, whose values last 5 seconds unless the writer says otherwise."""
    return lambda: Versions(Json(Prefix(Expires(Memory(uuid4().hex), 5, clock=clock), "app")))


Way = Callable[[Store[Any], Store[Any]], object]

WAYS: dict[str, Way] = {
    "sync": sync,
    "sync, verified": lambda here, there: sync(here, there, verify=True),
    "sync both ways": sync_both,
    "sync both ways back": lambda here, there: sync_both(there, here),
    "sync both ways, keeping": lambda here, there: sync_both(here, there, conflict="keep"),
    "raw": lambda here, there: sync(here, there, raw=True),
    "back up": back_up,
    "restore": restore,
    "replicas": lambda here, there: Replicas(here, there, deliver=False).deliver(),
    "copy": lambda here, there: transfer(here, there, move=copy),
    "convert": lambda here, there: transfer(here, there, move=copy_and_verify),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_has_the_time_left_that_the_original_has(way: str, make: Any, clock: Clock) -> None:
    here, there = make(), make()
    here.lasting(60)["token"] = 1
    here.lasting(None)["user"] = 2
    here["brief"] = 3
    clock.now += 4
    WAYS[way](here, there)
    assert [there.remaining(key) for key in ("token", "user", "brief")] == [56, None, 1]
    clock.now += 1
    assert dict(there.items()) == dict(here.items()) == {"token": 1, "user": 2}


@pytest.mark.parametrize("way", [way for way in WAYS if way not in ("raw", "replicas")])
def test_a_copy_has_the_new_time_after_a_touch(way: str, make: Any, clock: Clock) -> None:
    here, there = make(), make()
    here.lasting(60)["token"] = 1
    WAYS[way](here, there)
    here.touch("token", 600)
    WAYS[way](here, there)
    assert (there["token"], there.remaining("token")) == (1, 600)


# ---- Revisions -------------------------------------------------------------------------------------------


def keep(a: Store[Any], b: Store[Any], **options: Any) -> None:
    sync_both(a, b, **{"conflict": "keep", **options})


def test_a_value_that_lost_keeps_its_deadline_until_it_wins(make: Any, clock: Clock) -> None:
    a, b, c = make(), make(), make()
    a.lasting(60)["x"] = "short"
    b.lasting(600)["x"] = "once"
    b.lasting(600)["x"] = "long"
    keep(a, b)
    keep(b, c)
    assert [store.remaining("x") for store in (a, b, c)] == [600, 600, 600]
    clock.now += 10
    keep(a, c, conflict=lambda base, ours, theirs: "short" if ours == "long" else ours)
    keep(a, b)
    assert {a["x"], b["x"], c["x"]} == {"short"}


def test_the_chosen_value_comes_with_its_deadline(make: Any, clock: Clock) -> None:
    for choice, left in ("ours", 60), ("theirs", 600):
        a, b = make(), make()
        a.lasting(60)["x"] = 1
        b.lasting(600)["x"] = 2
        sync_both(a, b, conflict=choice)
        assert a.remaining("x") == b.remaining("x") == left


@pytest.mark.parametrize("lefts", [(60, 600), (600, 60), (None, 60)])
@pytest.mark.parametrize("revisions", [True, False], ids=["revisions", "tags"])
def test_a_merged_value_lasts_as_long_as_the_longest(
    revisions: bool, lefts: Any, make: Any, clock: Clock
) -> None:
    a, b = (make() if revisions else Expires(Memory(), 5, clock=clock) for _ in range(2))
    values: Any = ({"n": 1}, {"m": 2}, {"n": 1, "m": 2}) if revisions else (b"1", b"2", b"3")
    for store, left, value in zip((a, b), lefts, values, strict=False):
        store.lasting(left)["x"] = value
    sync_both(a, b, conflict=merge_fields if revisions else lambda base, ours, theirs: values[2])
    assert a["x"] == b["x"] == values[2]
    assert a.remaining("x") == b.remaining("x") == (None if None in lefts else 600)


@pytest.mark.parametrize("revisions", [True, False], ids=["revisions", "tags"])
def test_of_equal_values_both_stores_get_the_deadline_of_the_later(
    revisions: bool, make: Any, clock: Clock
) -> None:
    for lefts in (60, 600), (600, 60), (600, None):
        a, b = (make() if revisions else Expires(Memory(), 5, clock=clock) for _ in range(2))
        for store, left in zip((a, b), lefts, strict=True):
            store.lasting(left)["x"] = b"1".decode() if revisions else b"1"
        sync_both(a, b)
        assert a.remaining("x") == b.remaining("x") == (None if None in lefts else 600)
        assert sync_both(a, b, full=True).changed == 0


def test_an_expired_value_does_not_come_back_at_another_store(make: Any, clock: Clock) -> None:
    a, b, c = make(), make(), make()
    a.lasting(60)["x"] = 1
    keep(a, b)
    clock.now += 60
    keep(b, c)
    clock.now += 1
    assert ["x" in store for store in (a, b, c)] == [False] * 3
    keep(c, a)
    a.lasting(60)["x"] = 2
    for one, two in (a, b), (b, c), (c, a):
        keep(one, two)
    assert [(store["x"], store.remaining("x")) for store in (a, b, c)] == [(2, 60)] * 3


def test_an_expired_sibling_can_be_chosen_and_stays_expired(make: Any, clock: Clock) -> None:
    a, b = make(), make()
    a.lasting(60)["x"] = "short"
    b.lasting(600)["x"] = "once"
    b.lasting(600)["x"] = "long"
    keep(a, b)
    clock.now += 60
    (found,) = conflicts(a)
    assert [each.value for each in found.siblings] == ["long", "short"]
    keep(a, b, conflict="ours")
    assert a["x"] == b["x"] == "long"
    settle(a, "x", "settled")
    keep(a, b)
    assert (b["x"], b.remaining("x")) == ("settled", 5)


def test_one_store_without_expiry_takes_and_gives_values_as_before(make: Any, clock: Clock) -> None:
    a, plain = make(), Versions(Json(Memory()))
    a.lasting(60)["x"] = 1
    plain["y"] = 2
    with note(author="Ann"):
        keep(a, plain)
    assert dict(plain.items()) == {"x": 1, "y": 2}
    assert (a.remaining("x"), a.remaining("y")) == (60, 5)


# ---- The past, and the command line ----------------------------------------------------------------------


def test_a_value_is_restored_with_the_time_left_that_it_had_then() -> None:
    here, backup, there = (Versions(Expires(Memory(uuid4().hex))) for _ in range(3))
    here.lasting(3600)["token"] = b"1"
    back_up(here, backup)
    time = datetime.now(UTC)
    here.lasting(36000)["token"] = b"2"
    back_up(here, backup)
    restore(backup, there, time)
    assert there["token"] == b"1"
    assert 3000 < (there.remaining("token") or 0) <= 3600


def test_a_copy_keeps_the_time_left_of_keys_outside_the_grammar(clock: Clock) -> None:
    here, there = (Escape(Expires(Memory(), 5, clock=clock)) for _ in range(2))
    here.lasting(60)["a//b"] = b"1"
    assert transfer(here, there, move=copy) == 1
    assert (there["a//b"], there.remaining("a//b")) == (b"1", 60)


def test_the_commands_cp_and_convert_keep_the_time_left(tmp_path: Any) -> None:
    here, cped, converted = (f"sqlite:///{tmp_path}/{name}.db?expires=never" for name in "abc")
    with holdall.open(here) as store:
        store.lasting(3600)["token"] = b"1"
        store["user"] = b"2"
    for command, there in ("cp", cped), ("convert", converted):
        result = CliRunner().invoke(app, [command, here, there])
        assert result.exit_code == 0, result.output
        with holdall.open(there) as store:
            assert 3000 < (store.remaining("token") or 0) <= 3600
            assert store.remaining("user") is None
