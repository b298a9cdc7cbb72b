"""A query that fails says where: the document, the group, or what is wrong with the question."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import msgspec
import pytest

from holdall import Json, MapReduce, Memory
from holdall.errors import Corrupt, InvalidQuery, QueryFailed, Unavailable, Unsupported


class Failing(Memory):
    """A store that stops answering after its first document."""

    def scan_items(self, prefix="", *, start="", stop=None) -> Iterator[tuple[str, bytes]]:
        yield "1", b""
        raise Unavailable("no answer")


class Part(msgspec.Struct):
    due: date


def due(key, part: Part):
    return [(part.due, 1)]


def as_they_are(key, pairs):
    return pairs


def by_sum(store, **options):
    return MapReduce(as_they_are, "sum").run(store, **options)


def raising(key, value):
    yield "fine", 1
    if key == "invoices/7":
        raise ValueError("no currency")


@pytest.mark.parametrize("map", [raising, lambda key, value: list(raising(key, value))])
def test_a_map_that_raises_names_the_document_and_is_chained(map):
    store = {f"invoices/{number}": None for number in range(9)}
    with pytest.raises(QueryFailed, match=r"'invoices/7'.*no currency") as caught:
        MapReduce(map, "count").run(store)
    assert caught.value.key == "invoices/7"
    assert isinstance(caught.value.__cause__, ValueError)


@pytest.mark.parametrize(
    ("mapped", "message"),
    [
        ([(("EUR", ["4000"]), 1)], r"\['4000'\] \(list\)"),
        ([(("EUR", b"4000"), 1)], "bytes"),
        ([(float("nan"), 1)], "NaN"),
        ([(Decimal("sNaN"), 1)], "NaN"),
        ([("EUR", 1, 2)], r"too many values.*must yield \(group, value\) pairs"),
        ([None], "NoneType.*must yield"),
        (None, r"returned None; map must yield \(group, value\) pairs, or return a list of them"),
        (7, "int.*must yield"),
        ([("EUR", 1), 7], "int.*must yield"),
        (("EUR", 1), r"returned \('EUR', 1\); map must yield"),
        (("DE", "FR"), r"returned \('DE', 'FR'\); map must yield"),
        ({"DE": 1}, r"returned \{'DE': 1\}; map must yield"),
        ((("EUR", 1), "DE"), "must yield"),
    ],
)
def test_what_is_no_pair_or_no_key_names_the_document(mapped, message):
    store = {"invoices/6": [("EUR", 1)], "invoices/7": mapped}
    with pytest.raises(QueryFailed, match=message) as caught:
        by_sum(store)
    assert caught.value.key == "invoices/7"


def test_pairs_may_come_in_a_tuple():
    assert by_sum({"a": (("EUR", 1), ["EUR", 2]), "b": ()}) == [("EUR", 3)]


def test_a_map_that_raises_is_not_told_what_to_yield():
    with pytest.raises(QueryFailed, match=r"ValueError\('no currency'\)$"):
        MapReduce(raising, "count").run({"invoices/7": None})


def test_values_that_cannot_be_reduced_name_the_group():
    with pytest.raises(
        QueryFailed, match=r"failed for \('EUR', '4000'\): cannot add up Decimal and float:"
    ) as caught:
        by_sum({"a": [(("EUR", "4000"), Decimal(1)), (("EUR", "4000"), 1.0)]})
    assert caught.value.key is None
    assert isinstance(caught.value.__cause__, InvalidQuery)


def test_a_function_that_raises_names_the_group():
    with pytest.raises(QueryFailed, match=r"'EUR'.*ZeroDivisionError") as caught:
        MapReduce(as_they_are, lambda values: 1 / 0).run({"a": [("EUR", 1)]})
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_errors_of_the_store_come_as_they_are():
    with pytest.raises(Unavailable, match="no answer"):
        MapReduce(lambda key, value: [(key, 1)], "sum").run(Failing())


@pytest.mark.parametrize(
    "options",
    [
        {"group_level": -1},
        {"between": (2, 1)},
        {"between": (("EUR", 2), ("EUR", 1))},
        {"at": 1, "between": (1, 2)},
        {"at": float("nan")},
        {"between": (..., b"x")},
    ],
)
def test_a_query_that_cannot_be_meant_reads_nothing(options):
    with pytest.raises(InvalidQuery):
        by_sum(Failing(), **options)


def test_a_type_needs_a_layer_that_decodes():
    with pytest.raises(Unsupported, match="Json"):
        MapReduce(due, "count", type=Part).run(Memory())


def test_a_document_that_does_not_fit_the_type_is_corrupt_and_named():
    store = Json(Memory())
    store["invoices/7"] = {"due": "soon"}
    with pytest.raises(Corrupt) as caught:
        MapReduce(due, "count", type=Part).run(store)
    assert caught.value.key == "invoices/7"


@pytest.mark.parametrize("store", ["sqlite:///books.db", [("a", [])], None])
def test_what_is_not_a_mapping_is_a_type_error_that_says_how_to_open_a_store(store):
    with pytest.raises(TypeError, match=rf"not a {type(store).__name__}; holdall.open opens a store"):
        by_sum(store)


def exhausted(*_):
    raise MemoryError


def exhausted_by_partials(values):
    return exhausted() if isinstance(values[0], int) else len(values)


@pytest.mark.parametrize(
    ("map", "reduce"),
    [
        (exhausted, "count"),
        (lambda key, value: [("all", value)], exhausted),
        (lambda key, value: [("all", value)], exhausted_by_partials),
    ],
)
def test_a_lack_of_memory_is_raised_as_it_is(map, reduce):
    with pytest.raises(MemoryError):
        MapReduce(map, reduce).run({"a": "x", "b": "y", "c": "z"})
