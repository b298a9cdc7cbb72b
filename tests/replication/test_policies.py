"""Policies settle conflicts of revisions: by a choice that is the same everywhere, or by a merge function."""

import time
from typing import Any

import pytest

from holdall import Conflict, Json, Memory, ReadOnly, Unsupported, Versions
from holdall.keys import RawKey
from holdall.middleware.versions.store import VersionedStore
from holdall.replication import conflicts, merge_fields, settle, sync_both
from holdall.replication.policies import Policy
from holdall.replication.revisions.kept import TREES
from holdall.replication.revisions.tree import Record
from holdall.store import MISSING, Feature, Store
from tests.replication.mortal import Life, Mortal
from tests.replication.test_conflicts import make

HOUR = 3_600 * 10**9


def leaves(store: Store[Any], key: str) -> list[str]:
    return Record.load(key, store.raw(TREES)[RawKey(key)]).tree.leaves


def pair() -> tuple[Versions[Any], Versions[Any]]:
    """Two stores with a conflict: the target has the longer history, and deleted a key."""
    here, there = make(), make()
    here.update({"x": 0, "y": 0, "z": 0})
    sync_both(here, there)
    here["x"] = here["y"] = "ours"
    there["x"], there["x"] = "once", "theirs"
    del there["y"]
    here["z"] = "free"
    return here, there


def test_revisions_decide_without_an_instruction() -> None:
    a, b, c = make(), make(), make()
    a["x"] = 1
    assert sync_both(a, b).revisions
    sync_both(a, c)
    b["x"] = 2
    sync_both(b, c)
    sync_both(c, a)
    assert a["x"] == 2
    assert not sync_both(a, Memory(), prefix="none").revisions
    assert not sync_both(ReadOnly(a), Json(Memory())).revisions


def test_conflicts_stay_until_they_are_settled_and_both_values_with_them() -> None:
    here, there = pair()
    for _ in range(2):
        with pytest.raises(Conflict, match=r"2 keys changed at both stores \('x', 'y'\).*with keep"):
            sync_both(here, there)
        assert (here["x"], there["x"], here["y"], "y" in there, there["z"]) == (
            "ours",
            "theirs",
            "ours",
            False,
            "free",
        )
    here["x"] = "theirs"
    assert sync_both(here, there, conflict="keep").siblings == 1
    with pytest.raises(Conflict, match="1 key changed"):  # siblings are a conflict that is open
        sync_both(here, there)
    settle(here, "y", MISSING)
    sync_both(here, there)
    assert dict(here) == dict(there) == {"x": "theirs", "z": "free"}


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("ours", {"x": "ours", "y": "ours"}),
        ("theirs", {"x": "theirs"}),
        (lambda base, a, b: MISSING if MISSING in (a, b) else f"{base} {a} {b}", {"x": "0 ours theirs"}),
    ],
)
def test_a_policy_settles_conflicts_for_every_store(
    policy: Policy, expected: dict[str, Any], kept: bool
) -> None:
    here, there = pair()
    third = make()
    sync_both(there, third)
    if kept and not callable(
        policy
    ):  # siblings may be settled later, too: but then both sides show the winner
        sync_both(here, there, conflict="keep")
        expected = {"x": "theirs"} | ({"y": "ours"} if "y" in there else {})
    report = sync_both(here, there, conflict=policy)
    assert report.siblings == report.left == 0
    assert dict(here) == dict(there) == {**expected, "z": "free"}
    sync_both(third, here)
    assert dict(third) == dict(here)
    assert [found for store in (here, there, third) for found in conflicts(store)] == []
    assert sync_both(here, there).changed == 0


def test_the_newest_value_is_that_of_the_latest_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time_ns()
    a, b, c = make(), make(), make()
    for store, hours, times in (a, 2, 1), (b, 1, 3), (c, 3, 1):
        monkeypatch.setattr(time, "time_ns", lambda hours=hours: now + hours * HOUR)
        for count in range(times):
            store["x"] = f"{hours}.{count}"
    assert sync_both(a, b, conflict="newest").replaced == 1
    assert a["x"] == b["x"] == "2.0"
    sync_both(b, c, conflict="newest")
    assert b["x"] == c["x"] == "3.0"


