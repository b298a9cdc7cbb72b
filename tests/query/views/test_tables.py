"""Every table of views: a dict with a head, whose commits are whole, whatever fails and whoever else commits."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from holdall import Conflict, Store, Unavailable
from holdall.query.views.segments import merge
from tests.faults.requests import Hooks, Killed, at_each_moment, die
from tests.query.views.tables import (
    NAMES,
    OTHERS,
    Changes,
    Kind,
    applied,
    commit,
    each_way,
    every_kind,
    state,
)

FIRST = {name: name.encode() * 5 for name in NAMES}
SECOND: Changes = {"d0": b"new", "d1": None, OTHERS[1]: b"1"}
WHOLE: Changes = {**dict.fromkeys(NAMES[2:], b"another"), "m7": None}
MORE = {f"new{number}": b"%d" % number for number in range(9)}


@pytest.fixture(autouse=True)
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merge, "LARGEST", 40)


@pytest.fixture
def store(kind: Kind, tmp_path: Path) -> Iterator[Store[bytes]]:
    with kind.store(tmp_path) as store:
        store["another"] = b"not of the table"
        yield store
        assert store["another"] == b"not of the table"


def begin(kind: Kind, store: Store[bytes]) -> dict[str, bytes]:
    """Begin the table again with a few commits of different size."""
    table = kind.table(store)
    table.drop()
    table.commit(FIRST, b"0", None)
    commit(table, {"d2": b"2"}, b"1")
    return applied(FIRST, {"d2": b"2"})


@every_kind
def test_a_table_is_a_dict_with_a_head(kind: Kind, store: Store[bytes]) -> None:
    table = kind.table(store)
    assert state(table) == (None, {})
    table.commit(FIRST, b"1", None)
    assert state(table) == state(kind.table(store)) == (b"1", FIRST)
    commit(table, SECOND, b"2")
    held = applied(FIRST, SECOND)
    assert state(table) == state(kind.table(store)) == (b"2", held)
    commit(table, {}, b"")
    assert state(table) == (b"", held)
    assert table.get_many([OTHERS[1], "missing"]) == {OTHERS[1]: b"1"}
    assert table.get_many([]) == {}
    commit(table, dict.fromkeys(held), b"4")
    assert state(table) == state(kind.table(store)) == (b"4", {})


@every_kind
def test_only_the_expected_head_is_replaced(kind: Kind, store: Store[bytes]) -> None:
    one, other = kind.table(store), kind.table(store)
    one.commit({"a": b"1"}, b"1", None)
    first = one.head()
    with pytest.raises(Conflict):
        other.commit({"a": b"3"}, b"3", None)
    other.commit({"a": b"2"}, b"2", first)
    with pytest.raises(Conflict):
        one.commit({"a": b"3"}, b"3", first)
    one.head()
    assert one.get_many(["a"]) == other.get_many(["a"]) == {"a": b"2"}


@every_kind
def test_a_dropped_table_leaves_nothing(kind: Kind, store: Store[bytes]) -> None:
    begin(kind, store)
    table, other = kind.table(store), kind.table(store)
    first = table.head()
    assert first == other.head()
    table.drop()
    assert list(store.raw()) == ["another"]
    for each in (table, other):
        assert state(each) == (None, {})
        with pytest.raises(Conflict):
            each.commit({"a": b"1"}, b"2", first)
    other.drop()
    other.commit({"a": b"2"}, b"2", None)
    table.head()
    assert table.get_many(["a"]) == {"a": b"2"}


# ---- Faults and other committers between any two requests ------------------------------------------


def lose() -> None:
    raise Unavailable("the answer was lost")


@each_way
@pytest.mark.parametrize("changes", [SECOND, WHOLE, {}], ids=["few", "whole", "none"])
@pytest.mark.parametrize("fault", [die, lose])
def test_a_fault_between_any_two_requests(
    kind: Kind, store: Store[bytes], changes: Changes, fault: Callable[[], None]
) -> None:
    outcomes = set()

    def trial(number: int) -> bool:
        before = begin(kind, store)
        table = kind.table(store, hooks := Hooks())
        expected, answered = table.head(), False
        hooks.set(number, fault)
        with contextlib.suppress(Killed, Unavailable):
            table.commit(changes, b"2", expected)
            answered = True
        reached = hooks.clear()
        found = state(kind.table(store))
        assert found == state(table)
        assert found == (b"2", applied(before, changes)) or (not answered and found == (b"1", before))
        outcomes.add(found[0])
        commit(table, {"d3": b"3"}, b"3")
        assert state(kind.table(store)) == (b"3", applied(found[1], {"d3": b"3"}))
        return reached

    at_each_moment(trial)
    assert outcomes == {b"1", b"2"}


@each_way
@pytest.mark.parametrize("fault", [die, lose])
def test_a_fault_in_the_first_commit(kind: Kind, store: Store[bytes], fault: Callable[[], None]) -> None:
    def trial(number: int) -> bool:
        kind.table(store).drop()
        table = kind.table(store, hooks := Hooks())
        hooks.set(number, fault)
        with contextlib.suppress(Killed, Unavailable):
            table.commit(FIRST, b"1", None)
        reached = hooks.clear()
        assert state(kind.table(store)) in ((None, {}), (b"1", FIRST))
        commit(kind.table(store), FIRST, b"2")
        assert state(table) == (b"2", FIRST)
        return reached

    at_each_moment(trial)


@each_way
@pytest.mark.parametrize("changes", [SECOND, WHOLE, {}], ids=["few", "whole", "none"])
def test_another_commits_between_any_two_requests(kind: Kind, store: Store[bytes], changes: Changes) -> None:
    others: Changes = {**dict.fromkeys(NAMES[4:], b"other"), "d0": None}

    def trial(number: int) -> bool:
        held = begin(kind, store)
        table = kind.table(store, hooks := Hooks())
        expected, seen = table.head(), []

        def commit_twice() -> None:  # the second commit deletes the segments that the first one replaced
            for data in (b"3", b"4"):
                seen.append(state(kind.table(store))[0])
                commit(kind.table(store), others, data)

        hooks.set(number, commit_twice)
        try:
            table.commit(changes, b"2", expected)
        except Conflict:
            assert seen[0] == b"1"
            after = applied(held, others)
        else:
            assert seen[:1] in ([b"2"], [])
            after = applied(applied(held, changes), others if seen else {})
        assert hooks.clear() == bool(seen)
        assert state(table)[1] == state(kind.table(store))[1] == after
        return bool(seen)

    at_each_moment(trial)


@each_way
def test_a_reader_misses_names_or_reads_them_as_they_were(kind: Kind, store: Store[bytes]) -> None:
    def commit_often() -> None:
        for number in range(3):
            commit(kind.table(store), {**WHOLE, f"new{number}": b"1"}, b"")

    def trial(number: int) -> bool:
        held = begin(kind, store)
        table = kind.table(store, hooks := Hooks())
        head = table.head()
        hooks.set(number, commit_often)
        found = table.get_many(["d0", "d1", "m7"])
        reached = hooks.clear()
        assert found.items() <= held.items()
        assert found.keys() >= {"d0", "d1"}
        assert reached or "m7" in found
        assert reached == (table.head() != head)
        return reached

    at_each_moment(trial)


@each_way
@pytest.mark.parametrize("expects", [False, True])
def test_another_commits_between_any_two_requests_of_a_drop(
    kind: Kind, store: Store[bytes], expects: bool
) -> None:
    def trial(number: int) -> bool:
        held = begin(kind, store)
        table, other = kind.table(store, hooks := Hooks()), kind.table(store)
        head = other.head()

        def commit_more() -> None:
            with contextlib.suppress(Conflict):
                other.commit(MORE, b"2", head if expects else other.head())

        hooks.set(number, commit_more)
        table.drop()
        reached = hooks.clear()
        found = state(other)
        assert found[0] is None or (found in ((b"2", {}), (b"2", held)) and other.get_many(MORE) == MORE)
        other.drop()
        assert list(store.raw()) == ["another"]
        return reached

    at_each_moment(trial)


@each_way
def test_a_drop_that_breaks_off_leaves_no_part(kind: Kind, store: Store[bytes]) -> None:
    def trial(number: int) -> bool:
        held = begin(kind, store)
        hooks = Hooks()
        hooks.set(number, die)
        with contextlib.suppress(Killed):
            kind.table(store, hooks).drop()
        head, found = state(kind.table(store))
        assert head is None or (head, found) == (b"1", held)
        kind.table(store).drop()
        assert list(store.raw()) == ["another"]
        return hooks.clear()

    at_each_moment(trial)
