"""What a refresh reads and writes: it depends on the changes, and hardly on the number of documents."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pytest

from holdall import Memory
from holdall.query import MapReduce, View
from holdall.query.views import tree
from holdall.query.views.rows import RowTable
from holdall.query.views.table import Head

CHANGED = 10


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """The rows of an index that were read and written, and the requests for them."""
    found: Counter[str] = Counter()
    get_many, commit = RowTable.get_many, RowTable.commit

    def count_read(self: RowTable, names: Iterable[str], /) -> dict[str, bytes]:
        names = list(names)
        found.update({"reads": 1, "read": len(names)})
        return get_many(self, names)

    def count_written(
        self: RowTable, changes: Mapping[str, bytes | None], data: bytes, expected: Head | None
    ) -> None:
        found.update({"writes": 1, "written": len(changes)})
        commit(self, changes, data, expected)

    monkeypatch.setattr(RowTable, "get_many", count_read)
    monkeypatch.setattr(RowTable, "commit", count_written)
    monkeypatch.setattr(tree, "_BITS", 3)
    monkeypatch.setattr(tree, "_FEW", 2)
    return found


def cost(counts: Counter[str], reduce: Any, number: int) -> Counter[str]:
    """Count a refresh after CHANGED changes among ``number`` documents, which are all in one group."""
    store = Memory()
    store.update((f"documents/{each:06}", b"%d" % each) for each in range(number))
    view = View(store, MapReduce(values, reduce), name="values")
    view.refresh()
    store.update((f"documents/{each:06}", b"7") for each in range(number // 2, number // 2 + CHANGED))
    counts.clear()
    assert view.refresh() == CHANGED
    return counts.copy()


def values(key: str, value: bytes) -> Iterator[tuple[None, int]]:
    yield None, int(value)


@pytest.mark.parametrize("reduce", ["sum", "max", "distinct"])
def test_a_refresh_reads_and_writes_the_paths_of_the_changes(counts: Counter[str], reduce: str) -> None:
    few, many = cost(counts, reduce, 100), cost(counts, reduce, 1600)
    assert few["writes"] == many["writes"] == 1
    more = (
        3 * 3
    )  # levels of three trees, because a node has 4 or 8 keys, and there are 16 times as many documents
    assert many["reads"] <= few["reads"] + more
    assert many["read"] <= few["read"] + 2 * more
    assert many["written"] <= few["written"] + 2 * more


def test_a_refresh_of_a_sum_writes_one_leaf_for_each_change_at_most(counts: Counter[str]) -> None:
    assert cost(counts, "sum", 1000)["written"] <= CHANGED


def test_a_refresh_without_changes_reads_and_writes_no_rows(counts: Counter[str]) -> None:
    store = Memory()
    store["a"] = b"1"
    view = View(store, MapReduce(values, "sum"), name="values")
    view.refresh()
    counts.clear()
    assert view.refresh() == 0
    assert not counts
