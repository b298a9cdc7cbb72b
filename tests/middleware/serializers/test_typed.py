"""Documents of a declared type: kept as declared, refused where they are not, whatever the format."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any, Generic, NamedTuple, TypedDict, TypeVar
from zoneinfo import ZoneInfo

import msgspec
import pytest

from holdall import Corrupt, Invalid, Json, Memory, MessagePack, PermissionDenied, Xml, Yaml

T = TypeVar("T")
FORMATS = [Json, MessagePack, Yaml, Xml]
formats = pytest.mark.parametrize("serializer", FORMATS)


class Split(msgspec.Struct):
    code: str
    amount: Decimal


class Line(msgspec.Struct):
    text: str
    splits: list[Split]
    next: "Line | None" = None


class Invoice(msgspec.Struct):
    number: str
    issued: date
    sent: datetime | None
    lines: list[Line]
    scan: bytes = b""
    ratio: float = 0.5
    tags: frozenset[str] = frozenset()
    by_year: dict[int, tuple[int, str]] = {}


INVOICE = Invoice(
    "no",
    date(2026, 11, 22),
    datetime(2026, 11, 22, 10, tzinfo=UTC),
    [Line("a\nb", [Split("0123", Decimal("119.00"))], Line("", []))],
    b"\0\xff",
    tags=frozenset({"12:30"}),
    by_year={2026: (1, "~")},
)


class Loose(msgspec.Struct):
    part: Any


@dataclass
class Point:
    x: float
    y: int | None = None


class Row(NamedTuple):
    a: int


class Fields(TypedDict):
    a: int


class Far(Point):
    """A Point that would come back as one."""


@formats
def test_a_struct_is_read_as_it_was_written(serializer):
    store = serializer(Memory(), type=Invoice)
    store["a"] = INVOICE
    assert store["a"] == INVOICE
    assert type(store["a"].lines[0].splits[0].amount) is Decimal


@formats
@pytest.mark.parametrize(
    ("declared", "value"),
    [
        (list[Split], [Split("a", Decimal(1))]),
        (Split | None, None),
        (Point, Point(0.5)),
        (Point | None, Point(0.5, 1)),
        (Row, Row(1)),
        (Fields, {"a": 1}),
        (dict[str, Any], {"a": [1, None]}),
        (list[float], [1.0, 2.0]),
        (Decimal, Decimal("1.00")),
        (Loose, Loose([{"a": None}])),
    ],
)
def test_any_type_that_msgspec_knows_is_kept(serializer, declared, value):
    store = serializer(Memory(), type=declared)
    store["a"] = value
    assert store["a"] == value
    assert type(store["a"]) is type(value)


@formats
@pytest.mark.parametrize(
    ("declared", "value"),
    [
        (Split, Line("a", [])),
        (Split, {"code": "a", "amount": "1"}),
        (list[Split], [{"code": "a", "amount": "1"}]),
        (list[int], (1,)),
        (Point, Far(0.5)),
        (int, "a"),
        (Loose, Loose((1,))),
        (Loose, Loose({1})),
        (Loose, Loose(Split("a", Decimal(1)))),
        (dict[str, object], {"a": (1,)}),
    ],
)
def test_a_value_of_another_type_is_refused(serializer, declared, value):
    store = serializer(Memory(), type=declared)
    with pytest.raises(Invalid) as caught:
        store["a"] = value
    assert caught.value.key == "a"
    assert "a" not in store


def test_json_refuses_a_nan_that_a_field_holds():
    store = Json(Memory(), type=Point)
    with pytest.raises(Invalid, match=r"\$\.x"):
        store["a"] = Point(float("nan"), 1)
    with pytest.raises(Invalid):
        store["a"] = Point(float("inf"))
    store["a"] = Point(0.5)  # whose y is written as null too
    assert store["a"] == Point(0.5)


@pytest.mark.parametrize("serializer", [MessagePack, Yaml, Xml])
def test_the_others_keep_it(serializer):
    store = serializer(Memory(), type=Point)
    store["a"] = Point(float("inf"))
    assert store["a"].x == float("inf")


@formats
def test_bytes_that_do_not_fit_the_type_are_corrupt_and_named(serializer):
    below = Memory()
    serializer(below)["a"] = {"code": "8200", "amount": [1]}
    with pytest.raises(Corrupt, match=r"'a'.*\$\.amount"):
        serializer(below, type=Split)["a"]


@formats
def test_a_view_decodes_what_its_type_declares_and_is_read_only(serializer):
    store = serializer(Memory(), type=Invoice)
    store["a"] = INVOICE

    class Number(msgspec.Struct):
        number: str

    view = store.typed(Number)
    assert list(view.items()) == [("a", Number("no"))]
    with pytest.raises(PermissionDenied):
        view["a"] = Number("x")


class Event(msgspec.Struct):
    at: datetime | list[datetime]
    by: "dict[str, Event]" = {}


class Shift(NamedTuple):
    name: str
    start: time


@dataclass
class Week:
    shifts: list[tuple[Shift, int]]
    before: "Week | None" = None


SECONDS = timezone(timedelta(minutes=19, seconds=32))
MINUTES = timezone(timedelta(minutes=20))


def events(zone):
    moment = datetime(1900, 1, 1, tzinfo=zone)
    return [
        Event(moment),
        Event([moment]),
        Event([], {"a": Event([datetime(1900, 1, 1, tzinfo=UTC), moment])}),
    ]


def week(zone):
    return Week([], before=Week([(Shift("early", time(6)), 1), (Shift("late", time(14, tzinfo=zone)), 2)]))


@pytest.mark.parametrize("serializer", [Json, Yaml])
@pytest.mark.parametrize("which", range(3))
def test_an_offset_that_would_be_rounded_is_refused_by_its_moment(serializer, which):
    store = serializer(Memory(), type=Event)
    with pytest.raises(
        Invalid, match=r"'a': 1900-01-01 00:00:00\+00:19:32 has an offset .* convert it to UTC"
    ):
        store["a"] = events(SECONDS)[which]
    assert "a" not in store
    store["a"] = events(MINUTES)[which]
    assert store["a"] == events(MINUTES)[which]


@pytest.mark.parametrize("serializer", [MessagePack, Xml])
def test_the_others_keep_the_moment(serializer):
    store = serializer(Memory(), type=Event)
    for event in events(SECONDS):
        store["a"] = event
        assert store["a"] == event


@formats
def test_so_is_the_offset_of_a_time_of_day(serializer):
    store = serializer(Memory(), type=Week)
    with pytest.raises(Invalid, match=r"14:00:00\+00:19:32 has an offset"):
        store["a"] = week(SECONDS)
    assert "a" not in store
    store["a"] = week(MINUTES)
    assert store["a"] == week(MINUTES)


class Box(msgspec.Struct, Generic[T]):
    held: T


class Earlier(msgspec.Struct):
    moment: Box[datetime]
    number: Box[int]


class Later(msgspec.Struct):
    number: Box[int]
    moment: Box[datetime]


@pytest.mark.parametrize("boxes", [Earlier, Later])
def test_a_field_is_looked_at_if_any_form_of_its_class_holds_a_moment(boxes):
    with pytest.raises(Invalid, match="has an offset"):
        Json(Memory(), type=boxes)["a"] = boxes(
            number=Box(1), moment=Box(datetime(1900, 1, 1, tzinfo=SECONDS))
        )


def test_a_moment_that_comes_twice_is_kept_in_any_zone():
    moment = datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Zurich"))
    store = Json(Memory(), type=Event)
    store["a"] = Event(moment)
    assert store["a"].at.isoformat() == moment.isoformat()


def test_a_document_that_holds_itself_is_refused():
    event = Event([])
    event.by["a"] = event
    with pytest.raises(Invalid):
        Json(Memory(), type=Event)["a"] = event
