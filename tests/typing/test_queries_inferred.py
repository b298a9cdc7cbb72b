"""What a query takes and gives is inferred from its map, its reducer and the type of a document's part."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, assert_type

import msgspec
import pytest

import holdall
from holdall import Json, MapReduce, Memory, MessagePack, ReadOnly
from holdall.query import Reducer, Row, Rows, Stats, Together, together


class Invoice(msgspec.Struct, tag=True):
    """A document."""

    customer: str
    total: int


class Note(msgspec.Struct, tag=True):
    """A document of another type."""

    text: str


class Part(msgspec.Struct):
    """The part of an invoice that a query reads."""

    customer: str


def owed(key: str, invoice: Invoice) -> Iterator[tuple[str, int]]:
    yield invoice.customer, invoice.total


def customers(key: str, part: Part) -> Iterable[tuple[str, int]]:
    return [(part.customer, 1)]


class Mean:
    """A reducer whose partials are of another type than its values."""

    def fold(self, values: Sequence[int], /) -> tuple[int, int]:
        return sum(values), len(values)

    def merge(self, left: tuple[int, int], right: tuple[int, int], /) -> tuple[int, int]:
        return left[0] + right[0], left[1] + right[1]

    def result(self, partial: tuple[int, int], /) -> float:
        return partial[0] / partial[1]


def books() -> Json[Invoice]:
    made = Json(Memory(), type=Invoice)
    made["1"] = Invoice("Ada", 7)
    return made


def test_an_untyped_map_takes_documents_of_any_type() -> None:
    query = MapReduce(lambda number, invoice: [(invoice["customer"], invoice["total"])], "sum")
    store = Json(holdall.open("memory://"))
    store["1"] = {"customer": "Ada", "total": 7}
    assert [(row.key, row.value) for row in query.run(store)] == [("Ada", 7)]
    listed = MapReduce(lambda key, invoice: [(invoice.customer, invoice.total)])
    assert listed.run(books()) == [("Ada", 7)]


def test_a_typed_map_is_run_on_documents_of_its_type() -> None:
    query = assert_type(MapReduce(owed, "sum"), MapReduce[Invoice, int])
    assert_type(query.run(books()), Rows[int])
    assert_type(query.run({"1": Invoice("Ada", 7)}), Rows[int])
    plain: dict[str, Any] = {}
    assert_type(query.run(plain), Rows[int])
    notes: Mapping[str, Note] = {"1": Note("none")}
    with pytest.raises(holdall.QueryFailed):
        query.run(notes)  # type: ignore[arg-type]


def test_a_query_of_a_part_is_run_on_any_documents() -> None:
    query = assert_type(MapReduce(customers, "sum", type=Part), MapReduce[Any, int])
    assert_type(query.run(books()), Rows[int])
    inferred = MapReduce(lambda key, part: [(part.customer, 1)], "count", type=Part)
    assert_type(inferred, MapReduce[Any, int])
    MapReduce(customers, "sum", type=Note)  # type: ignore[call-overload]


def test_rows_have_the_type_of_their_reducer() -> None:
    assert_type(MapReduce(owed, "count"), MapReduce[Invoice, int])
    assert_type(MapReduce(owed, "stats"), MapReduce[Invoice, Stats])
    assert_type(MapReduce(owed), MapReduce[Invoice, int])
    assert_type(MapReduce(owed, Mean()), MapReduce[Invoice, float])
    reducer: Reducer[int, tuple[int, int], float] = Mean()
    assert_type(MapReduce(owed, reducer), MapReduce[Invoice, float])
    assert MapReduce(owed, max).run(books()) == MapReduce(owed, sum).run(books()) == [("Ada", 7)]


def test_queries_together_have_their_rows() -> None:
    both = together(MapReduce(owed, "sum"), MapReduce(owed, "stats"))
    assert_type(both, Together[Invoice, tuple[Rows[int], Rows[Stats]]])
    sums, stats = both.run(books(), "", start="1")
    assert_type(sums, Rows[int])
    one: Row[Stats] = stats[0]
    assert (sums[0].value, one.value.sum) == (7, 7)
    plain: Mapping[str, Note] = {}
    both.run(plain)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        both.run(books(), level=1)  # type: ignore[call-arg]


def test_documents_may_be_of_one_of_several_types() -> None:
    store = assert_type(Json(Memory(), type=Invoice | Note), Json[Invoice | Note])
    store["1"], store["2"] = Invoice("Ada", 7), Note("none")
    assert_type(store["1"], Invoice | Note)
    assert_type(MessagePack(Memory(), type=int | None), MessagePack[int | None])
    assert_type(holdall.open("memory://", type=dict[str, int] | None), holdall.Store[dict[str, int] | None])
    assert_type(store.typed(Note | Invoice), holdall.Store[Note | Invoice])
    assert_type(ReadOnly(store).typed(int | None), holdall.Store[int | None])
    counted = MapReduce(lambda key, either: [(key, 1)], "count", type=Invoice | Note)
    assert [row.key for row in counted.run(store)] == ["1", "2"]
