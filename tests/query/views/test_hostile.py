"""Views of bad documents, over a damaged index, of other stores, and interrupted anywhere."""

import contextlib
import random
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from holdall import Corrupt, Json, Memory, Prefix
from holdall.errors import InvalidQuery, QueryFailed
from holdall.query import MapReduce
from holdall.query.views import View, refresh
from holdall.query.views.segments import merge
from tests.adapters.interrupts import interrupt
from tests.middleware.mutations import mutations
from tests.query.views.tables import SwapOnly
from tests.soak import SOAK

Document = dict[str, Any]


def by_key(key: str, document: Document) -> Iterator[tuple[str, Any]]:
    yield from document.items()


SUM: MapReduce[Document, Any] = MapReduce(by_key, "sum")
QUERIES: dict[str, MapReduce[Document, Any]] = {"sum": SUM, "max": MapReduce(by_key, "max")}


# ---- Other stores ----------------------------------------------------------------------------------


def test_views_of_two_parts_of_a_store_share_an_index_and_nothing_else() -> None:
    store, index = Memory(), Memory()
    parts = [Json(Prefix(store, name)) for name in ("a", "b")]
    for number, part in enumerate(parts):
        part["1"] = {"EUR": number}
    views = [View(part, SUM, index) for part in parts]
    for _ in range(2):
        assert [view["EUR"] for view in views] == [0, 1]
        parts[1]["2"] = {"EUR": 0}


def test_a_view_of_another_type_has_an_index_of_its_own() -> None:
    store = Memory()
    Json(store)["1"] = {"EUR": 1}
    loose, strict = Json(store), Json(store, dict[str, float])
    assert repr(View(loose, SUM)["EUR"]) == "1"
    assert repr(View(strict, SUM)["EUR"]) == "1.0"
    assert repr(View(loose, SUM).rows(stale=True)[0].value) == "1"


# ---- Documents -------------------------------------------------------------------------------------


def outcome(call: Callable[[], Any]) -> str:
    """The result of ``call``, or the kind of its error."""
    try:
        return repr(call())
    except (InvalidQuery, QueryFailed):
        return "refused"


@pytest.mark.parametrize("reduce", ["sum", "min", "stats", "distinct", None, len])
@pytest.mark.parametrize(
    "pairs",
    [
        [("a", Decimal("1E999999")), ("a", 1)],
        [("a", Decimal("1E-1990")), ("a", 1)],
        [("a", Decimal("-0.00")), ("b", -0.0)],
        [("a", float("nan"))],
        [("a", float("inf"))],
        [("a", 1), ("a", "text"), ("a", None), ("a", ("x", 1))],
        [("a", Decimal("0.1")), ("a", 0.1)],
        [("a", 2**80), ("a", -(2**80))],
        [("a", [1])],
        [("x" * 100_000, 1), ("x" * 100_000 + "y", 2)],
        [("\0", 1), ("", 2), (("", "\0"), 3), (("\0",), 4), ((), 5), (("", ""), 6)],
        [(1, 1), (True, 2), (1.5, 3), (Decimal("-2.50"), 4), (10**400, 5), (-1e-300, 6), (float("-inf"), 7)],
        [(number % 7, number) for number in range(500)],
        [(["a"], 1)],
        [(float("nan"), 1)],
        [1],
        None,
    ],
)
def test_odd_pairs_are_kept_or_refused_as_in_a_run(pairs: Any, reduce: Any) -> None:
    store = Json(Memory())
    query: MapReduce[Any, Any] = MapReduce(lambda key, document: pairs if document else [("a", 1)], reduce)
    view = View(store, query, name="odd")
    for document in (1, 0, 1):
        store["1"] = document
        assert outcome(lambda: list(view.rows())) == outcome(lambda: list(query.run(store)))


TIES = {
    "1": [("y", Decimal("1.0")), ("y", 5)],
    "2": [("x", 1), ("x", Decimal("5.00"))],
    "3": [("y", Decimal("1.00")), ("z", Decimal("5.0")), ("z", 3)],
}


