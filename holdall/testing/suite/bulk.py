"""Tests of operations on many keys: they do the same as operations on single keys, for any iterable."""

import itertools
from collections.abc import Iterator
from typing import TypeVar

import pytest

from holdall.errors import InvalidKey
from holdall.store import Store
from holdall.testing.keyspace import in_order, letters
from holdall.testing.suite.case import StoreCase

V = TypeVar("V")


class BulkTests(StoreCase[V]):
    """Tests of `get_many`, `set_many`, `delete_many` and the methods that use them."""

    def test_get_many_keeps_the_order_of_its_keys(self, store: Store[V]) -> None:
        held = self.fill(store, ["a", "b", "c", "d/e"])
        asked = ["d/e", "a", "missing", "c", "a", "B", "b"]
        found = [(key, held[key]) for key in asked if key in held]
        assert list(store.get_many(asked)) == found
        assert list(store.get_many(iter(asked))) == found
        assert list(store.get_many({"c": 1, "a": 2})) == [("c", held["c"]), ("a", held["a"])]

    def test_get_many_of_no_keys(self, store: Store[V]) -> None:
        assert list(store.get_many([])) == list(store.get_many(["a", "b"])) == []

    def test_get_many_of_many_keys(self, store: Store[V]) -> None:
        keys = letters(self.many)
        held = self.fill(store, keys)
        backwards = list(reversed(keys))
        assert list(store.get_many(backwards)) == [(key, held[key]) for key in backwards]
        assert list(store) == in_order(keys)

    def test_get_many_is_lazy(self, store: Store[V]) -> None:
        value = store["k0"] = self.values.of(1)
        endless = (f"k{number}" for number in itertools.count())
        assert next(store.get_many(endless)) == ("k0", value)

    def test_set_many_takes_a_generator_of_any_length(self, store: Store[V]) -> None:
        keys = self.make_keys(2 * self.many)
        store.set_many((key, self.values.of(number)) for number, key in enumerate(keys))
        assert list(store.scan_items()) == [(key, self.values.of(number)) for number, key in enumerate(keys)]

    def test_the_last_of_equal_keys_wins(self, store: Store[V]) -> None:
        store["a"] = self.values.of(0)
        store.set_many((key, self.values.of(number)) for number, key in enumerate(["a", "b", "a", "b", "a"]))
        assert list(store.items()) == [("a", self.values.of(4)), ("b", self.values.of(3))]

    def test_bulk_calls_without_items_change_nothing(self, store: Store[V]) -> None:
        held = self.fill(store, ["a"])
        store.set_many([])
        store.delete_many([])
        assert store == held

    def test_set_many_may_read_the_store_it_writes(self, store: Store[V]) -> None:
        held = self.fill(store, self.make_keys(self.many))
        store.set_many((f"copy/{key}", value) for key, value in store.get_many(held))
        assert dict(store.scan_items("copy/")) == {f"copy/{key}": value for key, value in held.items()}

    def test_set_many_raises_the_error_of_its_items(self, store: Store[V]) -> None:
        held = self.fill(store, ["before"])
        with pytest.raises(_Broken):
            store.set_many(self._breaking(3))
        assert store["before"] == held["before"]
        assert set(store) <= {"before", "k0", "k1", "k2"}
        store["after"] = self.values.of(1)
        assert store["after"] == self.values.of(1)

    def _breaking(self, after: int) -> Iterator[tuple[str, V]]:
        for number in range(after):
            yield f"k{number}", self.values.of(number)
        raise _Broken

    def test_an_invalid_key_among_valid_keys_is_refused(self, store: Store[V]) -> None:
        held = self.fill(store, ["good"])
        value = self.values.of(1)
        with pytest.raises(InvalidKey):
            store.set_many([("a", value), ("../b", value), ("c", value)])
        with pytest.raises(InvalidKey):
            store.delete_many(["a", "c", "../b"])
        with pytest.raises(InvalidKey):
            list(store.get_many(["good", "../b"]))
        store.discard("a")
        assert store["good"] == held["good"]

    def test_delete_many_deletes_the_existing_keys(self, store: Store[V]) -> None:
        held = self.fill(store, ["a", "a/b", "b", "c"])
        store.delete_many(key for key in ["b", "missing", "a", "b", "A/B"])
        assert store == {"a/b": held["a/b"], "c": held["c"]}

    def test_delete_prefix_deletes_what_a_scan_yields(self, store: Store[V]) -> None:
        keys = ["a", "a b", "a/b", "a/b/c", "a0", "b", "B", "é", "é/1", "\U00010000"]
        for prefix in ("a/", "a", "é", "missing", "a//", "\U0010ffff"):
            held = self.fill(store, keys)
            store.delete_prefix(prefix)
            assert store == {key: value for key, value in held.items() if not key.startswith(prefix)}
        store.delete_prefix("")
        assert not store

    def test_delete_prefix_deletes_many_keys(self, store: Store[V]) -> None:
        held = self.fill(store, [*self.make_keys(self.many, "old/{:05}"), "old", "older", "new/1"])
        store.delete_prefix("old/")
        assert store == {key: held[key] for key in ("old", "older", "new/1")}

    def test_delete_many_of_a_scan(self, store: Store[V]) -> None:
        held = self.fill(store, [*self.make_keys(self.many, "old/{:05}"), "older", "new/1"])
        store.delete_many(store.scan("old/"))
        assert store == {"new/1": held["new/1"], "older": held["older"]}


class _Broken(Exception):
    """An error that a generator of items raises."""
