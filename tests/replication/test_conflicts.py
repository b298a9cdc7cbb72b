"""Revisions of two stores: which one follows the other, which one wins, and what is kept of the one that lost."""

import json
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall import ABSENT, Conflict, Corrupt, Encrypt, Json, Memory, Prefix, Unsupported, Versions, note
from holdall.keys import RawKey
from holdall.middleware.keyring import new_key
from holdall.middleware.versions.stamp import Stamp
from holdall.replication import conflicts, merge_fields, settle, sync_both
from holdall.replication.report import Report
from holdall.replication.revisions import tree
from holdall.replication.revisions.kept import TREES
from holdall.replication.revisions.tree import Coming, Known, Record, Tree
from holdall.store import MISSING, Store


def make() -> Versions[Any]:
    return Versions(Json(Memory(uuid4().hex)))


def sync(a: Store[Any], b: Store[Any], **options: Any) -> Report:
    return sync_both(a, b, conflict="keep", **options)


def test_a_revision_has_the_same_id_and_note_at_every_store() -> None:
    a, b, c = make(), make(), make()
    with note(author="Ann", message="the discount was missing"):
        a["x"] = 1
    a["x"] = 2
    assert sync(a, b).copied == sync(b, c).copied == 1
    assert next(a.history("x")).id == next(b.history("x")).id == next(c.history("x")).id
    with note(author="Bob"):
        del c["x"]
    assert sync(c, a).deleted == 1
    assert (next(a.history("x")).author, "x" in a) == ("Bob", False)


def test_a_third_store_does_not_make_a_conflict() -> None:
    """Without revisions, the third store could not tell which of the two values is newer."""
    a, b, c = make(), make(), make()
    a["x"] = 1
    sync(a, b)
    sync(a, c)
    b["x"] = 2
    sync(b, c)
    assert sync(c, a).siblings == 0
    assert a["x"] == 2


def test_the_longer_history_wins_on_both_sides_and_the_loser_stays() -> None:
    a, b = make(), make()
    a["x"] = 0
    sync(a, b)
    a["x"] = "once"
    b["x"], b["x"] = "first", "second"
    report = sync(a, b)
    assert (report.copied, report.siblings, report.left) == (1, 1, 0)
    for store in a, b:
        assert store["x"] == "second"
        (found,) = conflicts(store)
        assert (found.key, [each.value for each in found.siblings]) == ("x", ["second", "once"])
        assert [each.revision.split("-")[0] for each in found.siblings] == ["3", "2"]
        assert found.tag == store.get_tagged("x").tag
    assert a.at("x", 2) == "once"
    assert sync(a, b).examined == 1
    assert list(conflicts(a, prefix="y")) == []


def test_a_deletion_can_win_and_can_lose() -> None:
    a, b = make(), make()
    for key in "won", "lost":
        a[key] = 0
    sync(a, b)
    a["won"] = 1
    del a["won"]
    b["won"] = 2
    del a["lost"]
    b["lost"], b["lost"] = 1, 2
    sync(a, b)
    assert dict(a) == dict(b) == {"lost": 2}
    shown = {each.key: [one.value for one in each.siblings] for each in conflicts(b)}
    assert shown == {"lost": [2, MISSING], "won": [MISSING, 2]}
    settle(a, "won", 2, expected=ABSENT)
    settle(b, "lost", MISSING)
    sync(a, b)
    assert dict(a) == dict(b) == {"won": 2}
    assert [*conflicts(a), *conflicts(b)] == []
    assert not list(a.raw(".holdall/siblings/"))


def test_a_settled_conflict_stays_settled_at_stores_that_still_have_it() -> None:
    a, b, c = make(), make(), make()
    a["x"], b["x"] = 1, 2
    sync(a, b)
    sync(b, c)
    settle(a, "x", 3)
    sync(c, a)
    sync(b, c)
    assert [store["x"] for store in (a, b, c)] == [3, 3, 3]
    assert [found for store in (a, b, c) for found in conflicts(store)] == []


