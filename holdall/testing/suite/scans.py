"""Tests of scans: keys come in order, within the bounds and once, even during writes."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall.errors import InvalidKey
from holdall.store import Feature, Store
from holdall.testing.keyspace import BOUNDS, TREE, between, in_order, near_keys, spans
from holdall.testing.suite.case import StoreCase, needs

V = TypeVar("V")


class ScanTests(StoreCase[V]):
    """Tests of `scan` and `scan_items`, and of `scan_tags` if the store has tags."""

    def test_order_is_by_code_point(self, store: Store[V]) -> None:
        self.fill(store, reversed(TREE))
        assert list(store.scan()) == list(store) == in_order(TREE)
        assert [key for key, _ in store.scan_items()] == in_order(TREE)

    def test_a_scan_yields_plain_str(self, store: Store[V]) -> None:
        self.fill(store, TREE)
        found = itertools.chain(store.scan(), store.keys(), (key for key, _ in store.scan_items()))
        assert {type(key) for key in found} == {str}

    def test_a_prefix_may_end_within_a_segment(self, store: Store[V]) -> None:
        self.fill(store, TREE)
        for prefix in BOUNDS:
            assert list(store.scan(prefix)) == between(TREE, prefix)

    def test_start_is_inclusive_and_stop_exclusive(self, store: Store[V]) -> None:
        self.fill(store, TREE)
        for bound in (*BOUNDS, *TREE):
            assert list(store.scan(start=bound)) == between(TREE, start=bound)
            assert list(store.scan(stop=bound)) == between(TREE, stop=bound)

    def test_bounds_are_whole_keys_and_combine(self, store: Store[V]) -> None:
        held = self.fill(store, TREE)
        starts = ["", "a", "a/b", "a/b\0", "invoices/10", "z", "\uffff"]
        stops = [None, "", "a/c", "b", "invoices/2", "\U00010000"]
        prefixes = ["", "a", "a/", "inv", "invoices/", "\uffff"]
        every = itertools.product(prefixes, starts, stops)
        for prefix, start, stop in itertools.islice(every, 0, None, self.stride):
            expected = between(TREE, prefix, start, stop)
            assert list(store.scan(prefix, start=start, stop=stop)) == expected
            items = list(store.scan_items(prefix, start=start, stop=stop))
            assert items == [(key, held[key]) for key in expected]

    def test_any_bounds(self, store: Store[V]) -> None:
        @given(st.sets(near_keys()), spans())
        def check(chosen: set[str], span: tuple[str, str, str | None]) -> None:
            prefix, start, stop = span
            store.clear()
            self.fill(store, chosen)
            expected = between(chosen, prefix, start, stop)
            assert list(store.scan(prefix, start=start, stop=stop)) == expected

        check()

    def test_a_bound_that_is_not_a_str_raises_type_error(self, store: Store[V]) -> None:
        for wrong in (7, b"a", ["a"]):
            for bound in ("prefix", "start", "stop"):
                self._refuses(store, TypeError, {bound: wrong})
        self._refuses(store, TypeError, {"start": None})

    def test_a_bound_with_a_lone_surrogate_raises_invalid_key(self, store: Store[V]) -> None:
        for bound in ("prefix", "start", "stop"):
            self._refuses(store, InvalidKey, {bound: "a\ud800"})

    def _refuses(self, store: Store[V], error: type[Exception], wrong: dict[str, Any]) -> None:
        for scan in (store.scan, store.scan_items):
            with pytest.raises(error):
                list(scan(**wrong))

    def test_a_long_scan_is_complete(self, store: Store[V]) -> None:
        held = self.fill(store, self.make_keys(self.many))
        assert list(store.scan()) == list(held)
        assert dict(store.scan_items()) == held
        middle = self.make_keys(self.many)[self.many // 2]
        assert list(store.scan(start=middle)) == list(held)[self.many // 2 :]
        assert len(store) == self.many

    def test_a_scan_during_writes_and_deletes(self, store: Store[V]) -> None:
        self._disturb(store, store.scan)

    def test_a_scan_of_items_during_writes_and_deletes(self, store: Store[V]) -> None:
        self._disturb(store, lambda: (key for key, _ in store.scan_items()))

    @needs(Feature.TAGS)
    def test_a_scan_of_tags_during_writes_and_deletes(self, store: Store[V]) -> None:
        self._disturb(store, lambda: (key for key, _ in store.scan_tags()))

    def _disturb(self, store: Store[V], scan: Callable[[], Iterator[str]]) -> None:
        """Change many keys before and after the position of a scan. Other keys must come once, in order."""
        keys = self.make_keys(self.many)
        self.fill(store, keys)
        scanning = scan()
        found = list(itertools.islice(scanning, self.many // 5))
        store.delete_many(keys[1::4])
        self.fill(store, keys[2::4])
        new = [f"{key}-new" for key in keys[::3]]
        self.fill(store, new)
        found += scanning
        assert found == in_order(set(found))
        assert set(found) <= {*keys, *new}
        assert set(keys) - set(keys[1::4]) <= set(found)

    def test_a_scan_during_changes_yields_whole_items(self, store: Store[V]) -> None:
        keys = self.make_keys(self.many)
        before = self.fill(store, keys)
        after = {key: self.values.of(number + self.many) for number, key in enumerate(keys)}
        scan = store.scan_items()
        found = list(itertools.islice(scan, 3))
        store.delete_many(keys[1::2])
        store.set_many((key, after[key]) for key in keys[::2])
        found += scan
        assert all(value in (before[key], after[key]) for key, value in found)
        assert set(keys[::2]) <= {key for key, _ in found}

    def test_scans_can_be_abandoned(self, store: Store[V]) -> None:
        keys = self.make_keys(self.many)
        self.fill(store, keys)
        first, second = store.scan(), store.scan_items()
        assert next(first) == next(second)[0] == keys[0]
        store["k00000"] = self.values.of(7)
        assert list(store.scan(keys[-1])) == [keys[-1]]
        assert next(first) == keys[1]
        del first, second
        store["after"] = self.values.of(8)
        assert next(store.scan()) == "after"

    def test_scans_are_independent(self, store: Store[V]) -> None:
        self.fill(store, ["a", "b", "c"])
        pairs = list(zip(store.scan(), store.scan(), strict=True))
        assert pairs == [("a", "a"), ("b", "b"), ("c", "c")]
