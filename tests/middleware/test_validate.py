"""Validation on the way in: nothing that the schema refuses is written, by whichever door."""

from typing import Any

import formencode
import pytest
from formencode import ForEach, Schema, validators

from holdall import Invalid, Json, Memory, Validate
from holdall.store import ABSENT, Delete, Put, Store


class Split(Schema):
    code = validators.Regex(r"^[0-9]{4}$", strip=True)


class Line(Schema):
    text = validators.UnicodeString(not_empty=True)
    splits = ForEach(Split(), if_missing=formencode.NoDefault)


class Bill(Schema):
    number = validators.UnicodeString(not_empty=True)
    lines = ForEach(Line())


GOOD: Any = {"number": "1", "lines": [{"text": "a", "splits": [{"code": " 8200 "}]}]}
CLEAN: Any = {"number": "1", "lines": [{"text": "a", "splits": [{"code": "8200"}]}]}
BAD: Any = {"number": "", "lines": [CLEAN["lines"][0], {"text": "", "splits": [{"code": "82"}, {}]}]}


@pytest.fixture
def bills() -> Store[Any]:
    bills = Validate(Json(Memory()), Bill())
    bills["there"] = GOOD
    return bills


def writes(bills: Store[Any], value: Any) -> list[Any]:
    """Every door for a value."""
    tag = bills.get_tagged("there").tag
    return [
        lambda: bills.__setitem__("a", value),
        lambda: bills.update(a=value),
        lambda: bills.setdefault("b", value),
        lambda: bills.swap("there", value, tag),
        lambda: bills.swap("c", value, ABSENT),
        lambda: bills.modify("there", lambda held: value),
        lambda: bills.transact([Delete("there"), Put("d", value)]),
    ]


def test_a_refused_value_gets_in_by_no_door(bills: Store[Any]) -> None:
    for write in writes(bills, BAD):
        with pytest.raises(Invalid):
            write()
    assert dict(bills.items()) == {"there": CLEAN}


def test_what_is_written_is_what_the_schema_returns(bills: Store[Any]) -> None:
    for door in range(7):
        bills.clear()
        bills["there"] = GOOD
        writes(bills, GOOD)[door]()
        assert [value for value in bills.values() if value != CLEAN] == []


def test_every_reason_is_told_nested_and_flat(bills: Store[Any]) -> None:
    with pytest.raises(Invalid) as refusal:
        bills["a"] = BAD
    flat = refusal.value.flat()
    assert set(flat) == {"number", "lines-1.text", "lines-1.splits-0.code", "lines-1.splits-1.code"}
    assert refusal.value.key == "a"
    assert isinstance(refusal.value.errors, dict)
    assert refusal.value.errors["lines"][0] is None
    assert all(name in str(refusal.value) for name in flat)


def test_reads_and_deletes_are_untouched(bills: Store[Any]) -> None:
    bills.raw()["old"] = b'{"number": ""}'
    assert bills["old"] == {"number": ""}
    assert bills.pop("old") == {"number": ""}


def test_a_batch_stops_at_what_is_refused(bills: Store[Any]) -> None:
    with pytest.raises(Invalid, match="'b'"):
        bills.set_many([("a", GOOD), ("b", BAD), ("c", GOOD)])
    assert "b" not in bills
    assert "c" not in bills
