"""A view of the groups of another view has the rows of a query over the rows of the first query."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from holdall import ABSENT, Expired, Memory, PermissionDenied, Pickle, Unsupported
from holdall.keys import check_key
from holdall.query import MapReduce, Row, View
from holdall.query.collation import collate
from holdall.query.texts import text_of
from holdall.query.views import log, refresh, tree
from holdall.query.views.keys import key_of, text_before
from tests.faults.requests import Hooked, Hooks, Killed, die
from tests.query import keys
from tests.soak import SOAK

GROUPS: list[Any] = ["EUR", ("EUR", 1), ("EUR", 2), ("USD", 1), "a/b", None, True, 1]


def as_they_are(key: str, pairs: Any) -> Any:
    return pairs


def twice(key: str, pairs: Any) -> Iterator[tuple[Any, Any]]:
    for group, value in pairs:
        yield group, value
        yield ("twice", value % 3), value


def by_kind(key: str, row: Row[Any]) -> Iterator[tuple[Any, Any]]:
    kind = row.key[0] if isinstance(row.key, tuple) else row.key
    for value in row.value if isinstance(row.value, list) else [row.value]:
        yield kind, value


def rows_as_documents(query: MapReduce[Any, Any], documents: Any) -> dict[str, Row[Any]]:
    """The rows of a run, as a view shows them."""
    found: dict[str, Row[Any]] = {}
    for key, value in query.run(documents):
        document = key_of(text_of(collate(key)))
        if query.reduce is None:
            found.setdefault(document, Row(key, [])).value.append(value)
        else:
            found[document] = Row(key, value)
    return found


@settings(max_examples=25)
@given(st.lists(keys.keys, min_size=2), st.text())
def test_keys_sort_as_groups_and_are_keys_of_every_store(groups: list[Any], bound: str) -> None:
    texts = sorted({text_of(collate(group)) for group in groups})
    made = list(map(key_of, texts))
    assert made == sorted(made)
    for text, key in zip(texts, made, strict=True):
        with contextlib.suppress(UnicodeEncodeError):
            if len(key.encode()) <= 400:
                check_key(key)
        assert text_before(key) == text
        assert key < bound or text >= text_before(bound)
        assert text_before(f"{key}\0") == text


class Machine(RuleBasedStateMachine):
    """The indexes of both views lose commits, are restored from backups, and the first query changes."""

    def __init__(self) -> None:
        super().__init__()
        self.documents = Pickle(Memory(), trust=True)
        self.hooks = Hooks()
        self.indexes = [Memory(), Memory()]
        self.backups: list[dict[str, bytes]] = []

    @initialize(reduce=st.sampled_from(["sum", "max", None]), other=st.sampled_from(["sum", "stats", None]))
    def begin(self, reduce: Any, other: Any) -> None:
        self.reduce, self.other = reduce, other
        self.define(as_they_are)

    def define(self, map: Any) -> None:
        self.queries: list[MapReduce[Any, Any]] = [
            MapReduce(map, self.reduce),
            MapReduce(by_kind, self.other),
        ]
        self.open()

    def open(self) -> None:
        one, other = (Hooked(index, self.hooks) for index in self.indexes)
        self.first = View(self.documents, self.queries[0], one, name="first")
        self.second = View(self.first.as_store(), self.queries[1], other, name="second")

    @rule(
        key=st.sampled_from("abcdefgh"), pairs=st.lists(st.tuples(st.sampled_from(GROUPS), st.integers(0, 5)))
    )
    def write(self, key: str, pairs: Any) -> None:
        self.documents[key] = pairs

    @rule(key=st.sampled_from("abcdefgh"))
    def delete(self, key: str) -> None:
        self.documents.discard(key)

    @rule(number=st.integers(0, 1))
    def refresh(self, number: int) -> None:
        (self.first, self.second)[number].refresh()

    @rule(moment=st.integers(0, 40))
    def crash(self, moment: int) -> None:
        self.hooks.set(moment, die)
        with contextlib.suppress(Killed):
            self.second.refresh()
        self.hooks.clear()
        self.open()

    @rule(moment=st.integers(0, 40), key=st.sampled_from("abcdefgh"))
    def write_during_a_refresh(self, moment: int, key: str) -> None:
        self.hooks.set(moment, lambda: self.documents.update({key: [("late", 1)]}))
        self.second.refresh()
        self.hooks.clear()

    @rule(map=st.sampled_from([as_they_are, twice]))
    def redefine(self, map: Any) -> None:
        self.define(map)

    @rule()
    def back_up(self) -> None:
        self.backups = [dict(index.raw().items()) for index in self.indexes]

    @precondition(lambda self: self.backups)
    @rule(number=st.integers(0, 1))
    def restore(self, number: int) -> None:
        raw = self.indexes[number].raw()
        raw.clear()
        raw.update(self.backups[number])

    @rule(level=st.sampled_from([None, 0]))
    def read(self, level: int | None) -> None:
        documents = rows_as_documents(self.queries[0], self.documents)
        assert dict(self.first.as_store().items()) == documents
        expected = self.queries[1].run(documents, group_level=level)
        assert repr(list(self.second.rows(level))) == repr(list(expected))

    @invariant()
    def the_feed_tells_each_change(self) -> None:
        if not hasattr(self, "first"):
            return
        store = self.first.as_store()
        if hasattr(self, "position"):
            with contextlib.suppress(Expired):
                for key, tag, _ in store.changes(self.position):
                    if tag == ABSENT:
                        self.known.pop(key, None)
                    else:
                        self.known[key] = tag
                assert self.known == dict(store.scan_tags())
        feed = store.changes()
        self.known = {change.key: change.tag for change in feed}
        self.position = feed.position


@pytest.mark.parametrize("seed", range(20 if SOAK else 1))
def test_a_view_of_a_view_is_a_query_of_a_query(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refresh, "BATCH", 4)
    monkeypatch.setattr(log, "LEAST", 6)
    monkeypatch.setattr(tree, "_BITS", 1)
    monkeypatch.setattr(tree, "_FEW", 1)
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=100 if SOAK else 6,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def views(documents: dict[str, Any]) -> tuple[Any, View[Any], View[Any]]:
    store = Pickle(Memory(), trust=True)
    store.update(documents)
    first = View(store, MapReduce(as_they_are, "sum"), Memory(), name="first")
    return store, first, View(first.as_store(), MapReduce(by_kind, "sum"), Memory(), name="second")


def test_a_refresh_maps_the_groups_that_changed_alone() -> None:
    store, _, second = views({f"{number:03}": [(("EUR", number), number)] for number in range(300)})
    assert second.refresh() == 300
    store["007"] = [(("EUR", 7), 70)]
    del store["008"]
    assert second.refresh() == 2
    assert second.rows() == [Row("EUR", sum(range(300)) + 63 - 8)]


def test_an_index_that_is_restored_expires_the_positions_since() -> None:
    store, first, _ = views({"a": [("EUR", 1)]})
    groups = first.as_store()
    list(groups.changes())
    raw = first._index.raw()
    backup = dict(raw.items())
    store["a"] = [("EUR", 2)]
    feed = groups.changes()
    list(feed)
    raw.clear()
    raw.update(backup)
    with pytest.raises(Expired, match="cannot go on from this position"):
        groups.changes(feed.position)
    store["b"] = [("EUR", 1)]
    with pytest.raises(Expired):
        groups.changes(feed.position)


def test_a_reader_that_is_too_far_behind_reads_all_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "LEAST", 10)
    store, first, second = views({"a": [("EUR", 0)]})
    second.refresh()
    begun = first.as_store().changes()
    list(begun)
    for value in range(30):
        store["a"] = [("EUR", value)]
        first.refresh()
    with pytest.raises(Expired, match="too far behind"):
        first.as_store().changes(begun.position)
    assert second.rows() == [Row("EUR", 29)]


def test_the_store_of_a_view_is_read_only_and_reads_as_of_now_unless_stale() -> None:
    store, first, _ = views({"a": [("EUR", 1)], "b": [("a/b", 2)]})
    now, then = first.as_store(), first.as_store(stale=True)
    assert list(now) == ["4EUR", "4a.1b"]
    store["c"] = [("EUR", 5)]
    assert then["4EUR"] == Row("EUR", 1)
    assert now["4EUR"] == now.get("4EUR") == Row("EUR", 6)
    assert list(now.get_many(["4a.1b", "missing", "4a/b", "4EUR"])) == [
        ("4a.1b", Row("a/b", 2)),
        ("4EUR", Row("EUR", 6)),
    ]
    assert list(now.scan(start="4EUR\0")) == list(now.scan("4a")) == ["4a.1b"]
    assert list(now.scan(stop="4a")) == ["4EUR"]
    assert "missing" not in now
    with pytest.raises(PermissionDenied, match="shows the groups of a view"):
        now["4EUR"] = Row("EUR", 1)
    with pytest.raises(PermissionDenied):
        del now["4EUR"]
    with pytest.raises(Unsupported, match="leave out type="):
        View(now, MapReduce(by_kind, "sum", type=Row), Memory(), name="typed").refresh()