def test_a_conflict_that_changed_is_not_settled() -> None:
    a, b = make(), make()
    a["x"], b["x"] = 1, 2
    sync(a, b)
    (found,) = conflicts(a)
    a["x"] = 3
    with pytest.raises(Conflict, match="'x'"):
        settle(a, "x", 4, expected=found.tag)
    assert a["x"] == 3


def test_equal_values_are_no_conflict_and_are_not_written_again() -> None:
    a, b = make(), make()
    a["x"] = b["x"] = {"total": "119.00"}
    report = sync(a, b)
    assert (report.copied, report.siblings) == (0, 0)
    assert len(list(a.history("x"))) == len(list(b.history("x"))) == 1
    b["x"] = {"total": "107.10"}
    assert sync(a, b).siblings == 0
    assert a["x"] == {"total": "107.10"}


def test_a_copy_of_the_bytes_shares_the_revisions() -> None:
    """A laptop that was restored from a backup, for example: it has the ids, and needs no sync before."""
    a = make()
    a["x"], a["y"] = 1, 1
    a["x"] = 2
    copy = Memory(uuid4().hex)
    copy.raw().update(a.raw().items())
    b = Versions(Json(copy))
    a["x"], b["y"] = 3, 2
    assert sync(a, b).siblings == 0
    assert dict(a) == dict(b) == {"x": 3, "y": 2}


def test_values_that_were_found_differ_even_if_their_tags_are_equal() -> None:
    memories = Memory(uuid4().hex), Memory(uuid4().hex)
    for memory, value in zip(memories, (b"1", b"2"), strict=True):
        memory["x"] = value
    assert len({memory.tag("x") for memory in memories}) == 1
    a, b = map(Versions, memories)
    assert sync(a, b).siblings == 1


@pytest.mark.parametrize("side", [0, 1])
def test_a_deletion_by_a_writer_without_versions_travels(side: int) -> None:
    memories = Memory(uuid4().hex), Memory(uuid4().hex)
    a, b = map(Versions, memories)
    memories[0]["x"] = b"1"
    sync(a, b)
    del memories[side]["x"]
    if side:
        assert next(b.history("x")).id == next(b.history("x")).id
    assert sync(a, b).deleted == 1
    assert not memories[0]
    assert not memories[1]
    assert sync(a, b).changed == 0


def test_siblings_are_encrypted_and_belong_to_their_prefix() -> None:
    memory, keys = Memory(uuid4().hex), new_key("2026")
    a = Versions(Prefix(Json(Encrypt(memory, lambda: keys)), "shop"))
    b = make()
    with note(author="secret Ann", message="secret reason"):
        a["x"], b["x"] = "secret-1", "secret-2"
    sync(a, b)
    (found,) = conflicts(a)
    assert {each.value for each in found.siblings} == {"secret-1", "secret-2"}
    assert {each.note for each in found.siblings} == {("secret Ann", "secret reason")}
    stored = dict(memory.raw().items())
    assert any(key.startswith(".holdall/siblings/shop/x/") for key in stored)
    assert not any(b"secret" in data for data in stored.values())


def test_a_tree_that_is_damaged_is_reported() -> None:
    a, b = make(), make()
    a["x"], a["y"] = 1, 1
    sync(a, b)
    b.raw(".holdall/revisions/")["x"] = b"{}"
    a["y"] = 2
    report = sync(a, b)
    assert isinstance(report.refused["x"], Corrupt)
    assert (report.copied, b["y"]) == (1, 2)


