"""A reducer that a user wrote gives one result for the same values in one batch and in several, or is refused."""

import statistics
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from itertools import chain
from operator import add, mul

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall import Json, MapReduce, Memory
from holdall.errors import InvalidQuery, QueryFailed
from holdall.query import Reducer, grouping
from holdall.query.alike import is_alike, largest
from holdall.query.reducers import Function
from holdall.query.trial import Few, Tried
from tests.query.maps import Mean

BATCH = grouping.BATCH


def run(reduce, values, batch=BATCH):
    """The one row of ``values``, each of a document of its own."""
    store = {f"{number:06}": value for number, value in enumerate(values)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grouping, "BATCH", batch)
        (row,) = MapReduce(lambda key, value: [("all", value)], reduce).run(store)
    return row.value


def middle(values):
    return sorted(values)[len(values) // 2]


WRONG = {
    "len": len,
    "mean": statistics.fmean,
    "median": statistics.median,
    "deviation": statistics.pstdev,
    "squares": lambda values: sum(value * value for value in values),
    "difference": lambda values: reduce(lambda one, other: one - other, values),
    "reversed": lambda values: list(reversed(values)),
    "a list of values": list,
    "of two or more": statistics.stdev,
    "half": lambda values: values[: len(values) // 2],
}


@pytest.mark.parametrize("reduce", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("count", [3, 7, BATCH, BATCH + 1])
def test_a_function_that_is_not_associative_is_refused_however_few_its_values(reduce, count):
    with pytest.raises(InvalidQuery, match=r'f\(a \+ b\) must equal f\(\[f\(a\), f\(b\)\]\); use "count"'):
        run(reduce, [float(number * number % 101) for number in range(count)])


def test_the_refusal_names_the_group_and_the_function_and_shows_both_results():
    with pytest.raises(
        InvalidQuery,
        match=r"^reduce failed for 'all': len gives 5 for 5 values at once, and 2 when it merges",
    ):
        run(len, "abcde")


def test_the_refusal_of_a_function_that_cannot_take_its_results_shows_its_error():
    def total(documents):
        return sum(each["total"] for each in documents)

    with pytest.raises(InvalidQuery, match="total fails on parts of a group: TypeError") as caught:
        run(total, [{"total": 1}] * 3)
    assert isinstance(caught.value.__cause__, TypeError)


def test_values_that_come_one_a_batch_are_tried_together():
    """One value of the group in each batch, among others of many groups."""
    pairs = [("one", 1), ("a", 1), ("b", 1), ("one", 1), ("c", 1), ("d", 1), ("one", 1)]
    store = {str(number): [pair] for number, pair in enumerate(pairs)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grouping, "BATCH", 1)
        with pytest.raises(InvalidQuery, match="len gives 3"):
            MapReduce(lambda key, pairs: pairs, len).run(store)


def test_a_fault_that_shows_in_a_later_batch_only_is_found():
    with pytest.raises(InvalidQuery, match="fmean"):
        run(statistics.fmean, [1.0] * 100 + [2.0, 3.0, 4.0], batch=10)


RIGHT = {
    "max": max,
    "sum": sum,
    "first": lambda values: values[0],
    "last": lambda values: values[-1],
    "product": lambda values: reduce(mul, values),
}


@pytest.mark.parametrize("reduce", RIGHT.values(), ids=RIGHT)
@given(values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), batch=st.integers(1, 40))
def test_floats_may_differ_by_rounding(reduce, values, batch):
    assert run(reduce, values, batch) == pytest.approx(reduce(values), rel=1e-9, abs=1e-3)


@given(st.lists(st.decimals(-(10**20), 10**20, places=12), min_size=3, max_size=30), st.integers(1, 40))
def test_decimals_may_differ_by_rounding(values, batch):
    assert run(sum, values, batch) == pytest.approx(sum(values))


@given(st.lists(st.lists(st.integers(), max_size=3), min_size=1, max_size=30), st.integers(1, 40))
def test_lists_may_be_chained(values, batch):
    assert run(lambda lists: list(chain.from_iterable(lists)), values, batch) == list(chain(*values))


def test_a_function_may_change_its_values():
    def merged(counters):
        first, *others = counters
        for each in others:
            first.update(each)
        return first

    values = [Counter("abracadabra"[number % 11]) for number in range(100)]
    expected = reduce(add, values)
    assert run(merged, values, batch=7) == expected


def test_a_function_that_empties_its_list_is_tried_on_another():
    def popped(values):
        total = 0
        while values:
            total += values.pop()
        return total

    assert run(popped, range(10), batch=4) == 45


def test_values_that_cannot_be_copied_are_reduced_untried():
    generators = [(number for number in range(number)) for number in range(5)]
    assert next(run(lambda values: chain.from_iterable(values), generators)) == 0


class Total:
    """An object that compares by identity."""

    def __init__(self, amount):
        self.amount = amount


class Slotted:
    __slots__ = ("amount",)

    def __init__(self, amount):
        self.amount = amount


@dataclass
class Sums:
    amount: float


class Struct(msgspec.Struct):
    amount: float


@pytest.mark.parametrize("kind", [Total, Slotted, Sums, Struct])
def test_objects_are_compared_by_their_parts(kind):
    values = [kind(0.1 * number) for number in range(20)]
    added = run(lambda values: kind(sum(each.amount for each in values)), values, batch=6)
    assert added.amount == pytest.approx(19.0)


@pytest.mark.parametrize("kind", [Total, Sums, Struct])
def test_objects_whose_parts_differ_are_refused(kind):
    values = [kind(0.1 * number) for number in range(20)]
    with pytest.raises(InvalidQuery):
        run(lambda values: kind(sum(each.amount for each in values) / len(values)), values)


class WrongMean(Mean):
    def merge(self, left, right):
        return left


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=60), st.integers(1, 70))
def test_a_reducer_has_partials_of_another_kind(values, batch):
    assert float(run(Mean(), values, batch)) == pytest.approx(statistics.fmean(values))


