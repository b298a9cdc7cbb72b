"""Several queries in one index: each change is read once, and all answers are those of runs."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdall import Memory, Pickle
from holdall.query import MapReduce, Row, View, Views, together
from holdall.query.views import refresh, tree
from holdall.query.views.listing import Size, list_views

GROUPS: list[Any] = ["EUR", ("EUR", 1), None, True, 1]
Documents = dict[str, list[tuple[Any, Any]]]

documents = st.dictionaries(
    st.sampled_from("abcdefgh"), st.lists(st.tuples(st.sampled_from(GROUPS), st.integers(0, 9)), max_size=4)
)


def pairs(key: str, document: list[tuple[Any, Any]]) -> Iterator[tuple[Any, Any]]:
    yield from document


def reverse(key: str, document: list[tuple[Any, Any]]) -> Iterator[tuple[Any, Any]]:
    for group, value in document:
        if value % 2:
            yield value, str(group)


MANY = together(
    MapReduce(pairs, "sum"), MapReduce(pairs, "max"), MapReduce(reverse), MapReduce(reverse, "distinct")
)


@pytest.fixture(scope="module")
def small() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(refresh, "BATCH", 3)
        patch.setattr(tree, "_BITS", 1)
        patch.setattr(tree, "_FEW", 1)
        yield


@settings(max_examples=5, deadline=None)
@given(st.lists(documents, min_size=1, max_size=4))
def test_all_answers_are_those_of_a_run(small: None, changes: list[Documents]) -> None:
    store, index = Pickle(Memory(), trust=True), Memory()
    views = Views(store, MANY, index, name="many")
    for changed in changes:
        for key in list(store):
            if key not in changed:
                del store[key]
        store.update(changed)
        assert repr(views.rows()) == repr(MANY.run(store))
        assert views.rows(1, at=("EUR",)) == MANY.run(store, group_level=1, at=("EUR",))
        assert [view.rows(stale=True) for view in views] == list(MANY.run(store))
        (listed,) = list_views(index)
        assert listed.sizes == tuple(
            Size(sum(any(query.map(*item)) for item in store.items()), len({str(row.key) for row in rows}))
            for query, rows in zip(MANY.queries, MANY.run(store), strict=True)
        )
        raw = index.raw(".holdall/views/many/")
        assert listed.bytes == sum(
            len(value) for key, value in raw.items() if "/n/" in key or key.endswith("/head")
        )


def counting(store: Any) -> tuple[Any, Callable[[], int]]:
    """A query of two maps, and the number of documents that were given to the first of them."""
    seen = []

    def count(key: str, document: Any) -> Any:
        seen.append(key)
        return document

    views = Views(store, together(MapReduce(count, "sum"), MapReduce(pairs, "min")), Memory(), name="counted")
    return views, lambda: len(seen)


def test_a_change_is_read_once_whichever_view_is_asked() -> None:
    store = Pickle(Memory(), trust=True)
    store.update({"a": [("EUR", 1)], "b": [("EUR", 2)]})
    views, count = counting(store)
    summed, least = views
    assert (summed.rows(), count()) == ([Row("EUR", 3)], 2)
    store["a"] = [("EUR", 5)]
    assert (least["EUR"], count()) == (2, 3)
    assert (summed["EUR"], count(), list(summed.keys("EUR"))) == (7, 3, ["a", "b"])
    assert views.refresh() == 0
    assert len(views) == 2
    assert views[0].rows(stale=True) == summed.rows(stale=True)


def test_each_of_several_views_has_a_store_of_its_groups() -> None:
    store = Pickle(Memory(), trust=True)
    store.update({"a": [("EUR", 1)], "b": [("USD", 3)]})
    views = Views(store, MANY, Memory(), name="many")
    total = MapReduce(lambda key, row: [(None, row.value)], "sum")
    others = [View(view.as_store(), total, Memory(), name="total") for view in views[:2]]
    assert [other[None] for other in others] == [4, 4]
    store["a"] = [("EUR", 1), ("EUR", 2)]
    assert [(other.refresh(), other[None]) for other in others] == [(1, 6), (1, 5)]


def test_one_query_and_several_are_told_apart() -> None:
    store = Memory()
    with pytest.raises(TypeError, match="give `together` to Views"):
        View(store, MANY, name="many")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="Views takes the queries that `together` returns"):
        Views(store, MapReduce(pairs, "sum"), name="one")  # type: ignore[arg-type]
