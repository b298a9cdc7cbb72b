"""A reducer gives one result however its values are split, and sums do not round."""

import pickle
from contextlib import suppress
from decimal import Context, Decimal, getcontext, localcontext
from fractions import Fraction
from functools import reduce
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall.errors import InvalidQuery
from holdall.query.collation import collate
from holdall.query.reducers import BUILT_IN, Stats, reducer
from tests.query.keys import scalars

floats = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300)
decimals = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30)
amounts = st.one_of(
    st.lists(st.one_of(st.integers(), decimals), min_size=1),
    st.lists(st.one_of(st.integers(), floats), min_size=1),
)
VALUES = {
    "sum": amounts,
    "stats": amounts,
    "count": st.lists(st.none(), min_size=1),
    "min": st.lists(scalars, min_size=1),
    "max": st.lists(scalars, min_size=1),
    "distinct": st.lists(scalars, min_size=1),
}


def whole(reduce_by, values):
    made = reducer(reduce_by)
    return made.result(made.fold(values))


def in_parts(reduce_by, values, cuts):
    made = reducer(reduce_by)
    bounds = [0, *sorted(cuts), len(values)]
    parts = [values[low:high] for low, high in pairwise(bounds) if low < high]
    # Pickled, as if each had been folded in a process of its own.
    partials = [pickle.loads(pickle.dumps(made.fold(part))) for part in parts]
    return made.result(reduce(made.merge, partials))


@pytest.mark.parametrize("name", BUILT_IN)
@given(data=st.data())
def test_any_split_gives_the_same_result(name, data):
    values = data.draw(VALUES[name])
    cuts = data.draw(st.lists(st.integers(0, len(values))))
    assert in_parts(name, values, cuts) == whole(name, values)


@pytest.mark.parametrize("name", BUILT_IN)
@given(data=st.data())
def test_any_order_gives_the_same_result(name, data):
    values = data.draw(VALUES[name])
    assert whole(name, data.draw(st.permutations(values))) == whole(name, values)


@given(st.lists(st.one_of(st.integers(), decimals), min_size=1))
def test_a_sum_of_decimals_is_exact(values):
    assert Fraction(whole("sum", values)) == sum(map(Fraction, values))


@given(st.lists(floats, min_size=1))
def test_a_sum_of_floats_is_the_float_nearest_to_the_exact_sum(values):
    assert whole("sum", values) == float(sum(map(Fraction, values)))


def test_a_sum_has_as_many_digits_as_it_takes():
    values = [Decimal("123456789012345678901234567.89"), Decimal("0.001")]
    with localcontext(prec=5):
        assert whole("sum", values) == Decimal("123456789012345678901234567.891")


def test_a_sum_keeps_the_kind_and_the_cents():
    assert str(whole("sum", [Decimal("1.10"), Decimal("2.90")])) == "4.00"
    assert type(whole("sum", [1, 2])) is int
    assert type(whole("sum", [1, 2.0])) is float
    assert type(whole("sum", [1, Decimal(2)])) is Decimal


@pytest.mark.parametrize(
    "values",
    [
        [Decimal(1), 1.0],
        [True, 1],
        ["1"],
        [None],
        [float("inf")],
        [float("nan")],
        [float("inf"), float("-inf")],
        [Decimal("NaN")],
        [Decimal("sNaN")],
        [Decimal("Infinity")],
        [Decimal("1E+999999999"), Decimal("1E-999999999")],
        [Decimal("1E+2000"), Decimal("0.01")],
    ],
)
@pytest.mark.parametrize("name", ["sum", "stats"])
def test_what_has_no_exact_sum_is_refused(name, values):
    with pytest.raises(InvalidQuery, match=r"sum|add up"):
        whole(name, values)


def test_a_sum_has_two_thousand_digits_and_no_more():
    longest = [Decimal("1E+1999"), Decimal(1)]
    assert whole("sum", longest) == Decimal(10**1999 + 1)
    assert whole("sum", [Decimal("1E+1989"), Decimal("1E-10")]).as_tuple().digits.count(1) == 2
    for wider in ([Decimal("1E+2000"), Decimal(1)], [Decimal("1E+1990"), Decimal("1E-10")]):
        with pytest.raises(InvalidQuery, match="2000 digits"):
            whole("sum", wider)


@pytest.mark.parametrize("values", [[Decimal("0.1"), Decimal(10**40)], [Decimal("sNaN")]])
def test_a_sum_leaves_the_decimal_context_as_it_was(values):
    with localcontext(Context(prec=7)) as context:
        with suppress(InvalidQuery):
            whole("sum", values)
        assert getcontext() is context
        assert not any(context.flags.values())


def test_decimal_and_float_are_refused_across_batches_too():
    made = reducer("sum")
    with pytest.raises(InvalidQuery, match="Decimal and float"):
        made.merge(made.fold([Decimal(1)]), made.fold([1.0]))


def test_stats_are_count_exact_sum_least_and_greatest():
    assert whole("stats", [3, Decimal("1.5"), 2]) == Stats(3, Decimal("6.5"), Decimal("1.5"), 3)
    assert whole("stats", [1, 2]).mean == 1.5


@given(st.lists(scalars, min_size=1))
def test_min_and_max_are_by_the_collation(values):
    places = sorted(map(collate, values))
    assert collate(whole("min", values)) == places[0]
    assert collate(whole("max", values)) == places[-1]


def test_distinct_tells_true_from_one_but_not_one_from_one():
    assert whole("distinct", [1, 1.0, Decimal("1.00"), True, "1", None, None]) == 4


@given(st.lists(st.text(max_size=2), min_size=1), st.data())
def test_a_function_is_applied_to_its_own_results_in_order(values, data):
    cuts = data.draw(st.lists(st.integers(0, len(values))))
    assert in_parts("".join, values, cuts) == "".join(values)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(InvalidQuery, match=r"'avg'.*sum, count, stats, min, max, distinct"):
        reducer("avg")
