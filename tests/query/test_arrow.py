"""Documents as Arrow record batches: every type exactly, one batch in memory, and the same answers by SQL."""

import doctest
import sys
import threading
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from importlib import import_module
from typing import Annotated, Any, Literal, NamedTuple, TypedDict
from uuid import UUID

import duckdb
import msgspec
import polars
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdall import Corrupt, InvalidQuery, Json, Memory, MessagePack, MissingExtra, QueryFailed, SQLite
from holdall.domain import Invoice
from holdall.domain.receivables import Receivables
from holdall.query import arrow
from holdall.store import Store
from tests.domain.made import paid_books

# Apart from tests that fork: see `make test-clusters`.
pytestmark = pytest.mark.servers

LARGEST = 2**63 - 1


def test_the_example_in_the_module():
    failed, attempted = doctest.testmod(import_module("holdall.query.columns"))
    assert attempted
    assert not failed


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Point(NamedTuple):
    x: int
    y: float


@dataclass
class Line:
    code: str
    amount: Decimal
    tags: list[str]


class Extra(TypedDict, total=False):
    note: str


Naive = Annotated[datetime, msgspec.Meta(tz=False)]
Aware = Annotated[datetime, msgspec.Meta(tz=True)]


class Document(msgspec.Struct, rename="camel", omit_defaults=True):
    a_text: str
    an_int: int
    a_float: float
    a_bool: bool
    a_number: Decimal
    a_day: date
    a_time: Annotated[time, msgspec.Meta(tz=False)]
    a_while: timedelta
    a_moment: Aware
    a_naive: Naive
    some_bytes: bytes
    an_id: UUID
    a_color: Color
    a_word: Literal["one", "two", None]
    a_point: Point
    a_line: Line | None
    an_extra: Extra
    some_lines: list[Line] | None
    some_ints: set[int]
    some_days: dict[str, date | None]
    an_absence: int | msgspec.UnsetType = msgspec.UNSET


numbers = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12)
texts = st.text(st.characters(codec="utf-8"), max_size=9)
lines = st.builds(Line, texts, numbers, st.lists(texts, max_size=2))
ZONES = [UTC, timezone(timedelta(hours=-9, minutes=30)), timezone(timedelta(hours=14))]
documents = st.builds(
    Document,
    a_text=texts,
    an_int=st.integers(-LARGEST - 1, LARGEST),
    a_float=st.floats(allow_nan=False, allow_infinity=False),
    a_bool=st.booleans(),
    a_number=numbers,
    a_day=st.dates(),
    a_time=st.times(),
    a_while=st.timedeltas(timedelta(-(10**6)), timedelta(10**6)),
    a_moment=st.datetimes(timezones=st.sampled_from(ZONES)).filter(lambda at: 1 < at.year < 9999),
    a_naive=st.datetimes(),
    some_bytes=st.binary(max_size=9),
    an_id=st.uuids(),
    a_color=st.sampled_from(Color),
    a_word=st.sampled_from(["one", "two", None]),
    a_point=st.builds(Point, st.integers(-9, 9), st.floats(allow_nan=False, allow_infinity=False)),
    a_line=st.none() | lines,
    an_extra=st.just({}) | st.builds(lambda note: {"note": note}, texts),
    some_lines=st.none() | st.lists(lines, max_size=3),
    some_ints=st.sets(st.integers(-9, 9), max_size=3),
    some_days=st.dictionaries(texts, st.none() | st.dates(), max_size=2),
    an_absence=st.just(msgspec.UNSET) | st.integers(0, 9),
)


def shown(key: str, document: Document) -> dict[str, Any]:
    """The row of ``document``, by hand."""

    def line(each: Line) -> dict[str, Any]:
        return {"code": each.code, "amount": each.amount, "tags": each.tags}

    some = document.some_lines
    return {
        "key": key,
        "aText": document.a_text,
        "anInt": document.an_int,
        "aFloat": document.a_float,
        "aBool": document.a_bool,
        "aNumber": document.a_number,
        "aDay": document.a_day,
        "aTime": document.a_time,
        "aWhile": document.a_while,
        "aMoment": document.a_moment,
        "aNaive": document.a_naive,
        "someBytes": document.some_bytes,
        "anId": str(document.an_id),
        "aColor": document.a_color.value,
        "aWord": document.a_word,
        "aPoint": {"x": document.a_point.x, "y": document.a_point.y},
        "aLine": document.a_line and line(document.a_line),
        "anExtra": {"note": document.an_extra.get("note")},
        "someLines": None if some is None else [line(each) for each in some],
        "someInts": list(document.some_ints),
        "someDays": list(document.some_days.items()),
        "anAbsence": None if document.an_absence is msgspec.UNSET else document.an_absence,
    }


