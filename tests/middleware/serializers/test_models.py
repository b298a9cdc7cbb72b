"""Pydantic models as documents: validated both ways, exact, and refused by name where they cannot be kept."""

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

import holdall
from holdall import (
    Corrupt,
    Invalid,
    InvalidAddress,
    Json,
    MapReduce,
    Memory,
    MessagePack,
    Validate,
    Xml,
    Yaml,
)

pydantic = pytest.importorskip("pydantic")


class Line(pydantic.BaseModel):
    code: str = pydantic.Field(pattern="^[0-9]{4}$")
    amount: Decimal


class Bill(pydantic.BaseModel):
    number: str
    issued: datetime
    due: date | None = None
    lines: list[Line] = []
    rates: dict[str, float] = {}
    seller: str = pydantic.Field("S", alias="sellerName")
    note: Any = None

    @pydantic.computed_field
    @property
    def total(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal())


class Credit(pydantic.BaseModel):
    credits: str


class Part(pydantic.BaseModel):
    """The part of a bill that a query reads."""

    lines: list[Line]


@pydantic.dataclasses.dataclass
class Box:
    size: int = pydantic.Field(gt=0)


BILL = Bill(
    number="7",
    issued=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=timezone(timedelta(hours=-3, minutes=-30))),
    due=date(2026, 2, 1),
    lines=[Line(code="8200", amount=Decimal("119.00")), Line(code="8300", amount=Decimal("0.10"))],
    rates={"de": 0.19},
    sellerName="Ada",
)


@pytest.fixture
def bills() -> Json[Any]:
    return Json(Memory(), type=Bill)


def test_a_model_comes_back_as_it_was_written(bills: Json[Any]) -> None:
    bills["7"] = BILL
    bills.update(
        naive=BILL.model_copy(update={"issued": datetime.fromisoformat("2026-01-02T00:00")}), utc=BILL
    )
    read = bills["7"]
    assert read == BILL
    assert type(read) is Bill
    assert [str(line.amount) for line in read.lines] == ["119.00", "0.10"]
    assert read.issued.utcoffset() == timedelta(hours=-3, minutes=-30)
    assert bills["naive"].issued == datetime.fromisoformat("2026-01-02T00:00")
    assert dict(bills.items())["utc"] == bills.get("utc") == BILL


def test_fields_are_stored_by_name_and_read_by_name_or_alias(bills: Json[Any]) -> None:
    bills["7"] = BILL
    assert b'"seller":"Ada"' in bills.raw()["7"]
    assert b"total" not in bills.raw()["7"]
    bills.raw()["8"] = b'{"number": "8", "issued": "2026-01-01T00:00:00Z", "sellerName": "Grace"}'
    assert (bills["8"].seller, bills["8"].issued) == ("Grace", datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (list[Line], BILL.lines),
        (dict[str, Line], {"a": BILL.lines[0]}),
        (Bill | Credit, Credit(credits="7")),
        (Line | None, None),
        (Box, Box(7)),
    ],
)
def test_types_made_of_models(kind: Any, value: Any) -> None:
    store: Json[Any] = Json(Memory(), type=kind)
    store["a"] = value
    assert store["a"] == value


def test_what_is_stored_and_not_valid_is_corrupt_with_its_reasons(bills: Json[Any]) -> None:
    bills.raw()["7"] = (
        b'{"number": "7", "issued": "2026-01-01T00:00:00Z", "lines": [{"code": "82", "amount": "x"}]}'
    )
    for read in (
        lambda: bills["7"],
        lambda: list(bills.items()),
        lambda: bills.modify("7", lambda bill: bill),
    ):
        with pytest.raises(Corrupt) as refusal:
            read()
        assert refusal.value.key == "7"
        assert "lines-0.code: String should match" in str(refusal.value)
        assert "lines-0.amount: Input should be a valid decimal" in str(refusal.value)
        assert "\n" not in str(refusal.value)
    bills.raw()["8"] = b"{"
    with pytest.raises(Corrupt):
        bills["8"]


def test_a_message_stays_short_and_the_reasons_complete(bills: Json[Any]) -> None:
    bad = BILL.model_copy(update={"lines": [Line.model_construct(code="82", amount=Decimal(1))] * 1000})
    with pytest.raises(Invalid, match="and 990 more") as refusal:
        bills["7"] = bad
    assert len(str(refusal.value)) < 1500
    assert len(refusal.value.flat()) == 1000


