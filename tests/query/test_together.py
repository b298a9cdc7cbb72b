"""Several queries over one reading give the rows that each gives alone, and decode each document once."""

from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall import Json, MapReduce, Memory
from holdall.errors import InvalidQuery, QueryFailed
from holdall.query import grouping, together
from holdall.query.grouping import BATCH, Grouping, Tally
from holdall.query.reducers import BUILT_IN
from tests.query.keys import keys


class Part(msgspec.Struct):
    currency: str
    total: int = 0


class Other(msgspec.Struct):
    currency: str


def totals(key, part: Part) -> Iterator[tuple[str, int]]:
    yield part.currency, part.total


def currencies(key, part: Other) -> Iterator[tuple[str, int]]:
    yield "all", part.currency


documents = st.dictionaries(st.text(), st.lists(st.tuples(keys, st.integers()), max_size=4), max_size=8)


@given(documents, st.integers(1, 9), st.sampled_from([None, 0, 1]))
def test_each_query_has_the_rows_that_it_has_alone(store, batch, level):
    queries = [
        MapReduce(lambda key, pairs: pairs, "sum"),
        MapReduce(lambda key, pairs: [(key, len(pairs))]),
        MapReduce(lambda key, pairs: pairs * 3, "stats"),
        MapReduce(lambda key, pairs: [pair for pair in pairs if pair[1] % 2], max),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grouping, "BATCH", batch)
        alone = tuple(query.run(store, group_level=level) for query in queries)
        assert together(*queries).run(store, group_level=level) == alone


def test_each_document_is_read_and_decoded_once():
    store = Json(Memory())
    store.update({str(number): {"currency": "EUR", "total": number} for number in range(5)})
    reads = []

    def watched(key, part):
        reads.append(part)
        return [("all", 1)]

    query = MapReduce(watched, "count", type=Part)
    assert together(query, query, query).run(store) == ([("all", 5)],) * 3
    assert all(one is two is three for one, two, three in zip(*[iter(reads)] * 3, strict=True))


def test_a_type_that_has_all_parts_is_given_where_the_queries_differ():
    store = Json(Memory())
    store["1"] = {"currency": "EUR", "total": 7}
    one = MapReduce(totals, "sum", type=Part)
    two = MapReduce(currencies, "distinct", type=Other)
    with pytest.raises(InvalidQuery, match=r"different types \(Part, Other\); give together a type="):
        together(one, two)
    assert together(one, two, type=Part).run(store) == ([("EUR", 7)], [("all", 1)])


def test_what_is_not_a_query_is_a_type_error():
    with pytest.raises(TypeError, match="not a function"):
        together(MapReduce(totals, "sum"), totals)


def test_a_failure_names_the_query_and_the_document():
    queries = together(MapReduce(lambda key, value: [("all", 1)]), MapReduce(lambda key, value: 7))
    with pytest.raises(QueryFailed, match=r"map of query 2 failed at 'a': .*must yield") as caught:
        queries.run({"a": 1})
    assert caught.value.key == "a"


def test_a_query_of_few_pairs_is_folded_as_rarely_as_alone(monkeypatch):
    """Next to a query that yields a hundred pairs for each of its own."""
    monkeypatch.setattr(grouping, "BATCH", 100)
    folds = []

    class Count:
        def fold(self, values):
            folds.append(len(values))
            return len(values)

        def merge(self, left, right):
            return left + right

        def result(self, partial):
            return partial

    few = MapReduce(lambda key, value: [("all", 1)], Count())
    many = MapReduce(lambda key, value: [(number, 1) for number in range(100)], "count")
    rows, _ = together(few, many).run({f"{number:04}": None for number in range(1000)})
    assert rows == [("all", 1000)]
    # A trial folds a few values again.
    assert len([size for size in folds if size > 8]) <= 20


def test_a_batch_forgets_the_keys_that_a_level_combines():
    tally = Tally(Grouping(level=1), BUILT_IN["count"])
    for batch in range(3):
        for number in range(BATCH):
            tally.batch[(1, batch, number)].append("a value")
        tally.settle(BATCH)
    assert list(tally.results()) == [((1,), 3 * BATCH)]
    assert len(tally.batch) <= 2 * BATCH + 8
