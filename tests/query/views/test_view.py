"""A view answers as a run of its query, on every store that can keep its index."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from holdall import LMDB, Json, Memory, SQLite, Store
from holdall.query import MapReduce, View


def words(key: str, text: str) -> Iterator[tuple[str, int]]:
    for word in text.split():
        yield word, len(key)


COUNTED = MapReduce(words, "count")


@pytest.fixture(params=["memory", "sqlite", "lmdb"])
def texts(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store[str]]:
    made = {
        "memory": lambda: Memory(),
        "sqlite": lambda: SQLite(tmp_path / "texts.db", durability="os"),
        "lmdb": lambda: LMDB(tmp_path / "texts.lmdb", durability="os"),
    }
    with made[request.param]() as store:
        yield Json(store, type=str)


def test_rows_are_those_of_a_run(texts: Store[str]) -> None:
    texts.update({"a": "to be or", "b": "not to be", "c": ""})
    view = View(texts, COUNTED)
    assert view.rows() == COUNTED.run(texts)
    del texts["a"]
    texts.update({"b": "be", "d": "to"})
    assert view.rows() == COUNTED.run(texts)
    assert View(texts, COUNTED).refresh() == 0
