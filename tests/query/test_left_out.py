"""A document that cannot be decoded or mapped is left out, if the run says so, and adds nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall import Json, MapReduce, Memory
from holdall.errors import Corrupt, InvalidQuery, QueryFailed, Unavailable
from holdall.query import grouping, together
from tests.query.test_failures import Failing

BAD = {
    "raises": ValueError("no currency"),
    "no pairs": 7,
    "one pair": ("EUR", 1),
    "no order": [("EUR", 1), (float("nan"), 1)],
    "no key": [("EUR", 1), (["EUR"], 1)],
    "no pair": [("EUR", 1), ("EUR", 2, 3)],
}


def mapped(key, value):
    if isinstance(value, Exception):
        raise value
    return value


by_sum = MapReduce(mapped, "sum")


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
@pytest.mark.parametrize("generated", [False, True])
def test_a_document_that_cannot_be_mapped_adds_nothing_and_the_others_are_done(bad, generated):
    def lazily(key, value):
        yield from mapped(key, value)

    store = {"1": [("EUR", 10)], "2": bad, "3": [("EUR", 20), ("USD", 1)]}
    query = MapReduce(lazily if generated and bad != ("EUR", 1) else mapped, "sum")
    rows = query.run(store, on_error="collect")
    assert rows == [("EUR", 30), ("USD", 1)]
    [(key, error)] = rows.failures.items()
    assert isinstance(error, QueryFailed)
    assert key == error.key == "2"
    skipped = query.run(store, on_error="skip")
    assert skipped == rows
    assert skipped.failures == {}
    with pytest.raises(QueryFailed):
        query.run(store)


@given(st.lists(st.booleans(), max_size=9), st.integers(1, 4))
def test_documents_that_cannot_be_decoded_are_named_wherever_they_are(damaged, batch):
    raw = Memory()
    for number, broken in enumerate(damaged):
        raw[f"{number}"] = b"{" if broken else b"1"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grouping, "BATCH", batch)
        rows = MapReduce(lambda key, value: [("all", value)], "count").run(Json(raw), on_error="collect")
    assert [row.value for row in rows] == [damaged.count(False)] * any(not each for each in damaged)
    assert list(rows.failures) == [f"{number}" for number, broken in enumerate(damaged) if broken]
    assert all(isinstance(error, Corrupt) for error in rows.failures.values())


def test_a_document_that_one_query_cannot_map_is_left_out_by_all():
    count = MapReduce(lambda key, value: [("all", 1)], "count")
    counts, sums = together(count, by_sum).run({"1": [("EUR", 1)], "2": 7}, on_error="collect")
    assert (counts, sums) == ([("all", 1)], [("EUR", 1)])
    assert list(counts.failures) == list(sums.failures) == ["2"]


@pytest.mark.parametrize("on_error", ["skip", "collect"])
def test_errors_of_the_store_of_a_reducer_and_of_memory_are_raised(on_error):
    with pytest.raises(Unavailable):
        by_sum.run(Failing(), on_error=on_error)
    with pytest.raises(QueryFailed, match="cannot add up"):
        by_sum.run({"a": [("EUR", "text")]}, on_error=on_error)
    with pytest.raises(MemoryError):
        by_sum.run({"a": MemoryError()}, on_error=on_error)


def test_a_store_that_cannot_say_which_document_is_damaged_raises():
    class Damaged(Failing):
        def scan_items(self, prefix="", *, start="", stop=None):
            raise Corrupt("the index is damaged")

    with pytest.raises(Corrupt, match="index"):
        by_sum.run(Damaged(), on_error="skip")


def test_an_unknown_choice_reads_nothing():
    with pytest.raises(InvalidQuery, match='on_error is \'ignore\': use "raise", "skip" or "collect"'):
        by_sum.run(Failing(), on_error="ignore")
