"""Tests that a value is read exactly as it was written, and that a reader gets a copy."""

import copy
from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import given

from holdall.errors import Invalid, InvalidKey, TooLarge, Unsupported
from holdall.store import ABSENT, Feature, Put, Store
from holdall.testing.suite.case import StoreCase, expect_error, needs

V = TypeVar("V")


class ContentTests(StoreCase[V]):
    """Tests of values."""

    def test_special_values_are_read_back(self, store: Store[V]) -> None:
        for number, value in enumerate(self.values.special):
            store[f"k{number}"] = value
        found = [store[f"k{number}"] for number in range(len(self.values.special))]
        assert found == list(self.values.special)
        assert [type(value) for value in found] == [type(value) for value in self.values.special]
        assert sorted(store) == [f"k{number}" for number in range(len(self.values.special))]

    def test_special_values_are_equal_for_every_way_of_reading(self, store: Store[V]) -> None:
        default = object()
        for value in self.values.special:
            store["k"] = value
            assert "k" in store
            assert store.get("k", default) == value
            assert list(store.get_many(["k"])) == list(store.scan_items()) == [("k", value)]

    def test_any_value_is_read_back(self, store: Store[V]) -> None:
        @given(self.values.any)
        def check(value: V) -> None:
            store["k"] = value
            assert store["k"] == value
            assert list(store.scan_items()) == [("k", value)]

        check()

    def test_a_large_value(self, store: Store[V]) -> None:
        store["large"] = self.values.large
        store["small"] = self.values.of(1)
        assert store["large"] == self.values.large
        store["large"] = self.values.of(2)
        assert list(store.items()) == [("large", self.values.of(2)), ("small", self.values.of(1))]

    def test_the_size_of_a_value(self, store: Store[V]) -> None:
        values = [*self.values.special, self.values.large]
        for value in values:
            store["a/b"] = value
            if isinstance(value, bytes):
                assert store.size("a/b") == len(value)
            else:
                expect_error(Unsupported, store.size, "a/b")
        for missing in ("a", "a/b/c", "x"):
            assert expect_error(KeyError, store.size, missing).args == (missing,)
        expect_error((InvalidKey, KeyError), store.size, "../b")

    def test_a_huge_value_is_kept_whole_or_refused(self, store: Store[V]) -> None:
        small = store["a"] = self.values.of(1)
        for value in (*self.values.huge, self.values.large):
            try:
                store["a"] = value
            except TooLarge:
                assert store["a"] == small
            else:
                is_whole = store["a"] == value
                assert is_whole, "the value that was read is not the value that was written"
                small = value

    def test_a_value_that_cannot_be_kept_is_refused_and_changes_nothing(self, store: Store[V]) -> None:
        value = store["a"] = self.values.of(1)
        for wrong in self.values.refused:
            for name, operation in self._writes(store):
                expect_error((TypeError, Invalid), operation, wrong, by=name)
        assert list(store.items()) == [("a", value)]

    def _writes(self, store: Store[V]) -> list[tuple[str, Callable[[Any], object]]]:
        found: list[tuple[str, Callable[[Any], object]]] = [
            ("[] =", lambda value: store.__setitem__("a", value)),
            ("[] = of a new key", lambda value: store.__setitem__("b", value)),
            ("set_many", lambda value: store.set_many([("a", value)])),
            ("update", lambda value: store.update(b=value)),
        ]
        if Feature.SWAP in store.features:
            found += [
                ("swap", lambda value: store.swap("b", value, ABSENT)),
                ("setdefault", lambda value: store.setdefault("b", value)),
                ("modify", lambda value: store.modify("a", lambda held: value)),
            ]
        if Feature.ATOMIC in store.features:
            found.append(
                ("transact", lambda value: store.transact([Put("c", self.values.of(2)), Put("a", value)]))
            )
        return found

    def test_changing_a_written_value_changes_nothing_stored(self, store: Store[V]) -> None:
        for value in (*self.values.special, self.values.of(1)):
            mine = _changeable(value)
            store["a"] = mine
            store.set_many([("b", mine)])
            _change(mine)
            assert store["a"] == store["b"] == value

    @needs(Feature.TAGS | Feature.SWAP)
    def test_changing_a_swapped_value_changes_nothing_stored(self, store: Store[V]) -> None:
        for number, value in enumerate(self.values.special):
            mine = _changeable(value)
            store.swap(f"k{number}", mine, ABSENT)
            _change(mine)
            assert store[f"k{number}"] == value

    def test_changing_a_read_value_changes_nothing_stored(self, store: Store[V]) -> None:
        for value in (*self.values.special, self.values.of(1)):
            store["a"] = value
            expected = copy.deepcopy(value)
            readings = [store["a"], store.get("a"), *store.values(), dict(store.get_many(["a"]))["a"]]
            for read in readings:
                _change(read)
            assert store["a"] == expected


def _changeable(value: Any) -> Any:
    return bytearray(value) if isinstance(value, bytes) else copy.deepcopy(value)


def _change(value: Any) -> None:
    if isinstance(value, dict):
        value.clear()
        value["changed"] = True
    elif isinstance(value, list | bytearray):
        value[:] = [0]
