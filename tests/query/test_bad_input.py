"""Bad documents, groups and reducers: a run, a parallel run and a view say the same, and name the place."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from statistics import mean
from typing import Any

import pytest

from holdall import HoldallError, InvalidQuery, Memory, Pickle, QueryFailed, Store
from holdall.query import MapReduce, Row, View

GOOD: list[tuple[Any, Any]] = [("EUR", 1), ("EUR", 2)]


class Odd(Exception):
    """Raised by the map."""


def pairs(key: str, document: Any) -> Any:
    if isinstance(document, Exception):
        raise document
    return document


def lazily(key: str, document: Any) -> Iterator[Any]:
    yield "EUR", 5
    yield from pairs(key, document)


Run = Callable[[Store[Any], MapReduce[Any, Any]], Any]


def in_parallel(store: Store[Any], query: MapReduce[Any, Any]) -> Any:
    with ThreadPoolExecutor(2) as threads:
        return query.run(store, executor=threads, partitions=2)


WAYS: dict[str, Run] = {
    "run": lambda store, query: query.run(store),
    "parallel": in_parallel,
    "view": lambda store, query: View(store, query, Memory(), name="bad").rows(),
}
in_each_way = pytest.mark.parametrize("run", WAYS.values(), ids=WAYS)


def store_of(*documents: Any) -> Store[Any]:
    store = Pickle(Memory(), trust=True)
    store.update((f"doc{number}", document) for number, document in enumerate(documents))
    return store


BAD: dict[str, tuple[Any, str]] = {
    "a map that raises": (Odd("odd"), r"Odd\('odd'\)"),
    "a list in a group": ([(("EUR", [1]), 1)], r"\[1\] \(list\) cannot be a key or a part of one: use None"),
    "a dict as a group": ([({}, 1)], r"\{\} \(dict\) cannot be a key"),
    "an object as a group": ([(object(), 1)], r"\(object\) cannot be a key"),
    "a tuple in a tuple": ([((1, (2,)), 1)], r"\(2,\) \(tuple\) cannot be a key"),
    "NaN": ([(float("nan"), 1)], "NaN has no order"),
    "three in place of a pair": ([("EUR", 1, 2)], r"must yield \(group, value\) pairs"),
    "no pairs": (7, "'int' object is not iterable"),
}


@in_each_way
@pytest.mark.parametrize("map", [pairs, lazily])
@pytest.mark.parametrize(("document", "message"), BAD.values(), ids=BAD)
def test_a_document_that_cannot_be_mapped_is_named(run: Run, map: Any, document: Any, message: str) -> None:
    with pytest.raises(QueryFailed, match=rf"map failed at 'doc1': .*{message}") as caught:
        run(store_of(GOOD, document, GOOD), MapReduce(map, "sum"))
    assert caught.value.key == "doc1"


@in_each_way
@pytest.mark.parametrize("reduce", [len, mean])
def test_a_function_that_is_not_associative_is_refused(run: Run, reduce: Any) -> None:
    documents = [[("EUR", number)] for number in range(20)]
    with pytest.raises(InvalidQuery, match=r"reduce failed for 'EUR': .*is applied again to its own results"):
        run(store_of(*documents), MapReduce(pairs, reduce))


@in_each_way
@pytest.mark.parametrize("last", ["text", 1.5j, None])
def test_values_that_cannot_be_added_up_name_the_group(run: Run, last: Any) -> None:
    with pytest.raises(HoldallError, match=r"'EUR'|'doc1'"):
        run(store_of(GOOD, [("EUR", last)]), MapReduce(pairs, "sum"))


@in_each_way
def test_groups_of_all_types_and_of_any_size(run: Run) -> None:
    groups = [None, False, True, 1, "EUR", "x" * 100_000, (), tuple(range(2000)), ("EUR",), ("EUR", None)]
    rows = run(store_of([(group, 1) for group in reversed(groups)], GOOD), MapReduce(pairs, "sum"))
    assert rows == [Row(group, 4 if group == "EUR" else 1) for group in groups]


def test_a_view_refuses_text_that_has_no_utf8_and_says_what_to_do() -> None:
    for document in ([("\ud800", 1)], [("EUR", "\ud800")]):
        with pytest.raises(HoldallError, match=r"lone surrogate.*replace it in the map") as caught:
            View(store_of(document), MapReduce(pairs), Memory(), name="bad").refresh()
        assert caught.value.key == "doc0"
