"""The rules by themselves: what they cost on a document that is large, or means to be."""

from decimal import Decimal
from typing import Any

import pytest

from holdall.domain.rules import parts_sum, payments_fit

MANY = 1000


class Counted(str):
    """Text that counts how often it is compared."""

    __slots__ = ()
    __hash__ = str.__hash__
    compared = 0

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return str.__eq__(self, other)


@pytest.fixture
def names() -> list[str]:
    Counted.compared = 0
    return [Counted(number) for number in range(MANY)]


def test_codes_are_compared_at_most_as_often_as_there_are_codes(names: list[str]) -> None:
    parts: list[Any] = [{"code": name, "amount": Decimal(1)} for name in names]
    assert parts_sum("splits")(Decimal(MANY), parts) == {}
    assert Counted.compared <= MANY


def test_payments_are_compared_at_most_as_often_as_there_are_payments(names: list[str]) -> None:
    lines: list[Any] = [{"splits": [{"code": "4400", "amount": Decimal(MANY)}]}]
    part = {"code": "4400", "amount": Decimal(1)}
    payment = {"overpaid": False, "kind": "receipt", "voids": "", "allocations": [part]}
    payments: list[Any] = [payment | {"id": name} for name in names]
    assert payments_fit(lines, payments) == {}
    assert Counted.compared <= MANY


def test_of_several_codes_that_appear_twice_the_first_is_named() -> None:
    parts: list[Any] = [{"code": code, "amount": Decimal(1)} for code in ("4410", "4400", "4410", "4400")]
    assert parts_sum("splits")(Decimal(4), parts) == {"splits": "'4400' appears twice; add its amounts up"}
