"""A query gives what a brute-force grouping gives, in one pass, and names what it fails at."""

import tracemalloc
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, getcontext, localcontext
from functools import cmp_to_key
from itertools import chain, groupby

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall import Json, MapReduce, Memory
from holdall.query import Row, Stats, grouping
from tests.query.keys import compare, keys, tuples

SALES = {
    "1": [(("EUR", 2026, 1), 10), (("USD", 2026, 1), 1)],
    "2": [(("EUR", 2026, 2), 20), (("EUR", 2025, 12), 5)],
    "3": [(("EUR", 2026, 2), 30), ("no tuple", 7)],
}


def as_they_are(key, pairs):
    return pairs


def by_sum(store, **options):
    return MapReduce(as_they_are, "sum").run(store, **options)


def by_hand(pairs, reduce):
    """Rows as the collation, written down anew in ``compare``, has them."""
    first = cmp_to_key(lambda left, right: compare(left[0], right[0]))
    grouped = groupby(sorted(pairs, key=first), key=first)
    return [(part[0][0], reduce([value for _, value in part])) for part in map(list, (g for _, g in grouped))]


def same(rows, expected):
    assert len(rows) == len(expected)
    for row, (key, value) in zip(rows, expected, strict=True):
        assert compare(row.key, key) == 0
        assert row.value == value


