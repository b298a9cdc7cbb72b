"""Views of bad documents, over a damaged index, of other stores, and interrupted anywhere."""

from collections.abc import Iterator
from typing import Any

from holdall import Json, Memory, Prefix
from holdall.query import MapReduce
from holdall.query.views import View

Document = dict[str, Any]


def by_key(key: str, document: Document) -> Iterator[tuple[str, Any]]:
    yield from document.items()


SUM: MapReduce[Document, Any] = MapReduce(by_key, "sum")


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
