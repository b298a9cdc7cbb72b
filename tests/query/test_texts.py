"""The texts of groups: they sort as the groups do, and two groups have one text if and only if they are equal."""

from decimal import Decimal
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from holdall.query.collation import Range, collate
from holdall.query.texts import bounds, text_of
from tests.query.keys import keys

odd = st.sampled_from([float("inf"), float("-inf"), 10**40, -(10**40), "\0", "a\0", ("a\0", 1), ("a", "\0")])


@settings(max_examples=40)
@given(st.lists(st.one_of(keys, odd), min_size=2, max_size=6))
def test_texts_sort_and_differ_as_the_groups_do(groups: list[Any]) -> None:
    places = sorted(map(collate, groups))
    for left, right in pairwise(places):
        assert (left == right) == (text_of(left) == text_of(right))
        assert text_of(left) <= text_of(right)


@settings(max_examples=40)
@given(keys, keys, keys)
def test_bounds_are_those_of_the_range(low: Any, high: Any, key: Any) -> None:
    low, high = sorted([low, high], key=collate)
    selected = Range(low, high)
    start, stop = bounds(selected)
    assert stop is not None
    assert selected.holds(collate(key)) == (start <= text_of(collate(key)) < stop)


def test_numbers_of_any_size_have_short_texts() -> None:
    huge: list[Any] = [
        Decimal("1E+999999"),
        Decimal("100E+999997"),
        Decimal("-Infinity"),
        float("-inf"),
        10**5000,
    ]
    texts = [text_of(collate(each)) for each in huge]
    assert texts[0] == texts[1] == "33f9999991"
    assert texts[2] == texts[3] == "30"
    assert texts[4] == "33d50001"


def test_texts_differ_by_lone_surrogates() -> None:
    surrogates = "a\ud800", ("a", "\udfff"), ("a", "\udfff", 1)
    texts = [text_of(collate(each)) for each in surrogates]
    assert texts == sorted(texts)
    assert len({text.encode(errors="surrogatepass") for text in texts}) == 3