@given(st.lists(documents, max_size=4), st.integers(1, 3), st.sampled_from([Json, MessagePack]))
def test_every_type_comes_back_as_it_was(made, size, serializer):
    store = serializer(Memory(), Document)
    store.update({str(number): each for number, each in enumerate(made)})
    reader = arrow(store, Document, decimal=(20, 4), batch_size=size)
    batches = list(reader)
    assert all(0 < batch.num_rows <= size for batch in batches)
    for batch in batches:
        batch.validate(full=True)
    rows = [row for batch in batches for row in batch.to_pylist()]
    assert [{**row, "someInts": set(row["someInts"])} for row in rows] == [
        {**shown(key, each), "someInts": each.some_ints} for key, each in store.items()
    ]


def test_the_schema_says_what_may_be_null_and_how_wide_a_number_is():
    schema = arrow({}, Document, decimal=(50, 4)).schema
    assert [field.name for field in schema if field.nullable] == ["aWord", "aLine", "someLines", "anAbsence"]
    assert schema.field("aNumber").type == pa.decimal256(50, 4)
    assert schema.field("aMoment").type == pa.timestamp("us", "UTC")
    assert arrow({}, list[int], key="id").schema.names == ["id", "value"]


def test_a_dict_is_converted_and_a_range_restricts_it():
    store = {f"{letter}{n}": [n, 0.5] for letter in "ab" for n in range(4)}
    reader = arrow(store, Point, "a", start="a1", stop="a3")
    assert reader.read_all().to_pylist() == [{"key": f"a{n}", "x": n, "y": 0.5} for n in (1, 2)]
    with pytest.raises(QueryFailed, match=r"value of 'b' .*\$\[0\]") as caught:
        arrow({"b": ["one", 1]}, Point).read_all()
    assert caught.value.key == "b"


class Node(msgspec.Struct):
    children: list["Node"]


class Keyed(msgspec.Struct):
    key: str


@pytest.mark.parametrize(
    ("type", "named"),
    [
        (Node, "contains itself"),
        (Keyed, "'key' is a field"),
        (int | str, "one of several types"),
        (dict[str, Any], "a value of the type is Any"),
        (tuple[int, str], "Tuple"),
        (Literal[1, "one"], "values of several types"),
        (5, "not a type"),
    ],
)
def test_a_type_without_columns_is_refused_before_anything_is_read(type, named):
    with pytest.raises(InvalidQuery, match=named):
        arrow({}, type)


@pytest.mark.parametrize("options", [{"decimal": (77, 0)}, {"decimal": 5}, {"batch_size": 0}])
def test_options_out_of_range_are_refused(options):
    with pytest.raises(InvalidQuery, match=next(iter(options))):
        arrow({}, Point, **options)


class Part(msgspec.Struct):
    n: int = 0
    at: datetime | None = None
    clock: time | None = None
    local: Naive | None = None
    amounts: dict[str, list[Line]] = {}


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"n": 2**63}, "n"),
        ({"at": "2026-01-01T00:00:00"}, "at"),
        ({"clock": "10:00:00Z"}, "clock"),
        (
            {
                "amounts": {
                    "x": [
                        {"code": "a", "amount": "1", "tags": []},
                        {"code": "a", "amount": "0.005", "tags": []},
                    ]
                }
            },
            "amounts['x'][1].amount",
        ),
        ({"amounts": {"x": [{"code": "a", "amount": "1E+30", "tags": []}]}}, "amounts['x'][0].amount"),
        ({"amounts": {"x": [{"code": "a", "amount": "NaN", "tags": []}]}}, "amounts['x'][0].amount"),
    ],
)
def test_a_value_that_does_not_fit_is_named_and_never_rounded(document, path):
    store = Json(Memory())
    store.update({"a": {}, "b": document, "c": {}})
    with pytest.raises(QueryFailed) as caught:
        arrow(store, Part, decimal=(18, 2)).read_all()
    assert caught.value.key == "b"
    assert str(caught.value).startswith(f"{path} of 'b' is ")