ONE, TWO = "0" * 15 + "1", "0" * 15 + "2"
LIES: dict[str, dict[str, Any]] = {
    "path": {"revisions": {"../../../../x": [9, [], False, 0]}},
    "sibling": {"revisions": {ONE: [1, [], False, 0]}, "siblings": ["../x"]},
    "parent": {"revisions": {ONE: [1, ["x"], False, 0]}},
    "upper case": {"revisions": {"A" * 16: [1, [], False, 0]}},
    "cycle": {"revisions": {ONE: [1, [TWO], False, 0], TWO: [2, [ONE], False, 0]}},
    "itself": {"revisions": {ONE: [1, [ONE], False, 0]}},
    "time": {"revisions": {ONE: [1, [], False, 10**18]}},
    "endless": {"revisions": {ONE: [float("inf"), [], False, 0]}},
    "coming": {"revisions": {}, "coming": [["x", {}]]},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_tree_that_cannot_be_one_is_refused_and_the_other_keys_come(lie: dict[str, Any]) -> None:
    a, b = make(), make()
    a["x"], a["y"], b["x"] = 1, 2, 3
    record = {"format": 1, "at": None, "revisions": {}, "siblings": [], "coming": [], **lie}
    b.raw(".holdall/revisions/")["x"] = json.dumps(record).encode()
    report = sync(a, b)
    assert isinstance(report.refused["x"], Corrupt)
    assert (a["x"], b["x"], b["y"]) == (1, 3, 2)


def test_trees_that_contradict_each_other_are_refused() -> None:
    a, b = make(), make()
    a["x"] = b["x"] = 1
    for store, (older, newer) in (a, (ONE, TWO)), (b, (TWO, ONE)):
        lie = {older: [1, [], False, 0], newer: [2, [older], False, 0]}
        record = {
            "format": 1,
            "at": [1, next(store.history("x")).id, newer],
            "revisions": lie,
            "siblings": [],
            "coming": [],
        }
        store.raw(".holdall/revisions/")["x"] = json.dumps(record).encode()
    assert isinstance(sync(a, b).refused["x"], Corrupt)


def test_a_place_that_is_not_in_the_tree_is_found_again() -> None:
    a, b = make(), make()
    a["x"] = 1
    sync(a, b)
    raw = b.raw(".holdall/revisions/")
    record = json.loads(raw["x"])
    raw["x"] = json.dumps({**record, "at": [9, "x", ONE]}).encode()
    a["x"] = 2
    assert (sync(a, b).siblings, b["x"]) == (0, 2)


def test_a_record_of_a_value_that_never_came_is_left_alone() -> None:
    """A sync was killed after it announced a value, and then this value was deleted at the other store."""
    a, b = make(), make()
    coming = Coming("00" * 8, Tree({"00" * 8: Known(3, (), deleted=False, micros=0)}))
    b.raw(".holdall/revisions/")["x"] = Record(Tree(), coming=(coming,)).dump()
    sync(a, b)
    before = dict(b.raw().items())
    assert sync(a, b).changed == 0
    assert dict(b.raw().items()) == before


@given(st.lists(st.lists(st.integers(0, 100), max_size=3), max_size=12), st.integers(1, 6))
def test_a_tree_that_is_cut_has_the_same_leaves(parents: list[list[int]], limit: int) -> None:
    tree = Tree({"0": Known(1, (), deleted=False, micros=0)})
    for number, each in enumerate(parents, 1):
        tree = tree.with_child(str(number), {str(parent % number) for parent in each}, False, 0)
    cut = tree.cut(limit)
    assert cut.leaves == tree.leaves
    assert cut.items() <= tree.items()
    assert cut.cut(limit) == cut
    assert len(cut) == len(tree) or len(cut) >= limit


def test_trees_do_not_grow_for_ever_and_generations_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "LIMIT", 5)
    a, b, near, far = make(), make(), make(), make()
    for number in range(20):
        a["x"] = number
        sync(a, b)
        if number == 2:
            sync(b, far)
        if number == 16:
            sync(b, near)
    record = Record.load("x", b.raw(TREES)[RawKey("x")])
    assert sorted(known.generation for known in record.tree.values()) == [16, 17, 18, 19, 20]
    assert sync(b, near).siblings == 0
    assert near["x"] == 19
    assert sync(b, far).siblings == 1  # nobody knows any more that its value was replaced
    assert far["x"] == 19


