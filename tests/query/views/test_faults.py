"""A view against full runs of its query, with its index in rows and in segments, and with crashes at any request.

The machine also restores backups of the documents and of the index, and writes during a refresh. Batches, nodes
and segments are small.
"""

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from holdall import Expired, File, Json, Memory, SQLite, Store
from holdall.query import MapReduce
from holdall.query.collation import collate
from holdall.query.views import View, refresh, tree
from holdall.query.views.segments import merge
from tests.faults.requests import Hooked, Hooks, Killed, die
from tests.query.views.tables import SwapOnly
from tests.soak import SOAK

KEYS = [f"{folder}/{number}" for folder in "ab" for number in range(6)]
GROUPS: list[Any] = [None, True, 1, "EUR", "É", ["EUR"], ["EUR", 1], ["EUR", 2], ["USD", 1], ["USD", "x"], []]
VALUES: list[Any] = [0, 7, -3, "1.5", "0.25", "1E+2"]

Document = list[list[Any]]

_documents = st.lists(st.tuples(st.sampled_from(GROUPS), st.sampled_from(VALUES)).map(list), max_size=4)
_who = st.integers(0, 1)
_moments = st.integers(0, 30)


def _number(value: Any) -> Any:
    return Decimal(value) if isinstance(value, str) else value


def _group(group: Any) -> Any:
    return tuple(group) if isinstance(group, list) else group


def _join(values: Sequence[str]) -> str:
    return " ".join(values)


class First:
    """A reducer that is no function: the first two values."""

    def fold(self, values: Sequence[Any]) -> list[Any]:
        return list(values[:2])

    def merge(self, left: list[Any], right: list[Any]) -> list[Any]:
        return [*left, *right][:2]

    def result(self, partial: list[Any]) -> tuple[Any, ...]:
        return tuple(partial)


REDUCERS: dict[str, Any] = {name: name for name in ("sum", "count", "min", "stats", "distinct")} | {
    "every": None,
    "function": _join,
    "reducer": First(),
}


def query_of(name: str, scale: int) -> MapReduce[Any, Any]:
    """A query whose definition depends on both arguments."""

    def pairs(key: str, document: Document) -> Iterator[tuple[Any, Any]]:
        for group, value in document:
            yield _group(group), f"{key}={value}" if name == "function" else _number(value) * scale

    return MapReduce(pairs, REDUCERS[name])