@pytest.mark.parametrize("policy", ["ours", "theirs", "newest"])
def test_two_pairs_that_choose_alike_make_the_same_revision(policy: Policy) -> None:
    a, b, c, d = make(), make(), make(), make()
    a["x"], b["x"] = 1, 2
    sync_both(a, c)
    sync_both(b, d)
    sync_both(a, b, conflict=policy)
    sync_both(c, d, conflict=policy)
    assert leaves(a, "x") == leaves(c, "x")
    assert len(leaves(a, "x")) == 1
    assert sync_both(b, c).changed == 0


def test_two_pairs_that_merge_alike_have_no_conflict() -> None:
    def join(base: Any, ours: Any, theirs: Any) -> Any:
        return sorted({*ours, *theirs})

    a, b, c, d, e = make(), make(), make(), make(), make()
    a["x"], b["x"], e["x"] = [1], [2], [3]
    sync_both(a, c)
    sync_both(b, d)
    sync_both(a, b, conflict=join)
    sync_both(c, d, conflict=join)
    assert sync_both(b, c).siblings == 0
    assert a["x"] == c["x"] == [1, 2]
    sync_both(c, e, conflict="keep")
    sync_both(d, e, conflict=join)
    assert e["x"] == [1, 2, 3]


def test_fields_merge_and_those_that_both_changed_stay_as_siblings() -> None:
    here, there = make(), make()
    for key in "merged", "open":
        here[key] = {"customer": "Ada", "total": "1.00"}
    sync_both(here, there)
    here["merged"] = {"customer": "Ada", "total": "2.00"}
    there["merged"] = {"customer": "Bob", "total": "1.00"}
    here["open"] = {"customer": "Ada", "total": "2.00"}
    there["open"] = {"customer": "Bob", "total": "3.00"}
    assert sync_both(here, there, conflict=merge_fields).siblings == 1
    assert here["merged"] == there["merged"] == {"customer": "Bob", "total": "2.00"}
    (found,) = conflicts(there)
    assert (found.key, found.base) == ("open", {"customer": "Ada", "total": "1.00"})
    assert {each.value["total"] for each in found.siblings} == {"2.00", "3.00"}


def test_without_revisions_fields_do_not_merge_by_that_function() -> None:
    here, there = Json(Memory()), make()
    with pytest.raises(Unsupported, match=r"Json\(Memory\(\).*keeps no revisions that a sync can write"):
        sync_both(here, there, conflict=merge_fields)
    here["x"], there["x"] = {"a": 1}, {"a": 2}
    with pytest.raises(Unsupported):
        sync_both(ReadOnly(there), make(), conflict="keep")

    def merge(base: Any, ours: Any, theirs: Any) -> Any:
        assert base is MISSING
        return merge_fields(base, ours, theirs)

    assert sync_both(here, there, conflict=merge).conflicts == ["x"]
    here["x"] = {"a": 2, "b": 1}
    assert sync_both(here, there, conflict=merge).replaced == 1
    assert there["x"] == {"a": 2, "b": 1}


@pytest.mark.parametrize("feeds", [True, False])
def test_equal_stores_cost_their_listings_or_nothing(feeds: bool) -> None:
    """Without feeds, the keys and the trees of both are listed; with feeds, what changed is read."""
    memories = Memory(), Memory()
    lives = [Life(), Life()]
    stores = [
        VersionedStore(Mortal(memory, life) if feeds else Feedless(memory, life))
        for memory, life in zip(memories, lives, strict=True)
    ]
    stores[0].update({f"k{number}": b"1" for number in range(50)})
    kept = Memory()
    for _ in range(3):
        sync_both(*stores, state=kept)
        calls = [list(life.calls) for life in lives]
        for life in lives:
            del life.calls[:]
    assert calls == [["changes", "changes"] if feeds else ["scan_tags", "scan_tags"]] * 2
    for count in 3, 6:
        stores[1].update({f"k{number}": b"%d" % count for number in range(count)})
        for life in lives:
            del life.calls[:]
        assert sync_both(*stores, state=kept).copied == count
        # A feed tells the keys that the sync before has written, too.
        allowed = 5 + 14 * count if feeds else 2 + 10 * count
        assert max(len(life.calls) for life in lives) <= allowed


class Feedless(Mortal):
    @property
    def features(self) -> Feature:
        return super().features & ~Feature.CHANGES