def test_a_reducer_that_depends_on_batches_is_refused():
    with pytest.raises(InvalidQuery, match="WrongMean object"):
        run(WrongMean(), [1, 2, 3])


def test_a_result_that_cannot_be_shown_names_the_group():
    class Refusing(Mean):
        def result(self, partial):
            raise ValueError("too few")

    with pytest.raises(QueryFailed, match=r"reduce failed for 'all': ValueError\('too few'\)"):
        run(Refusing(), [1])


def test_a_reducer_is_a_public_type():
    assert isinstance(Mean(), Reducer)
    assert not isinstance(len, Reducer)


@pytest.mark.parametrize(
    ("map", "reduce", "message"),
    [
        ("sum", lambda key, value: [], r"map is 'sum', not a function: .*MapReduce\(map, \"sum\"\)"),
        (None, "sum", "map is None, not a function"),
        (lambda key, value: [], 7, "reduce is 7, not a reducer: give one of 'sum', 'count'"),
        (lambda key, value: [], ["sum"], r"reduce is \['sum'\], not a reducer"),
        (lambda key, value: [], Mean, r"reduce is the class Mean: give an instance, Mean\(\)"),
    ],
)
def test_what_is_neither_a_function_nor_a_reducer_is_a_type_error_that_says_what_to_give(
    map, reduce, message
):
    with pytest.raises(TypeError, match=message):
        MapReduce(map, reduce)


def test_every_run_is_tried_anew():
    query = MapReduce(lambda key, values: [("all", value) for value in values], statistics.fmean)
    assert query.run({"a": [1.0] * 3000}) == [("all", 1.0)]
    with pytest.raises(InvalidQuery):
        query.run({"a": [1.0, 2.0, 4.0]})


def test_the_cost_of_trials_is_bounded():
    calls = []

    def counted(values):
        calls.append(len(values))
        return sum(values)

    tried = Tried(Function(counted))
    for _ in range(1000):
        tried.fold([1] * 100)
    assert len(calls) < 1000 + 32 * 8
    assert sum(calls) < 1000 * 100 + 32 * 30