def test_a_model_that_was_made_invalid_is_refused_by_field(bills: Json[Any]) -> None:
    bills["7"] = BILL
    bad = BILL.model_copy(deep=True)
    bad.number = 7  # type: ignore[assignment]
    bad.lines[1].code = "82"
    for write in (
        lambda: bills.__setitem__("7", bad),
        lambda: bills.update(b=bad),
        lambda: bills.modify("7", lambda bill: bad),
        lambda: bills.setdefault("b", bad),
    ):
        with pytest.raises(
            Invalid, match=r"Json cannot keep the value of '[7b]': number: Input should"
        ) as refusal:
            write()
        assert set(refusal.value.flat()) == {"number", "lines-1.code"}
    assert dict(bills) == {"7": BILL}


@pytest.mark.parametrize(
    "change",
    [
        {"note": (1, 2)},
        {"note": Decimal("1.50")},
        {"rates": {"de": float("nan")}},
        {"issued": datetime(1899, 1, 1, tzinfo=timezone(timedelta(seconds=3723)))},
        {"number": 7},
        {"lines": [{"code": "8200", "amount": Decimal(1)}]},
    ],
)
def test_what_would_be_read_back_as_something_else_is_refused(bills: Json[Any], change: Any) -> None:
    with pytest.raises(Invalid, match="'7'"):
        bills["7"] = BILL.model_copy(update=change)
    assert "7" not in bills


@pytest.mark.parametrize("value", [{"number": "7"}, Credit(credits="7"), None, "7"])
def test_a_value_of_another_type_is_refused(bills: Json[Any], value: Any) -> None:
    with pytest.raises(Invalid, match=f"it is of the type {type(value).__name__}, but Bill is declared"):
        bills["7"] = value


def test_a_query_reads_the_part_that_it_declares(bills: Json[Any]) -> None:
    bills["7"] = BILL
    by_code = MapReduce(lambda key, bill: ((line.code, line.amount) for line in bill.lines), "sum")
    assert dict(by_code.run(bills)) == {"8200": Decimal("119.00"), "8300": Decimal("0.10")}
    part = Json(bills.inner).typed(Part)["7"]
    assert (type(part), part.lines) == (Part, BILL.lines)


def test_an_address_names_a_model() -> None:
    name = f"{__name__}:Bill"
    sys.modules.setdefault(__name__, sys.modules[Bill.__module__])
    with holdall.open(f"memory://?serializer=json&type={name}") as store:
        store["7"] = BILL
        assert store["7"] == BILL
    with pytest.raises(
        InvalidAddress, match="MessagePack does not keep Pydantic models, and Bill is or holds one; use Json"
    ):
        holdall.open(f"memory://?serializer=msgpack&type={name}")


@pytest.mark.parametrize("serializer", [MessagePack, Yaml, Xml])
@pytest.mark.parametrize("kind", [Bill, list[Bill], Bill | None, Bill | Credit, Box])
def test_formats_without_models_say_so_at_once(serializer: Any, kind: Any) -> None:
    with pytest.raises(Invalid, match=f"{serializer.__name__} does not keep Pydantic models, .*; use Json"):
        serializer(Memory(), type=kind)


class Opaque:
    """A class that no format knows."""


@pytest.mark.parametrize("serializer", [Json, MessagePack, Yaml, Xml])
@pytest.mark.parametrize("kind", [Opaque, list[Opaque], dict[str, Opaque | None]])
def test_a_class_that_no_format_knows_is_refused_at_once(serializer: Any, kind: Any) -> None:
    with pytest.raises(Invalid, match=f"{serializer.__name__} does not keep Opaque, .*; declare a Struct"):
        serializer(Memory(), type=kind)


def test_a_schema_checks_models_too(bills: Json[Any]) -> None:
    class Numbered:
        def to_python(self, value: Bill, state: Any = None) -> Bill:
            return value.model_copy(update={"number": value.number.strip()})

    checked = Validate(bills, Numbered())
    checked["7"] = BILL.model_copy(update={"number": " 7 "})
    assert checked["7"] == BILL


def test_json_loads_pydantic_only_for_models() -> None:
    code = "import sys, holdall; holdall.Json(holdall.Memory(), type=dict[str, int]); print('pydantic' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).split() == ["False"]
