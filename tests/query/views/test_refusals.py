"""What a view refuses: values, names and stores that it cannot keep, and an index that is damaged."""

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Any

import pytest

from holdall import (
    Corrupt,
    Escape,
    File,
    HoldallError,
    InvalidQuery,
    Memory,
    Pickle,
    QueryFailed,
    Unsupported,
)
from holdall.query import MapReduce, View


class Color(StrEnum):
    RED = "red"


def as_they_are(key: str, pairs: Any) -> Any:
    return pairs


def named(factor: int, key: str, value: int) -> Iterator[tuple[str, int]]:
    yield "all", factor * value


def make(reduce: Any, documents: dict[str, Any], index: Any = None) -> View[Any]:
    store = Pickle(Memory(), trust=True)
    store.update(documents)
    return View(store, MapReduce(as_they_are, reduce), index)


@pytest.mark.parametrize("reduce", [None, "min", lambda values: values[0]])
def test_a_value_of_a_type_that_cannot_be_kept(reduce: Any) -> None:
    view = make(reduce, {"a": [("x", 1)], "b": [("x", 1j)]})
    with pytest.raises(HoldallError, match=r"'b': .*complex.*use None, bool, int") as caught:
        view.refresh()
    assert isinstance(caught.value, InvalidQuery)
    assert caught.value.key == "b"


def test_a_partial_that_cannot_be_kept_names_the_group() -> None:
    view = make(lambda values: {1j}, {"a": [("x", 1)], "b": [("x", 2)], "c": [("x", 3)]})
    with pytest.raises(InvalidQuery, match=r"group 'x'.*complex"):
        view.refresh()


def test_a_map_that_fails_leaves_the_last_answer() -> None:
    view = make("sum", {"a": [("x", 1)]})
    view.refresh()
    view._store["b"] = [(["x"], 1)]
    with pytest.raises(QueryFailed, match="map failed at 'b'"):
        view.rows()
    assert view.rows(stale=True) == [("x", 1)]
    view._store["b"] = [("x", 2)]
    assert view.rows() == [("x", 3)]


def test_numbers_that_cannot_be_added_up_are_refused_when_they_are_read() -> None:
    view = make("sum", {"a": [("x", Decimal(1))], "b": [("x", 0.5)], "c": [("y", 1)]})
    with pytest.raises(HoldallError, match="reduce failed for 'x': cannot add up Decimal and float"):
        view.rows()
    del view._store["b"]
    assert view.rows() == [("x", 1), ("y", 1)]


def test_a_group_of_an_enum() -> None:
    view = make("count", {"a": [(Color.RED, 1)], "b": [("red", 1), ((Color.RED, True), 1)]})
    assert view.rows() == [("red", 2), (("red", True), 1)]
    assert view[Color.RED] == 2


def test_names() -> None:
    store = Memory()
    with pytest.raises(InvalidQuery, match="give View a name="):
        View(store, MapReduce(lambda key, value: []))
    with pytest.raises(InvalidQuery, match="slash"):
        View(store, MapReduce(named), name="a/b")
    assert View(store, MapReduce(partial(named, 2), "sum")).name == "named"


def test_stores_that_lack_a_feature(tmp_path: Any) -> None:
    query = MapReduce(named, "sum")
    with pytest.raises(Unsupported, match=r"lacks CHANGES; wrap it in holdall\.SnapshotFeed"):
        View(Escape(File(tmp_path, feed=False)), query)
    with pytest.raises(TypeError, match="View needs a store, not a dict"):
        View({}, query)  # type: ignore[arg-type]


def use(view: View[Any]) -> None:
    view.rows(0)
    list(view.keys(3))
    view._store["0001"] = [(1, 2)]
    view.refresh()


@pytest.mark.parametrize("part", ["catalog", "/head", "/n/"])
def test_a_damaged_index_is_corrupt_and_can_be_dropped(part: str) -> None:
    documents = {f"{number:04}": [(number % 7, number)] for number in range(300)}
    view = make("sum", documents, Memory())
    rows = view.rows()
    raw = view._index.raw(".holdall/views/as_they_are/")
    for key in raw.scan():
        if part in key:
            raw[key] = raw[key][:-3] + b"???"
    again = View(view._store, view._reader.query, view._index)
    with pytest.raises(Corrupt, match=r"index of the view 'as_they_are' is damaged .*drop\(\)"):
        use(again)
    again.drop()
    again._store["0001"] = documents["0001"]
    assert again.rows() == rows


def test_a_node_that_is_missing_is_corrupt() -> None:
    view = make("sum", {f"{number:04}": [(number, number)] for number in range(300)}, Memory())
    view.refresh()
    raw = view._index.raw(".holdall/views/as_they_are/")
    raw.delete_many([key for key in raw.scan() if "/n/" in key])
    with pytest.raises(Corrupt, match="damaged"):
        view.rows(stale=True)
    view._store["0001"] = []
    with pytest.raises(Corrupt, match="damaged"):
        view.refresh()
