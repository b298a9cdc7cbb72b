"""Money: decimals by currency, minor units, exact division."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall.domain.money import PLACES, largest_remainder, major, minor, places, text
from holdall.errors import Invalid


def test_currencies_have_their_decimals() -> None:
    assert [places(code) for code in ("EUR", "DKK", "JPY", "KRW", "BHD", "KWD", "CLF")] == [
        *(2, 2, 0, 0, 3, 3, 4)
    ]


@pytest.mark.parametrize("code", ["XYZ", "eur", "", "EURO", None, ["EUR"]])
def test_no_other_code_is_a_currency(code: object) -> None:
    with pytest.raises(Invalid, match="ISO 4217"):
        places(code)  # type: ignore[arg-type]


@given(st.sampled_from(sorted(PLACES)), st.integers(-(10**14), 10**14))
def test_minor_units_and_back(currency: str, units: int) -> None:
    assert minor(major(units, currency), currency) == units


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("0.001", "EUR"),
        ("0.5", "JPY"),
        ("0.0001", "KWD"),
        ("1.00000000000000000000000000000000001", "EUR"),
        ("1E+15", "EUR"),
        ("1E+999999", "EUR"),
        ("1E-999999", "EUR"),
        ("NaN", "EUR"),
        ("sNaN", "EUR"),
        ("-Infinity", "EUR"),
    ],
)
def test_amounts_that_are_none_are_refused(amount: str, currency: str) -> None:
    with pytest.raises(Invalid, match=f"not a valid amount in {currency}"):
        minor(Decimal(amount), currency)


@pytest.mark.parametrize("amount", [1.5, 1, True, "1.50", None])
def test_only_a_decimal_is_an_amount(amount: object) -> None:
    with pytest.raises(Invalid, match="not a valid amount"):
        minor(amount, "EUR")  # type: ignore[arg-type]


def test_trailing_zeros_are_no_decimals() -> None:
    assert minor(Decimal("5.0"), "JPY") == 5
    assert minor(Decimal("0E+99999"), "JPY") == 0


def test_text_never_rounds() -> None:
    assert text(Decimal("123456789012345678901234567890.125"), "EUR") == (
        "123456789012345678901234567890.125"
    )
    assert text(Decimal("5.5"), "JPY") == "5.5"


def test_text_has_the_decimals_of_the_currency_and_no_sign_of_nothing() -> None:
    assert [text(Decimal(each), "JPY") for each in ("5.00", "1E+3", "-0.0")] == ["5", "1000", "0"]
    assert [text(Decimal(each), "KWD") for each in ("5", "-1.5", "0")] == [
        "5.000",
        "-1.500",
        "0.000",
    ]
    assert text(Decimal("1.50"), "XYZ") == "1.50"


weights = st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=9).filter(sum)
amounts = st.integers(-(10**15), 10**15)


@given(amounts, weights)
def test_the_parts_sum_to_the_amount(amount: int, weights: list[int]) -> None:
    assert sum(largest_remainder(amount, weights)) == amount


@given(amounts, weights)
def test_each_part_is_less_than_one_off_its_share(amount: int, weights: list[int]) -> None:
    whole = sum(weights)
    for part, weight in zip(largest_remainder(amount, weights), weights, strict=True):
        assert abs(part * whole - amount * weight) < abs(whole)


@given(st.integers(0, 10**15), st.lists(st.integers(0, 10**12), min_size=1).filter(sum))
def test_the_larger_weight_never_gets_less(amount: int, weights: list[int]) -> None:
    ranked = sorted(zip(weights, largest_remainder(amount, weights), strict=True))
    for (low, less), (high, more) in pairwise(ranked):
        assert low == high or less <= more


@given(amounts, weights)
def test_a_negative_amount_divides_as_the_positive_one(amount: int, weights: list[int]) -> None:
    mirrored = [-part for part in largest_remainder(amount, weights)]
    assert largest_remainder(-amount, weights) == mirrored


def test_equal_remainders_go_to_the_first() -> None:
    assert largest_remainder(2, [1, 1, 1]) == [1, 1, 0]
    assert largest_remainder(-2, [1, 1, 1]) == [-1, -1, 0]


def test_a_part_may_shrink_when_the_amount_grows() -> None:
    assert largest_remainder(10, [6, 6, 2])[2] == 2
    assert largest_remainder(11, [6, 6, 2])[2] == 1
