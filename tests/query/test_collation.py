"""The collation is a total order, the documented one, and never less exact than a dict."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given

from holdall.errors import InvalidQuery
from holdall.query.collation import collate, is_ambiguous, to_key
from tests.query.keys import BERLIN, compare, keys

INSTANT = datetime(2026, 6, 1, 12, tzinfo=UTC)
REPEATED = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)

IN_ORDER = [
    None,
    False,
    True,
    float("-inf"),
    -1,
    0,
    Decimal("0.1"),
    0.1,  # the float is 0.1000000000000000055…
    1,
    2**53,
    Decimal(2**53) + Decimal("0.5"),
    2**53 + 1,
    10**400,
    float("inf"),
    "",
    "A",
    "a",
    "é",
    "\uffff",
    "\U0001f600",
    date(2026, 1, 1),
    date(2026, 1, 2),
    datetime(2025, 1, 1),  # noqa: DTZ001 - a naive one is meant
    datetime(2026, 1, 1),  # noqa: DTZ001 - a naive one is meant
    INSTANT,
    REPEATED,
    REPEATED.replace(fold=1),
    (),
    (None,),
    (1,),
    (1, "a"),
    ("EUR",),
    ("EUR", None),
    ("EUR", False),
    ("EUR", 0),
]


def test_the_order_is_the_documented_one():
    assert all(left < right for left, right in pairwise(map(collate, IN_ORDER)))


@given(keys, keys)
def test_places_compare_as_the_order_says(left, right):
    sign = compare(left, right)
    assert (collate(left) < collate(right)) == (sign < 0)
    assert (collate(left) == collate(right)) == (sign == 0)
    assert (collate(left) > collate(right)) == (sign > 0)


@given(keys, keys, keys)
def test_the_order_is_transitive(one, two, three):
    low, middle, high = sorted(map(collate, (one, two, three)))
    assert low <= middle <= high
    assert low <= high


@given(keys)
def test_a_place_shows_a_key_that_is_at_it(key):
    assert collate(to_key(collate(key))) == collate(key)
    assert compare(to_key(collate(key)), key) == 0


@given(keys, keys)
def test_a_dict_confuses_none_but_ambiguous_keys(left, right):
    if left == right and collate(left) != collate(right):
        assert is_ambiguous(collate(left))
        assert is_ambiguous(collate(right))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (1, Decimal("1.00")),
        (1, 1.0),
        (0, -0.0),
        (0.5, Decimal("0.5")),
        (("EUR", 1), ("EUR", 1.0)),
        (INSTANT, INSTANT.astimezone(timezone(timedelta(hours=2)))),
    ],
)
def test_the_same_key(left, right):
    assert collate(left) == collate(right)
    assert hash(collate(left)) == hash(collate(right))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (1, True),
        (0, False),
        ((1,), (True,)),
        (0.1, Decimal("0.1")),
        ("1", 1),
        (1, (1,)),
        (date(2026, 1, 1), datetime(2026, 1, 1)),  # noqa: DTZ001 - a naive one is meant
        (INSTANT, INSTANT.replace(tzinfo=None)),
        (REPEATED, REPEATED.replace(fold=1)),
        ("é", "e\u0301"),
    ],
)
def test_not_the_same_key(left, right):
    assert collate(left) != collate(right)


@pytest.mark.parametrize(
    ("key", "part"),
    [
        (float("nan"), "nan"),
        (Decimal("NaN"), "NaN"),
        (Decimal("sNaN"), "sNaN"),
        (("EUR", float("nan")), "nan"),
        (b"EUR", "bytes"),
        (["EUR"], "list"),
        (("EUR", ["4000"]), "list"),
        (("EUR", ("4000",)), "tuple"),
        (1j, "complex"),
        (object(), "object"),
    ],
)
def test_what_is_no_key_is_refused_by_its_offending_part(key, part):
    with pytest.raises(InvalidQuery, match=part):
        collate(key)


def test_a_long_part_is_named_in_short():
    with pytest.raises(InvalidQuery) as caught:
        collate((b"x" * 1_000_000,))
    assert len(str(caught.value)) < 300