def test_a_dry_run_writes_nothing() -> None:
    a, b = make(), make()
    a["x"], b["x"], b["y"] = 1, 2, 3
    before = [dict(store.raw().items()) for store in (a, b)]
    report = sync(a, b, dry_run=True)
    assert (report.copied, report.siblings) == (2, 1)
    assert [dict(store.raw().items()) for store in (a, b)] == before


def test_both_stores_need_the_layer_versions() -> None:
    with pytest.raises(Unsupported, match=r"keeps no revisions that a sync can write; wrap it in Versions"):
        sync(make(), Memory())


def test_a_store_that_lost_everything_gets_it_back_and_deletes_nothing() -> None:
    a, b = make(), make()
    a["x"], a["y"] = 1, 2
    sync(a, b)
    b.raw().clear()
    assert sync(a, b).copied == 2
    assert dict(a) == dict(b) == {"x": 1, "y": 2}


def test_values_that_differ_although_their_revision_is_the_same_are_reported() -> None:
    a, b = make(), make()
    a["x"] = 1
    sync(a, b)
    stamp, _ = Stamp.parse("x", b.raw()["x"])
    b.raw()["x"] = stamp.prepend_to(b"2")
    with pytest.raises(Corrupt, match="their revision is the same"):
        raise sync(a, b, verify=True).refused["x"]


# ---- Merging ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("adopted", [False, True])
def test_a_conflict_has_the_last_common_value_and_merges_by_field(adopted: bool) -> None:
    a, b, c = make(), make(), make()
    a["x"] = {"customer": "Ada", "total": "1.00"}
    if adopted:
        b["x"] = {"customer": "Ada", "total": "1.00"}
    sync(a, b)
    sync(b, c)
    a["x"] = {"customer": "Ada", "total": "2.00"}
    c["x"] = {"customer": "Bob", "total": "1.00"}
    sync(a, b)
    sync(c, b)
    (found,) = conflicts(b)
    assert found.base == {"customer": "Ada", "total": "1.00"}
    merged = merge_fields(found.base, *(each.value for each in found.siblings))
    assert (merged.value, merged.conflicts) == ({"customer": "Bob", "total": "2.00"}, [])
    settle(b, "x", merged.value, expected=found.tag)
    sync(b, a)
    sync(a, c)
    assert a["x"] == b["x"] == c["x"] == merged.value


def test_without_a_common_revision_or_after_a_prune_the_base_is_missing() -> None:
    a, b = make(), make()
    a["new"], b["new"] = 1, 2
    a["old"] = 0
    sync(a, b)
    a["old"], b["old"] = 1, 2
    sync(a, b)
    assert [found.base for found in conflicts(a)] == [MISSING, 0]
    a.prune(keep=1)
    assert [found.base for found in conflicts(a)] == [MISSING, MISSING]


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "value", "paths"),
    [
        ({"a": 1}, {"a": 1}, MISSING, MISSING, []),
        ({"a": 1}, {"a": 2}, MISSING, {"a": 2}, [""]),
        (MISSING, {"a": 1, "b": 1}, {"a": 1, "c": 2}, {"a": 1, "b": 1, "c": 2}, []),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, {"a": {"b": 1, "c": 3}}, {"a": {"b": 2, "c": 3}}, []),
        ({"a": {"/~": 1}}, {"a": {"/~": 2}}, {"a": {"/~": 3}}, {"a": {"/~": 2}}, ["/a/~1~0"]),
        ({"a": 1, "b": 2}, {"b": 2}, {"a": 1, "b": 3}, {"b": 3}, []),
        ({"a": 1}, {}, {"a": 2}, {}, ["/a"]),
        ({"a": 1}, {"a": True}, {"a": 1}, {"a": True}, []),
        ([1], [1, 2], [3], [1, 2], [""]),
    ],
)
def test_fields_merge_three_ways(base: Any, ours: Any, theirs: Any, value: Any, paths: list[str]) -> None:
    assert merge_fields(base, ours, theirs) == (value, paths)
