"""Both ways: the tags tell which side changed, and a policy settles what changed at both."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from holdall import Conflict, Escape, Invalid, Json, Memory, SQLite, Unsupported, Versions
from holdall.replication import run, state, sync_both
from holdall.replication.policies import Policy
from holdall.store import MISSING, Feature, Store
from tests.replication.mortal import Killed, Life, Mortal, Without
from tests.replication.test_machine import in_turn
from tests.soak import SOAK

KEYS = [f"k{number}" for number in range(5)]


def pair(lacks: Feature = Feature.NONE) -> tuple[Store[bytes], Store[bytes]]:
    return Without(Memory(), lacks), Without(Memory(), lacks)


@pytest.mark.parametrize("lacks", [Feature.NONE, Feature.CHANGES, ~(Feature.SEEK | Feature.BATCH)])
def test_each_side_gets_what_changed_at_the_other(lacks: Feature) -> None:
    here, there = pair(lacks)
    here["a"] = here["b"] = there["c"] = there["d"] = b"1"
    assert sync_both(here, there).copied == 4
    here["a"], there["c"] = b"2", b"2"
    del here["b"], there["d"]
    report = sync_both(here, there, dry_run=True)
    assert (report.copied, report.deleted) == (2, 2)
    report = sync_both(here, there)
    assert (report.copied, report.deleted, report.replaced) == (2, 2, 0)
    assert dict(here) == dict(there) == {"a": b"2", "c": b"2"}
    assert sync_both(here, there).changed == 0


@pytest.mark.parametrize("feed", [True, False])
def test_nothing_is_written_and_little_is_read_if_nothing_has_changed(feed: bool) -> None:
    asked, told = Life(), Life()
    here: Store[bytes] = Mortal(Memory(), asked)
    there: Store[bytes] = Mortal(Memory(), told)
    if not feed:
        here, there = Without(here), Without(there)
    here.update(dict.fromkeys(KEYS, b"1"))
    sync_both(here, there)
    sync_both(here, there)  # it reads in the feed of the target what the first one wrote
    del asked.calls[:], told.calls[:]
    sync_both(here, there)
    assert asked.calls == ["changes" if feed else "scan_tags"]
    assert told.calls == ["get_tagged", "changes" if feed else "scan_tags"]


# ---- Conflicts --------------------------------------------------------------------------------------------


def in_conflict(lacks: Feature = Feature.NONE) -> tuple[Store[bytes], Store[bytes]]:
    here, there = pair(lacks)
    here.update(dict.fromkeys(KEYS, b"0"))
    sync_both(here, there)
    here["k0"], there["k0"] = b"ours", b"theirs"
    here["k1"] = b"ours"
    del there["k1"], here["k2"]
    there["k2"] = b"theirs"
    here["k3"] = there["k3"] = b"same"
    here["k4"] = b"free"
    return here, there


@pytest.mark.parametrize("lacks", [Feature.NONE, Feature.CHANGES])
@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("ours", {"k0": b"ours", "k1": b"ours"}),
        ("theirs", {"k0": b"theirs", "k2": b"theirs"}),
        (lambda base, a, b: MISSING if MISSING in (a, b) else a + b, {"k0": b"ourstheirs"}),
    ],
)
def test_a_policy_settles_a_conflict(policy: Policy, expected: dict[str, bytes], lacks: Feature) -> None:
    here, there = in_conflict(lacks)
    report = sync_both(here, there, conflict=policy)
    assert report.replaced == 3
    assert dict(here) == dict(there) == {**expected, "k3": b"same", "k4": b"free"}
    assert sync_both(here, there).changed == 0


@pytest.mark.parametrize("lacks", [Feature.NONE, Feature.CHANGES])
def test_conflicts_are_left_and_named_until_they_are_settled(lacks: Feature) -> None:
    here, there = in_conflict(lacks)
    for _ in range(2):
        with pytest.raises(Conflict, match=r"3 keys changed at both stores.*with history at both stores"):
            sync_both(here, there)
        assert (here["k0"], there["k0"], there["k4"]) == (b"ours", b"theirs", b"free")
        assert "k2" not in here
    there["k0"] = b"ours"
    del here["k1"], there["k2"]
    assert sync_both(here, there).left == 0
    assert dict(here) == dict(there) == {"k0": b"ours", "k3": b"same", "k4": b"free"}


def test_the_error_of_a_conflict_also_names_what_was_refused() -> None:
    here, there = Escape(Memory()), Memory()
    here["a"], there["a"], here["b//"] = b"1", b"2", b"3"
    with pytest.raises(
        Conflict, match=r"^1 key changed at both stores \('a'\), 'b//' was left out \(.*segment"
    ):
        sync_both(here, there)


def test_the_first_sync_does_not_know_which_value_is_newer() -> None:
    here, there = pair()
    here["a"], there["a"], here["b"], there["b"] = b"1", b"2", b"3", b"3"
    with pytest.raises(Conflict):
        sync_both(here, there)
    assert sync_both(here, there, conflict="theirs").replaced == 1
    assert here["a"] == b"2"


def test_the_newest_value_needs_history_on_both_sides() -> None:
    with pytest.raises(Unsupported, match="HISTORY"):
        sync_both(*pair(), conflict="newest")
    with pytest.raises(Invalid, match="does not settle conflicts"):
        sync_both(*pair(), conflict="last")  # type: ignore[arg-type]
    here, there = Versions(Json(Memory())), Versions(Json(Memory()))
    here["a"] = there["b"] = 1
    there["a"] = here["b"] = 2
    sync_both(here, there, conflict="newest")
    assert dict(here) == dict(there) == {"a": 2, "b": 2}
    here["a"] = 3
    del there["a"]
    sync_both(here, there, conflict="newest")
    assert dict(here) == dict(there) == {"b": 2}


def test_a_value_that_changes_at_that_moment_is_a_conflict_and_is_not_lost() -> None:
    here, far = Memory(), Memory()

    class Racing(Mortal):
        def _call(self, name: str, call: Any, /, *args: Any) -> Any:
            if name == "swap" and args[0] == "a" and here["a"] == b"ours":
                far["a"] = b"theirs"
            return call(*args)

    here["a"] = far["a"] = b"0"
    sync_both(here, Racing(far, Life()))
    here["a"] = b"ours"
    with pytest.raises(Conflict, match="changed at both"):
        sync_both(here, Racing(far, Life()))
    assert (here["a"], far["a"]) == (b"ours", b"theirs")


@pytest.mark.parametrize("side", [0, 1])
def test_a_store_without_keys_does_not_empty_the_other_one(side: int) -> None:
    stores = here, there = Without(Memory()), Without(Memory())
    here["a"] = b"1"
    sync_both(here, there)
    stores[side].clear()
    with pytest.raises(Invalid, match="has no keys"):
        sync_both(here, there)
    assert dict(stores[1 - side]) == {"a": b"1"}
    sync_both(here, there, allow_empty=True)
    assert len(stores[1 - side]) == 0


@pytest.mark.parametrize("lacks", [Feature.NONE, Feature.CHANGES])
def test_verify_takes_no_change_for_a_conflict_and_no_conflict_for_a_deletion(lacks: Feature) -> None:
    here, there = pair(lacks)
    here.update(dict.fromkeys(KEYS, b"0"))
    sync_both(here, there)
    here["k0"] = there["k1"] = b"new"
    del here["k2"], there["k3"], here["k4"]
    there["k4"] = b"changed"
    with pytest.raises(Conflict, match="1 key changed at both"):
        sync_both(here, there, verify=True)
    assert dict(there) == {"k0": b"new", "k1": b"new", "k4": b"changed"}
    with pytest.raises(Conflict):
        sync_both(here, there)
    sync_both(here, there, verify=True, conflict="theirs")
    assert dict(here) == dict(there) == {"k0": b"new", "k1": b"new", "k4": b"changed"}


def test_verify_finds_values_that_differ_behind_their_tags() -> None:
    far = Memory()
    here, there = Memory(), Without(far)
    here["a"] = b"1"
    sync_both(here, there)
    far._table.cells["a"] = b"rot", far._table.cells["a"][1]
    assert sync_both(here, there).changed == 0
    with pytest.raises(Conflict):
        sync_both(here, there, verify=True)
    assert sync_both(here, there, verify=True, conflict="ours").replaced == 1
    assert far["a"] == b"1"


# ---- Restored backups --------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [0, 1])
def test_a_side_that_was_restored_gets_no_deleted_key_back_and_loses_none(side: int, tmp_path: Path) -> None:
    file, other, kept = tmp_path / "a.db", Memory(), Memory()

    def sync(conflict: Policy = "raise") -> None:
        with SQLite(file, durability="os") as restored:
            stores = (restored, other) if side == 0 else (other, restored)
            sync_both(*stores, state=kept, conflict=conflict)
            assert dict(restored) == dict(other)

    other.update(dict.fromkeys(KEYS, b"0"))
    sync()
    shutil.copy(file, tmp_path / "backup")
    del other["k0"]
    with SQLite(file, durability="os") as store:
        del store["k1"]
        store["new"] = b"1"
    sync()
    shutil.copy(tmp_path / "backup", file)
    with SQLite(file, durability="os") as store:
        store["later"] = b"2"
    sync()
    assert dict(other) == {"k2": b"0", "k3": b"0", "k4": b"0", "new": b"1", "later": b"2"}
    other["k2"] = b"changed"
    sync()
    shutil.copy(tmp_path / "backup", file)
    with pytest.raises(Conflict):
        sync()  # the restored side may have changed too: nobody can tell
    sync("ours" if side else "theirs")
    assert other["k2"] == b"changed"


@pytest.mark.parametrize("revisions", [True, False])
def test_a_side_that_lost_only_what_a_sync_wrote_there_gets_it_back(revisions: bool, tmp_path: Path) -> None:
    """Its feed goes on from the position that the sync remembered before it wrote."""
    file, other, kept = tmp_path / "a.db", Memory(), Memory()
    far = Versions(other) if revisions else other

    def sync(**changes: bytes) -> None:
        with SQLite(file, durability="os") as lowest:
            near = Versions(lowest) if revisions else lowest
            near.update(changes)
            sync_both(near, far, state=kept, conflict="theirs")
            assert dict(near) == dict(far)

    far.update(dict.fromkeys(KEYS, b"0"))
    sync()
    sync()
    shutil.copy(file, tmp_path / "backup")
    del far["k0"]
    far["k1"] = b"1"
    sync()
    shutil.copy(tmp_path / "backup", file)
    sync(k2=b"2", new=b"1")
    later = b"2" if revisions else b"0"  # tags do not tell that k2 changed only at the restored side
    assert dict(far) == {"k1": b"1", "k2": later, "k3": b"0", "k4": b"0", "new": b"1"}


# ---- Random histories ----------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def small(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few keys take several blocks, batches and chunks."""
    if "TestPair" in request.node.nodeid:
        monkeypatch.setattr(run, "run_calls", in_turn)
        monkeypatch.setattr(state.Rewriting, "ROWS", 2)
        monkeypatch.setattr(run, "BATCH", 2)
        monkeypatch.setattr(run, "_CHUNK", 2)
        monkeypatch.setattr(run, "_FEW", 2)


