"""Texts of groups, packed values, sums and definitions, each by itself."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdall import InvalidQuery, Memory
from holdall.query import MapReduce, Stats
from holdall.query.collation import collate
from holdall.query.exact import Total, total
from holdall.query.trial import Few
from holdall.query.views.definition import definition
from holdall.query.views.groups import plain
from holdall.query.views.packing import pack, unpack
from holdall.query.views.sums import Sum
from tests.query.keys import keys


@settings(max_examples=20)
@given(keys)
def test_a_plain_key_is_the_same_key(key: Any) -> None:
    assert collate(plain(collate(key))) == collate(key)


VALUES = [
    [None, True, 2**63, -(2**200), 0.1, "é", b"\xff", Decimal("-1.50"), Decimal("1E+9")],
    (
        date(2026, 1, 31),
        datetime(2026, 1, 31, fold=1),  # noqa: DTZ001 - a naive one
        datetime(2026, 1, 31, tzinfo=UTC),
        datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=1),
        datetime(2026, 1, 31, tzinfo=timezone(timedelta(hours=-5, seconds=1))),
        timedelta(-1, 2, 3),
    ),
    {"a": {1, (2, "b")}, (1, 2): frozenset([None])},
    [Stats(2, total([1, 2]), 1, 2), Total(float, Decimal("0.1")), Few([1, (2,)])],
]


@pytest.mark.parametrize("value", VALUES)
def test_packed_values_are_the_same_again(value: Any) -> None:
    found = unpack(pack(value))
    assert found == value
    assert repr(found) == repr(value)


NAMED = datetime(2026, 1, 31, tzinfo=timezone(timedelta(hours=1), "CET"))


@pytest.mark.parametrize("value", [1j, object(), {"a": [range(3)]}, "\ud800", NAMED])
def test_values_that_cannot_be_packed(value: Any) -> None:
    with pytest.raises(InvalidQuery, match="a view cannot keep"):
        pack(value)


amounts = st.lists(
    st.one_of(st.integers(-(2**70), 2**70), st.decimals(-99, 99, places=2), st.decimals(-99, 99, places=3))
)
floats = st.lists(st.one_of(st.integers(-9, 9), st.floats(allow_nan=False, allow_infinity=False)))


@settings(max_examples=40)
@given(st.one_of(st.tuples(amounts, amounts), st.tuples(floats, floats)))
def test_a_sum_forgets_what_is_taken_away(numbers: tuple[list[Any], list[Any]]) -> None:
    kept, taken = numbers
    found = Sum()
    found.add(kept + taken)
    found = Sum(*unpack(pack(found.dump())))
    found.subtract(taken)
    if kept:
        assert repr(found.to_number()) == repr(total(kept).to_number())


RATE = Decimal("0.19")


def tax(amount: Decimal) -> Decimal:
    return amount * RATE


def taxed(key: str, amount: Decimal) -> Any:
    yield key, tax(amount)


def scaled(factor: int) -> Callable[..., Any]:
    return lambda key, amount: [(key, factor * amount)]


class Mean:
    def __init__(self, digits: int) -> None:
        self.digits = digits

    def fold(self, values: Any) -> Any:
        return sum(values), len(values)

    def merge(self, left: Any, right: Any) -> Any:
        return left[0] + right[0], left[1] + right[1]

    def result(self, partial: Any) -> Any:
        return round(partial[0] / partial[1], self.digits)


def test_what_a_definition_sees(monkeypatch: pytest.MonkeyPatch) -> None:
    def of(map: Any, reduce: Any = "sum", prefix: str = "", type: Any = None) -> str:
        return definition(MapReduce(map, reduce, type=type), Memory(), prefix, inside=True)

    different = [
        of(taxed),
        of(taxed, "count"),
        of(taxed, None),
        of(taxed, prefix="a"),
        of(taxed, type=int),
        of(taxed, type=list[int]),
        of(scaled(2)),
        of(scaled(3)),
        of(partial(taxed, amount=1)),
        of(partial(taxed, amount=2)),
        of(taxed, Mean(1)),
        of(taxed, Mean(2)),
        of(taxed, max),
    ]
    assert len(set(different)) == len(different)
    assert different[6] == of(scaled(2))
    assert different[10] == of(taxed, Mean(1))
    monkeypatch.setattr(f"{__name__}.RATE", Decimal("0.2"))
    assert different[0] != of(taxed)