def test_one_value_or_two_wait_for_others():
    tried = Tried(Function(max))
    assert tried.fold([1, 2]) == Few([1, 2])
    assert tried.merge(Few([1]), Few([2])) == Few([1, 2])
    assert tried.merge(Few([1, 2]), Few([3])) == 3
    assert tried.merge(7, Few([9])) == tried.merge(Few([9]), 7) == 9
    assert tried.result(Few([4])) == 4


NAN = float("nan")


@pytest.mark.parametrize(
    ("left", "right", "scale"),
    [
        (1, 1.0, 0),
        (NAN, NAN, 0),
        (float("inf"), float("inf"), 0),
        ((0.1 + 0.2, "a"), (0.3, "a"), 0),
        ({"EUR": 0.1 + 0.2}, {"EUR": 0.3}, 0),
        (1e-9, 0.0, 10),
        (Decimal("0.333333333333"), Decimal("0.333333333334"), 0),
        ([Total(0.1 + 0.2)], [Total(0.3)], 0),
    ],
)
def test_alike(left, right, scale):
    assert is_alike(left, right, scale)
    assert is_alike(right, left, scale)


@pytest.mark.parametrize(
    ("left", "right", "scale"),
    [
        (2, 3, 10**12),
        (10**400, 10**400 + 1, 10**12),
        (10**400, 1.0, 0),
        (1e-7, 0.0, 10),
        (1.0, Decimal("1.1"), 0),
        ([1.0], (1.0,), 0),
        ([1.0], [1.0, 2.0], 0),
        ({"EUR": 1.0}, {"USD": 1.0}, 0),
        (1j, 2j, 0),
        ("1", 1, 0),
        (NAN, 1.0, 0),
        (Total(1), Total(2), 0),
    ],
)
def test_not_alike(left, right, scale):
    assert is_alike(left, right, scale) is False
    assert is_alike(right, left, scale) is False


def test_without_a_scale_only_the_numbers_themselves_allow_for_rounding():
    assert not is_alike(1e-12, 0.0)
    assert is_alike(1e12, 1e12 + 1)


def test_the_largest_number_is_found_in_parts():
    assert largest([{"a": (1, -7)}, Sums(3.5), 2j, "text", NAN, float("inf"), 10**400, True]) == 7
    assert largest("none") == 0


@pytest.mark.parametrize("count", [BATCH - 1, BATCH, BATCH + 1, 2 * BATCH, 2 * BATCH + 1])
@pytest.mark.parametrize(
    ("reduce", "expected"),
    [(None, list), ("count", lambda values: [len(values)]), (sum, lambda values: [sum(values)])],
)
def test_rows_are_the_same_on_both_sides_of_a_batch(reduce, expected, count):
    store = {"a": range(count)}
    query = MapReduce(lambda key, numbers: [("all", number) for number in numbers], reduce)
    assert [row.value for row in query.run(store)] == expected(range(count))


def test_a_batch_has_as_many_pairs_as_is_promised():
    assert BATCH == 8192
    assert "8,192 pairs" in MapReduce.run.__doc__


def test_a_store_of_more_documents_than_a_batch_is_read_whole():
    store = Json(Memory())
    store.update({f"{number:05}": number for number in range(BATCH + 1)})
    rows = MapReduce(lambda key, number: [(number % 2, number)]).run(store)
    assert len(rows) == BATCH + 1
    assert [row.value for row in rows[:3]] == [0, 2, 4]


def test_values_of_many_groups_are_folded_several_at_a_time(monkeypatch):
    monkeypatch.setattr(grouping, "BATCH", 1)
    folds = []

    class Count(Mean):
        def fold(self, values):
            folds.append(len(values))
            return super().fold(values)

    pairs = [(number % 100, number) for number in range(4000)]
    rows = MapReduce(lambda key, value: value, Count()).run({"a": pairs})
    assert [row.value for row in rows] == [1950 + group for group in range(100)]
    assert max(folds) == 4