class Pair(RuleBasedStateMachine):
    """Two stores against two dicts. ``bases`` are the values that a key may have had when it was last settled."""

    @initialize(
        lacks=st.lists(
            st.sampled_from([Feature.NONE, Feature.CHANGES, Feature.REMOVE]), min_size=2, max_size=2
        ),
        apart=st.booleans(),
        ours=st.booleans(),
    )
    def open(self, lacks: list[Feature], apart: bool, ours: bool) -> None:
        self.stores = Memory(), Memory()
        self.lacks = lacks
        self.state = Memory() if apart else None
        self.policy = "ours" if ours else "theirs"
        self.touched: tuple[set[str], set[str]] = set(), set()
        self.bases: dict[str, set[bytes | None]] = {key: {None} for key in KEYS}

    @rule(side=st.integers(0, 1), key=st.sampled_from(KEYS), value=st.binary(max_size=1))
    def write(self, side: int, key: str, value: bytes) -> None:
        self.stores[side][key] = value
        self.touched[side].add(key)

    @rule(side=st.integers(0, 1), key=st.sampled_from(KEYS))
    def delete(self, side: int, key: str) -> None:
        self.stores[side].discard(key)
        self.touched[side].add(key)

    def outcomes(self) -> dict[str, set[bytes | None]]:
        """The values that each key may have after a sync."""
        found = {}
        for key in KEYS:
            a, b = (store.get(key) for store in self.stores)
            found[key] = {self.outcome(base, a, b) for base in self.bases[key]}
            if key in self.touched[0] & self.touched[1]:  # tags do not tell that a value was written again
                found[key].add(a if self.policy == "ours" else b)
        return found

    def outcome(self, base: bytes | None, a: bytes | None, b: bytes | None) -> bytes | None:
        if a == base:
            return b
        if b == base or self.policy == "ours":
            return a
        return b

    def sync(self, life: Life, full: bool, verify: bool = False) -> None:
        sides = [
            Without(Mortal(store, life), lacks) for store, lacks in zip(self.stores, self.lacks, strict=True)
        ]
        kept = None if self.state is None else Mortal(self.state, life)
        sync_both(*sides, conflict=self.policy, state=kept, full=full, verify=verify, allow_empty=True)  # type: ignore[arg-type]

    @rule(requests=st.integers(0, 60), full=st.booleans())
    def killed(self, requests: int, full: bool) -> None:
        before = [dict(store) for store in self.stores]
        allowed = self.outcomes()
        try:
            self.sync(Life(requests), full)
        except Killed:
            for key in KEYS:
                for store, old in zip(self.stores, before, strict=True):
                    assert store.get(key) == old.get(key) or store.get(key) in allowed[key]
                a, b = (store.get(key) for store in self.stores)
                if a == b:
                    self.bases[key].add(a)
        else:
            self.settle()

    def settle(self) -> None:
        self.touched = set(), set()
        self.bases = {key: {self.stores[0].get(key)} for key in KEYS}

    @rule(full=st.booleans(), verify=st.booleans())
    def synced(self, full: bool, verify: bool) -> None:
        allowed = self.outcomes()
        self.sync(Life(), full, verify)
        assert dict(self.stores[0]) == dict(self.stores[1])
        for key in KEYS:
            assert self.stores[0].get(key) in allowed[key], key
        self.settle()


TestPair = Pair.TestCase
TestPair.settings = settings(max_examples=3_000 if SOAK else 15, stateful_step_count=25, deadline=None)