class Endless(Memory):
    """A store whose documents are made as they are scanned."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def scan_items(self, prefix="", *, start="", stop=None) -> Iterator[tuple[str, bytes]]:
        return ((f"{number:07}", b"%07d" % number * 100) for number in range(self.count))


documents = st.dictionaries(st.text(), st.lists(st.tuples(keys, st.integers()), max_size=4), max_size=8)


@given(documents, st.integers(1, 5))
def test_rows_are_those_of_a_brute_force_grouping(store, batch):
    pairs = [(group, [value]) for key in sorted(store) for group, value in store[key]]
    chained = MapReduce(
        lambda key, pairs: [(group, [value]) for group, value in pairs],
        lambda lists: list(chain.from_iterable(lists)),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grouping, "BATCH", batch)  # as if there were many documents
        same(chained.run(store), by_hand(pairs, lambda lists: list(chain.from_iterable(lists))))


@given(documents)
def test_without_reduce_every_pair_is_a_row_in_the_order_of_documents(store):
    pairs = [pair for key in sorted(store) for pair in store[key]]
    expected = sorted(pairs, key=cmp_to_key(lambda left, right: compare(left[0], right[0])))
    same(MapReduce(as_they_are).run(store), expected)


@given(st.lists(st.tuples(tuples, st.integers())), st.integers(0, 4))
def test_a_group_level_groups_by_the_first_elements(pairs, level):
    cut = [(key[:level] if level else None, value) for key, value in pairs]
    same(by_sum({"a": pairs}, group_level=level), by_hand(cut, sum))


@given(st.lists(st.tuples(keys, st.integers())), keys, keys)
def test_between_takes_in_both_ends(pairs, one, other):
    low, high = sorted([one, other], key=cmp_to_key(compare))
    inside = [pair for pair in pairs if from_bound(pair[0], low) >= 0 >= from_bound(pair[0], high)]
    same(by_sum({"a": pairs}, between=(low, high)), by_hand(inside, sum))


def from_bound(key, bound):
    if isinstance(key, tuple) and isinstance(bound, tuple):
        key = key[: len(bound)]
    return compare(key, bound)


@pytest.mark.parametrize(
    ("options", "rows"),
    [
        ({"at": ("EUR", 2026, 2)}, [(("EUR", 2026, 2), 50)]),
        ({"at": ("EUR", 2026)}, [(("EUR", 2026, 1), 10), (("EUR", 2026, 2), 50)]),
        ({"at": ("EUR",), "group_level": 2}, [(("EUR", 2025), 5), (("EUR", 2026), 60)]),
        ({"at": "no tuple"}, [("no tuple", 7)]),
        ({"at": None}, []),
        ({"between": (("EUR", 2026), ...), "group_level": 1}, [(("EUR",), 60), (("USD",), 1)]),
        ({"between": (..., ("EUR", 2025))}, [("no tuple", 7), (("EUR", 2025, 12), 5)]),
        ({"group_level": 0}, [(None, 73)]),
        ({"group_level": 1}, [("no tuple", 7), (("EUR",), 65), (("USD",), 1)]),
        ({"prefix": "2"}, [(("EUR", 2025, 12), 5), (("EUR", 2026, 2), 20)]),
        ({"start": "2", "stop": "3"}, [(("EUR", 2025, 12), 5), (("EUR", 2026, 2), 20)]),
    ],
)
def test_ranges_and_levels(options, rows):
    assert by_sum(SALES, **options) == rows


def test_a_store_is_asked_for_its_part_only():
    store = Json(Memory())
    store.update({"a/1": 1, "a/2": 2, "a/3": 3, "b/1": "never mapped"})
    total = MapReduce(lambda key, value: [(key[0], value)], "sum")
    assert total.run(store, "a/", start="a/2") == [Row("a", 5)]
    assert total.run(store, stop="a/2") == [Row("a", 1)]


class Line(msgspec.Struct):
    code: str
    amount: Decimal


class Part(msgspec.Struct):
    due: date
    lines: list[Line]


def owed(key, part: Part):
    for line in part.lines:
        yield (part.due, line.code), line.amount


def test_a_type_is_the_part_of_a_document_that_is_read():
    store = Json(Memory())
    for number, due in enumerate(["2026-07-01", "2026-06-01", "2026-07-01"]):
        lines = [{"code": "4000", "amount": "0.10"}, {"code": "5000", "amount": "0.20", "x": []}]
        store[f"invoices/{number}"] = {"due": due, "lines": lines, "note": "not read"}
    assert MapReduce(owed, "sum", type=Part).run(store) == [
        ((date(2026, 6, 1), "4000"), Decimal("0.10")),
        ((date(2026, 6, 1), "5000"), Decimal("0.20")),
        ((date(2026, 7, 1), "4000"), Decimal("0.20")),
        ((date(2026, 7, 1), "5000"), Decimal("0.40")),
    ]


@pytest.mark.parametrize(("truth", "number"), [(True, 1), (False, 0)])
def test_a_truth_and_its_number_are_two_groups_and_equal_numbers_are_one(truth, number):
    pairs = [
        (number, "int"),
        (truth, "bool"),
        (float(number), "float"),
        (Decimal(f"{number}.00"), "Decimal"),
        (truth, "b"),
    ]
    assert MapReduce(as_they_are, "count").run({"a": pairs}) == [(truth, 2), (number, 3)]
    assert MapReduce(as_they_are, "count").run({"a": [((k,), v) for k, v in pairs]}) == [
        ((truth,), 2),
        ((number,), 3),
    ]


def test_no_documents_give_no_rows():
    assert by_sum({}) == by_sum({}, group_level=0) == MapReduce(as_they_are).run(Memory()) == []


def test_stats_and_functions():
    store = {"a": [("EUR", 2), ("EUR", 4)], "b": [("USD", 1)]}
    assert MapReduce(as_they_are, "stats").run(store) == [
        ("EUR", Stats(2, 6, 2, 4)),
        ("USD", Stats(1, 1, 1, 1)),
    ]
    assert MapReduce(as_they_are, max).run(store) == [("EUR", 4), ("USD", 1)]


def test_memory_is_bounded_by_groups_and_a_batch():
    store = Endless(100_000)  # 70 MB of documents
    count = MapReduce(lambda key, value: [(number % 10, value) for number in range(3)], "count")
    tracemalloc.start()
    try:
        rows = count.run(store)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert rows == [(number, 100_000) for number in range(3)]
    assert peak < 10_000_000


def test_one_document_may_yield_more_than_memory_holds():
    many = MapReduce(lambda key, value: ((0, bytes(1000)) for _ in range(100_000)), "count")
    tracemalloc.start()
    try:
        rows = many.run({"a": None})
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert rows == [(0, 100_000)]
    assert peak < 20_000_000


@pytest.mark.parametrize(
    ("count", "calls"),
    [(0, [0]), (3, [3]), (256, [256]), (600, [256, 512, 600])],
)
def test_progress_counts_documents(count, calls):
    seen = []
    store = {str(number): [] for number in range(count)}
    by_sum(store, progress=seen.append)
    assert seen == calls


def test_map_and_reduce_run_in_the_decimal_context_of_the_caller():
    seen = set()

    def watching(key, value):
        seen.add(getcontext().prec)
        yield "a", Decimal(1) / 3

    with localcontext(prec=7):
        rows = MapReduce(watching, "sum").run({"1": None, "2": None})
    assert seen == {7}
    assert rows == [("a", Decimal("0.6666666"))]


def test_values_may_be_anything_where_nothing_adds_them_up():
    rows = MapReduce(lambda key, value: [(key, {"document": value})]).run({"a": 1})
    assert rows == [Row("a", {"document": 1})]


def test_a_run_keeps_equal_keys_of_different_types_apart_in_every_order():
    kinds = [("a", 1), ("a", True), ("a", 1.0), ("a", 0), ("a", False), ("a", Decimal(0)), 1, True, 0, False]
    for groups in (kinds * 3, kinds[::-1] * 3):
        rows = MapReduce(lambda key, value: [(each, 1) for each in value], "count").run({"all": groups})
        assert [(row.key, row.value) for row in rows] == [
            (False, 3),
            (True, 3),
            (0, 3),
            (1, 3),
            (("a", False), 3),
            (("a", True), 3),
            (("a", 0), 6),
            (("a", 1), 6),
        ]