class ViewMachine(RuleBasedStateMachine):
    """Two views with one name over one source, each with a query that may be defined anew."""

    reducer: str
    new_index: Callable[[Path], Store[bytes] | None]  # None is an index in the source itself

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.hooks = Hooks()
        self.index = type(self).new_index(self.folder)
        self.scales = [1, 1]
        self.results: list[str] = []  # all that stale rows may be
        self.torn = False  # whether stale rows may have a part of the changes only
        self.open()
        self.file["c"] = b"[]"

    def teardown(self) -> None:
        self.file.close()
        if self.index is not None:
            self.index.close()
        shutil.rmtree(self.folder)

    def open(self) -> None:
        """Open the source and the views, as a new process does."""
        self.file = SQLite(self.folder / "source.db", durability="os")
        self.source: Store[Any] = Json(Hooked(self.file, self.hooks))
        self.views = [self.view(who) for who in range(2)]

    def view(self, who: int) -> "View[Any]":
        index = None if self.index is None else Hooked(self.index, self.hooks)
        return View(self.source, self.query(who), index, name="test")

    def query(self, who: int) -> MapReduce[Any, Any]:
        return query_of(self.reducer, self.scales[who])

    def expected(self, who: int, **options: Any) -> str:
        return repr(list(self.query(who).run(Json(self.file), **options)))

    # ---- The source ----------------------------------------------------------------------------

    @rule(documents=st.dictionaries(st.sampled_from(KEYS), _documents, max_size=6))
    def write(self, documents: dict[str, Document]) -> None:
        Json(self.file).update(documents)

    @rule(keys=st.lists(st.sampled_from(KEYS), max_size=4))
    def delete(self, keys: list[str]) -> None:
        self.file.delete_many(keys)

    @rule()
    def back_up_the_source(self) -> None:
        self.file.close()
        shutil.copy(self.folder / "source.db", self.folder / "backup.db")
        self.open()

    @precondition(lambda self: (self.folder / "backup.db").exists())
    @rule()
    def restore_the_source(self) -> None:
        self.file.close()
        shutil.copy(self.folder / "backup.db", self.folder / "source.db")
        self.open()

    # ---- The index -----------------------------------------------------------------------------

    @precondition(lambda self: self.index is not None)
    @rule()
    def back_up_the_index(self) -> None:
        assert self.index is not None
        self.backup = dict(self.index.raw().items())

    @precondition(lambda self: hasattr(self, "backup"))
    @rule()
    def restore_the_index(self) -> None:
        assert self.index is not None
        raw = self.index.raw()
        raw.clear()
        raw.update(self.backup)

    @rule(who=_who)
    def define_anew(self, who: int) -> None:
        self.scales[who] = 3 - self.scales[who]
        self.views[who] = self.view(who)

    # ---- Refreshing ----------------------------------------------------------------------------

    @rule(who=_who)
    def refresh(self, who: int) -> None:
        self.views[who].refresh()

    @rule(who=_who, moment=_moments, again=st.booleans())
    def crash(self, who: int, moment: int, again: bool) -> None:
        in_steps = self._changes(who) > refresh.BATCH
        self.hooks.set(moment, die)
        try:
            self.views[who].refresh()
        except Killed:
            self.torn |= in_steps  # it may have ended between two steps
        self.hooks.clear()
        if not again:  # else the same object goes on, as after Ctrl-C
            self.open()

    def _changes(self, who: int) -> int:
        """The number of changes that the next refresh includes, or 0 if it builds the index."""
        position = self.views[who].position
        with contextlib.suppress(Expired):
            return 0 if position is None else sum(1 for _ in Json(self.file).changes(position))
        return 0

    @rule(who=_who, moment=_moments)
    def refresh_while_the_other_one_does(self, who: int, moment: int) -> None:
        self.hooks.set(moment, self.views[1 - who].refresh)
        self.views[who].refresh()
        self.hooks.clear()

    @rule(who=_who, moment=_moments, key=st.sampled_from(KEYS), document=st.none() | _documents)
    def write_during_a_refresh(self, who: int, moment: int, key: str, document: Document | None) -> None:
        def change() -> None:
            if document is None:
                self.file.discard(key)
            else:
                Json(self.file)[key] = document

        self.torn = True
        self.hooks.set(moment, change)
        self.views[who].refresh()
        self.hooks.clear()

    # ---- Reading -------------------------------------------------------------------------------

    @rule(who=_who)
    def read(self, who: int) -> None:
        view = self.views[who]
        assert repr(list(view.rows())) == self.expected(who)
        rows = self.query(who).run(Json(self.file))
        for key, value in rows if self.reducer != "every" else []:
            assert repr(view[key]) == repr(value)
        with pytest.raises(KeyError):
            view["missing"]

    @rule(who=_who, level=st.none() | st.integers(0, 2), group=st.sampled_from(GROUPS))
    def read_a_part(self, who: int, level: int | None, group: Any) -> None:
        view, key = self.views[who], _group(group)
        assert repr(list(view.rows(level, at=key))) == self.expected(who, group_level=level, at=key)
        between = (key, ...)
        assert repr(list(view.rows(level, between=between))) == self.expected(
            who, group_level=level, between=between
        )

    @rule(who=_who, group=st.sampled_from(GROUPS))
    def list_the_documents_of_a_group(self, who: int, group: Any) -> None:
        documents = Json(self.file).items()
        place = collate(_group(group))
        behind = [key for key, pairs in documents if any(collate(_group(each)) == place for each, _ in pairs)]
        view = self.views[who]
        assert list(view.keys(_group(group))) == behind
        if behind:
            assert list(view.keys(_group(group), after=behind[0], limit=2)) == behind[1:3]

    @invariant()
    def stale_rows_are_those_of_an_earlier_run(self) -> None:
        self.results += [self.expected(who) for who in range(2)]
        if not self.torn:
            for view in self.views:
                assert repr(list(view.rows(stale=True))) in [*self.results, "[]"]


INDEXES: dict[str, Callable[[Path], Store[bytes] | None]] = {
    "rows": lambda folder: Memory(),
    "the source": lambda folder: None,
    "segments": lambda folder: SwapOnly(),
    "file": lambda folder: File(folder / "index", durability="os"),
}


PAIRS = [
    (reducer, index)
    for number, reducer in enumerate(REDUCERS)
    for place, index in enumerate(INDEXES)
    if SOAK or number % len(INDEXES) == place
]


@pytest.mark.timeout(3600 if SOAK else 120)
@pytest.mark.parametrize(("reducer", "index"), PAIRS)
def test_a_view_equals_a_run(monkeypatch: pytest.MonkeyPatch, reducer: str, index: str) -> None:
    monkeypatch.setattr(merge, "LARGEST", 200)
    monkeypatch.setattr(refresh, "BATCH", 3)
    monkeypatch.setattr(tree, "_BITS", 1)
    monkeypatch.setattr(tree, "_FEW", 1)
    machine: Any = type("Machine", (ViewMachine,), {"reducer": reducer, "new_index": INDEXES[index]})
    few = settings(
        max_examples=30 if SOAK else 2,
        stateful_step_count=30 if SOAK else 12,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=few)
