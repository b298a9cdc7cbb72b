"""Whatever happens to documents and index, a view answers as a run of its query.

The machine writes and deletes documents, refreshes two views of one index, lets commits fail before or after they
happen, lets one view refresh in the middle of a refresh of the other, changes the query, and restores the index
from a backup. Batches and nodes are small, so that a few documents need several of them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from holdall import Memory, Pickle, Unavailable
from holdall.query import MapReduce, Row, View
from holdall.query.collation import collate
from holdall.query.views import refresh, tree
from holdall.store import Operation, Tag
from tests.query import keys
from tests.soak import SOAK

T = TypeVar("T")
Pairs = list[tuple[Any, Any]]


def as_they_are(key: str, pairs: Pairs) -> Pairs:
    return pairs


def twice(key: str, pairs: Pairs) -> Iterator[tuple[Any, Any]]:
    for group, value in pairs:
        yield group, value
        yield (key[0], "twice"), value


def joined(texts: Sequence[str]) -> str:
    return "".join(map(str, texts))


class Fragile(Memory):
    """An index that calls ``before`` and ``after``, once each, around its next transaction."""

    def __init__(self) -> None:
        super().__init__()
        self.before: Callable[[], None] | None = None
        self.after: Callable[[], None] | None = None

    def swap(self, key: str, value: bytes, /, expected: Tag) -> Tag:
        return self._around(super().swap, key, value, expected)

    def transact(self, changes: Iterable[Operation[bytes]], /) -> None:
        self._around(super().transact, changes)

    def _around(self, write: Callable[..., T], *arguments: Any) -> T:
        self.before, before = None, self.before
        if before:
            before()
        result = write(*arguments)
        self.after, after = None, self.after
        if after:
            after()
        return result


def fail() -> None:
    raise Unavailable("the connection was lost")


groups = st.one_of(st.sampled_from(["EUR", ("EUR", 1), ("EUR", 2), ("USD", 1), None, True, 1]), keys.keys)
numbers = st.one_of(st.integers(-3, 3), st.decimals(-9, 9, places=2), st.decimals(-9, 9, places=1))
which = st.sampled_from([0, 1])
documents = st.sampled_from(list("abcdefghijkl"))


class Views(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.documents = Pickle(Memory(), trust=True)
        self.index = Fragile()
        self.backup: dict[str, bytes] = {}
        self.answer: list[Row[Any]] | None = None  # of the last commit, if it is known

    @initialize(reduce=st.sampled_from(["sum", "count", "stats", "min", "max", "distinct", joined, None]))
    def begin(self, reduce: Any) -> None:
        self.reduce = reduce
        self.define(as_they_are)

    def define(self, map: Any) -> None:
        self.query: MapReduce[Pairs, Any] = MapReduce(map, self.reduce)
        self.views = [self.open(), self.open()]

    def open(self) -> View[Any]:
        return View(self.documents, self.query, self.index, name="view")

    def run(self, **options: Any) -> list[Row[Any]]:
        return list(self.query.run(self.documents, **options))

    @rule(key=documents, pairs=st.lists(st.tuples(groups, numbers), max_size=4))
    def write(self, key: str, pairs: Pairs) -> None:
        self.documents[key] = pairs

    @rule(key=documents)
    def delete(self, key: str) -> None:
        self.documents.discard(key)

    @rule(number=which)
    def refresh(self, number: int) -> None:
        self.views[number].refresh()
        self.answer = self.run()

    @rule(number=which)
    def refresh_during_a_refresh(self, number: int) -> None:
        self.index.before = self.views[1 - number].refresh
        self.views[number].refresh()
        self.index.before = None
        self.answer = self.run()

    @rule(number=which, when=st.sampled_from(["before", "after"]))
    def crash(self, number: int, when: str) -> None:
        setattr(self.index, when, fail)
        try:
            self.views[number].refresh()
        except Unavailable:
            self.views[number] = self.open()
            self.answer = None
        setattr(self.index, when, None)

    @rule(map=st.sampled_from([as_they_are, twice]))
    def redefine(self, map: Any) -> None:
        self.define(map)
        self.answer = None

    @rule()
    def back_up(self) -> None:
        self.backup = dict(self.index.raw().scan_items())

    @rule()
    def restore(self) -> None:
        raw = self.index.raw()
        raw.clear()
        raw.update(self.backup)
        self.answer = None

    @rule(number=which, level=st.sampled_from([None, 0, 1]))
    def read(self, number: int, level: int | None) -> None:
        found, expected = self.views[number].rows(level), self.run(group_level=level)
        assert found == expected
        assert [repr(row.value) for row in found] == [repr(row.value) for row in expected]
        self.answer = self.run()

    @rule(number=which, group=groups)
    def look_up(self, number: int, group: Any) -> None:
        view, place = self.views[number], collate(group)
        values = [row.value for row in self.run(at=group) if collate(row.key) == place]
        if values:
            assert view[group] == (values if self.reduce is None else values[0])
        members = [
            key
            for key, pairs in self.documents.items()
            if any(collate(each) == place for each, _ in self.query.map(key, pairs))
        ]
        assert list(view.keys(group)) == members
        assert list(view.keys(group, after="c", limit=2)) == [key for key in members if key > "c"][:2]
        self.answer = self.run()

    @rule(number=which)
    def sweep(self, number: int) -> None:
        self.views[number].sweep(unused=timedelta())

    @invariant()
    def a_stale_answer_is_that_of_the_last_commit(self) -> None:
        if self.answer is not None:
            for view in self.views:
                found = view.rows(stale=True)
                assert [collate(row.key) for row in found] == [collate(row.key) for row in self.answer]
                assert [repr(row.value) for row in found] == [repr(row.value) for row in self.answer]


@pytest.mark.parametrize("seed", range(100 if SOAK else 1))
def test_a_view_answers_as_a_run_of_its_query(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refresh, "BATCH", 3)
    monkeypatch.setattr(tree, "_BITS", 1)
    monkeypatch.setattr(tree, "_FEW", 1)
    run_state_machine_as_test(
        Views,
        settings=settings(
            max_examples=500 if SOAK else 20,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
