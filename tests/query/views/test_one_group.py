"""One group of very many documents: a refresh after one change reads a few nodes, not the group."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest

from holdall import Memory
from holdall.query import MapReduce, View
from holdall.query.views.rows import RowTable
from holdall.query.views.table import Head
from tests.soak import SOAK

DOCUMENTS = 1_000_000 if SOAK else 1_000
LEVELS = math.ceil(math.log(DOCUMENTS, 16)) + 1
MOST = 3 * LEVELS
"""Nodes that a change of one document may read: a path in each of up to three trees, and a neighbour on some levels."""


def all_in_one(key: str, value: bytes) -> list[tuple[str, int]]:
    return [("all", int(value))]


class Largest:
    """The largest ten values: a reducer from which no value can be taken away."""

    def fold(self, values: Sequence[int], /) -> list[int]:
        return sorted(values)[-10:]

    def merge(self, left: list[int], right: list[int], /) -> list[int]:
        return sorted([*left, *right])[-10:]

    def result(self, partial: list[int], /) -> tuple[int, ...]:
        return tuple(partial)


class Counts:
    """The numbers of nodes that were read and written."""

    def __init__(self) -> None:
        self.read = self.written = 0


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Counts:
    counts, get_many, commit = Counts(), RowTable.get_many, RowTable.commit

    def counted_get(table: RowTable, names: Iterable[str], /) -> dict[str, bytes]:
        found = get_many(table, names)
        counts.read += len(found)
        return found

    def counted_commit(
        table: RowTable, changes: Mapping[str, bytes | None], data: bytes, expected: Head | None
    ) -> None:
        counts.written += len(changes)
        commit(table, changes, data, expected)

    monkeypatch.setattr(RowTable, "get_many", counted_get)
    monkeypatch.setattr(RowTable, "commit", counted_commit)
    return counts


@pytest.mark.timeout(3600 if SOAK else 120)
@pytest.mark.parametrize(
    "reduce", ["sum", "min", "max", "distinct", Largest()], ids=["sum", "min", "max", "distinct", "largest"]
)
def test_a_change_of_one_document_reads_a_few_nodes(reduce: Any, counts: Counts) -> None:
    store = Memory()
    store.set_many((f"{number:07}", b"%d" % number) for number in range(DOCUMENTS))
    query = MapReduce(all_in_one, reduce)
    view = View(store, query, Memory(), name="one")
    assert view.refresh() == DOCUMENTS
    for key, value in (("0000000", b"5"), (f"{DOCUMENTS - 1:07}", b"7"), (f"{DOCUMENTS // 2:07}", None)):
        if value is None:
            del store[key]
        else:
            store[key] = value
        counts.read = counts.written = 0
        assert view.refresh() == 1
        assert 0 < counts.read <= MOST
        assert 0 < counts.written <= MOST
    assert view.rows(stale=True) == query.run(store)