@pytest.mark.parametrize("reduce", ["min", "max", "stats"])
@pytest.mark.parametrize("prefix", ["", "1", "2", "3"])
def test_of_equal_extremes_the_one_of_a_run_is_shown(reduce: Any, prefix: str) -> None:
    store, query = Memory(), MapReduce(lambda key, number: TIES[key], reduce)
    store.update(dict.fromkeys(TIES, b""))
    view = View(store, query, name="ties", prefix=prefix)
    for level in (None, 0):
        assert repr(view.rows(level)) == repr(query.run(store, prefix, group_level=level))


def test_a_datetime_keeps_its_zone() -> None:
    times = [datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=fold) for fold in (0, 1)]
    store = Memory()
    store["1"] = b""
    query = MapReduce(lambda key, value: [("a", each) for each in times])
    assert repr(View(store, query, name="times").rows()) == repr(query.run(store))


@pytest.mark.parametrize(
    ("reduce", "pair"), [("count", ("\ud800", 1)), (None, ("a", "\ud800")), (None, ("a", object()))]
)
def test_a_value_that_no_index_can_keep_is_refused_by_the_key_of_its_document(reduce: Any, pair: Any) -> None:
    store = Json(Memory())
    view = View(store, MapReduce(lambda key, document: [pair] if document else [], reduce), name="view")
    store["good"] = 0
    assert view.rows() == []
    store["bad"] = 1
    with pytest.raises((InvalidQuery, QueryFailed), match=r"'bad'.* cannot "):
        view.refresh()
    assert view.rows(stale=True) == []
    store["bad"] = 0
    assert view.rows() == []


# ---- Ctrl-C ----------------------------------------------------------------------------------------


# An interrupt can leave a generator to the garbage collector, which says so.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.timeout(3600 if SOAK else 120)
@pytest.mark.parametrize("kind", [Memory, SwapOnly])
def test_a_view_goes_on_after_ctrl_c_at_any_moment_of_a_refresh(
    monkeypatch: pytest.MonkeyPatch, kind: type[Memory]
) -> None:
    monkeypatch.setattr(refresh, "BATCH", 5)
    monkeypatch.setattr(merge, "LARGEST", 100)
    store, index, drawn = Json(Memory()), kind(), random.Random(7)
    view = View(store, SUM, index)
    call = 1
    while True:
        store.update({f"{drawn.randrange(20):02}": {drawn.choice("abc"): call} for _ in range(9)})
        done = False
        with contextlib.suppress(KeyboardInterrupt):
            interrupt(view.refresh, call)
            done = True
        for each in (view, View(store, SUM, index)) if call % 3 else (View(store, SUM, index), view):
            assert each.rows() == SUM.run(store)
        if done and call > 100:
            return
        call += 1 if SOAK else drawn.randint(30, 150)


# ---- A damaged index -------------------------------------------------------------------------------


@pytest.mark.timeout(3600 if SOAK else 120)
@pytest.mark.parametrize("kind", [Memory, SwapOnly])
@pytest.mark.parametrize("reduce", ["sum", "max"])
def test_a_damaged_index_is_corrupt_or_answers_right(
    monkeypatch: pytest.MonkeyPatch, kind: type[Memory], reduce: str
) -> None:
    monkeypatch.setattr(merge, "LARGEST", 500)
    store, index, drawn = Json(Memory()), kind(), random.Random(7)
    query: MapReduce[Document, Any] = QUERIES[reduce]
    store.update({f"{number:03}": {drawn.choice("ab"): number} for number in range(150)})
    View(store, query, index).refresh()
    stale = query.run(store)
    store["000"] = {"a": 1000}
    raw, intact = index.raw(), dict(index.raw().items())
    refused = 0
    for key in intact:
        damaged = [None, *mutations([intact[key]], 20 if SOAK else 1, lambda drawn: drawn.randbytes(4))]
        damaged.append(intact[drawn.choice(list(intact))])
        for data in damaged:
            raw[key] = data or b""
            if data is None:
                del raw[key]
            try:
                assert View(store, query, index).rows(stale=True) in (stale, query.run(store))
                assert View(store, query, index).rows() == query.run(store)
                assert list(View(store, query, index).keys("a")) == [
                    key for key in store if "a" in store[key]
                ]
            except Corrupt as error:
                assert "drop() of the view" in str(error)  # noqa: PT017 - most attempts raise nothing
                refused += 1
            raw.clear()
            raw.update(intact)
    assert refused > len(intact) / 4
    raw["head"] = b"?"
    View(store, query, index).drop()
    assert View(store, query, index).rows() == query.run(store)
