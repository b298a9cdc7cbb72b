"""Tests of foreign names: no scan yields them, nothing deletes them, and `scan_names` yields all of them."""

from typing import TypeVar

import pytest

from holdall.keys import Foreign
from holdall.store import Feature, Store
from holdall.testing.suite.case import StoreCase, needs

V = TypeVar("V")


class ForeignTests(StoreCase[V]):
    """Tests of values that another program stored under names that are not keys (see `StoreCase.plant`)."""

    def test_foreign_names_are_listed_and_read(self, store: Store[V]) -> None:
        store.raw()[".holdall/record"] = b"1"
        planted = self.plant(store)
        held = self.fill(store, ["a", "b/c", "z"])
        names = list(store.scan_names())
        assert [name for name in names if not isinstance(name, Foreign)] == list(held)
        foreign = list(store.foreign_names())
        assert sorted(foreign) == sorted(planted) == sorted(set(names) - set(held))
        assert {name: store.get_foreign(name) for name in foreign} == planted
        for prefix in ("a", "b/", "~"):
            within = {name for name in planted if name.startswith(prefix)}
            # A store of files compares the prefix with decoded folder names, so it may yield further names.
            assert within <= set(store.foreign_names(prefix)) <= set(planted)

    def test_foreign_names_are_not_keys(self, store: Store[V]) -> None:
        planted = self.plant(store)
        assert not store
        assert len(store) == 0
        assert list(store) == []
        assert list(store.scan_items()) == []
        held = self.fill(store, ["a", "b/c", "z"])
        assert dict(store.items()) == held
        assert len(store) == len(held)
        assert list(store.scan("b", start="b/", stop="c")) == ["b/c"]
        assert [key for key in planted if key in list(store.scan())] == []

    @needs(Feature.TAGS)
    def test_foreign_names_have_no_tags(self, store: Store[V]) -> None:
        self.plant(store)
        held = self.fill(store, ["a", "b/c", "z"])
        assert [key for key, _ in store.scan_tags()] == list(held)

    def test_clear_leaves_foreign_names(self, store: Store[V]) -> None:
        planted = self.plant(store)
        for clear in (store.clear, lambda: store.delete_prefix("")):
            self.fill(store, ["a", "b/c", "z"])
            clear()
            assert list(store) == []
        assert {name: store.get_foreign(name) for name in store.foreign_names()} == planted

    def test_a_deleted_foreign_name_raises_key_error(self, store: Store[V]) -> None:
        if planted := self.plant(store):
            name = next(store.foreign_names())
            gone = f"gone{name}" if isinstance(name.stored, str) else b"gone" + name.stored
            assert name in planted
            with pytest.raises(KeyError):
                store.get_foreign(Foreign("gone", gone))