def test_text_that_is_not_unicode_is_named():
    with pytest.raises(QueryFailed, match="value of 'a'"):
        arrow({"a": "\ud800"}, str).read_all()


def test_a_document_of_another_type_is_corrupt():
    store = Json(Memory())
    store["a"] = {"n": "text"}
    with pytest.raises(Corrupt, match=r"\$\.n") as caught:
        arrow(store, Part).read_all()
    assert caught.value.key == "a"


class Counted:
    """A document that counts how many of its kind are alive."""

    alive = 0

    def __init__(self, n: int) -> None:
        self.n = n
        Counted.alive += 1

    def __del__(self) -> None:
        Counted.alive -= 1


class Endless(Memory):
    """A store of many documents, made when they are read."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count
        self.closed = False

    def typed(self, type: Any, /) -> Store[Any]:
        return self  # type: ignore[return-value]

    def scan_items(self, prefix="", *, start="", stop=None):
        try:
            for n in range(self.count):
                yield f"{n:09}", Counted(n)
        finally:
            self.closed = True


@dataclass
class Plain:
    n: int


def test_memory_holds_one_batch_of_many_documents():
    before, rows, most = pa.total_allocated_bytes(), 0, (0, 0)
    for batch in arrow(Endless(100_000), Plain, batch_size=1000):
        rows += batch.num_rows
        most = max(most, (Counted.alive, pa.total_allocated_bytes() - before))
    assert rows == 100_000
    assert most < (2001, 500_000)  # documents, and bytes of Arrow


def test_deleting_the_reader_ends_the_scan_and_its_thread():
    store, threads = Endless(5000), set(threading.enumerate())
    reader = arrow(store, Plain, batch_size=10)
    assert reader.read_next_batch().num_rows == 10
    del reader
    assert store.closed
    assert set(threading.enumerate()) <= threads


BY_CODE = """
select currency, split.code as code, sum(split.amount) as amount
from (select currency, unnest(line.splits) as split from (select currency, unnest(lines) as line from reader))
group by all order by all
"""


@settings(max_examples=10)
@given(books=paid_books())
def test_sql_gives_the_amounts_of_map_reduce(books):
    store = Json(Memory(), Invoice)
    store.update(books)
    reader = arrow(store, Invoice, decimal=(18, 3))
    billed = Receivables(store).billed()
    assert [row for row in duckdb.sql(BY_CODE).fetchall() if row[2]] == [
        (row.currency, row.code, row.amount) for row in billed
    ]
    assert reader.schema.names[0] == "key"


def test_threads_of_duckdb_read_a_store_of_files(tmp_path):
    store = Json(SQLite(tmp_path / "a.db"))
    store.update({f"{n:05}": {"x": n % 7, "y": 0.25} for n in range(5000)})
    reader = arrow(store, dict[str, float], batch_size=100)
    query = "select count(*), sum(value['y']) from reader"
    assert duckdb.sql(query).fetchall() == [(5000, 1250.0)]
    assert reader.read_all().num_rows == 0
    store.close()


def first_rows(store: Store[Any]) -> list[Any]:
    reader = arrow(store, Plain)
    assert reader.schema.names == ["key", "n"]
    return duckdb.sql("select n from reader limit 3").fetchall()


def test_duckdb_can_stop_early():
    store = Endless(50_000)
    assert sorted(first_rows(store)) == [(0,), (1,), (2,)]
    assert store.closed


def test_duckdb_shows_the_error_that_names_the_document():
    reader = arrow({"a": 1, "b": 2**63}, int)
    with pytest.raises(duckdb.InvalidInputException, match="value of 'b' is 9223372036854775808"):
        duckdb.sql("select sum(value) from reader").fetchall()
    assert reader.schema.names == ["key", "value"]


def test_polars_reads_it():
    store = Json(Memory())
    store.update({"a": {"amounts": {}, "at": "2026-01-01T01:00:00+01:00"}, "b": {"n": 5}})
    frame = polars.from_arrow(arrow(store, Part, decimal=(18, 2)))
    assert frame["n"].to_list() == [0, 5]
    assert frame["at"].to_list() == [datetime(2026, 1, 1, tzinfo=UTC), None]


def test_a_missing_library_names_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for name in [name for name in sys.modules if name.startswith("holdall.query.columns")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(MissingExtra, match=r"pip install 'holdall\[arrow\]'"):
        import_module("holdall.query.columns")
