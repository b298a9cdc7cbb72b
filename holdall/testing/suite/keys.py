"""Tests of the key grammar: valid keys are kept apart, byte for byte; others are refused before any I/O."""

import enum
from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import given
from hypothesis import strategies as st

from holdall.errors import InvalidKey
from holdall.store import ABSENT, Delete, Expect, Feature, Put, Store
from holdall.testing.keyspace import BAD, GOOD, NO_STR, in_order, keys
from holdall.testing.suite.case import StoreCase, expect_error

V = TypeVar("V")


class _Name(enum.StrEnum):
    INVOICE = "invoices/1"


class KeyTests(StoreCase[V]):
    """Tests of the portable key grammar in `holdall.keys`."""

    def test_valid_keys_do_not_collide(self, store: Store[V]) -> None:
        held = self.fill(store, GOOD)
        assert len(store) == len(held)
        assert list(store.scan_items()) == [(key, held[key]) for key in in_order(GOOD)]
        for key, value in held.items():
            assert (key, store[key]) == (key, value)

    def test_deleting_a_key_deletes_no_other(self, store: Store[V]) -> None:
        self.fill(store, GOOD)
        for key in GOOD[::2]:
            del store[key]
        assert list(store) == in_order(GOOD[1::2])
        assert [key for key in GOOD[::2] if key in store] == []

    def test_any_valid_key(self, store: Store[V]) -> None:
        @given(st.sets(keys(), min_size=1, max_size=6))
        def check(chosen: set[str]) -> None:
            store.clear()
            held = self.fill(store, sorted(chosen))
            assert list(store.scan_items()) == [(key, held[key]) for key in in_order(chosen)]
            assert {key: store[key] for key in chosen} == held

        check()

    def test_a_key_that_is_not_a_str_raises_type_error(self, store: Store[V]) -> None:
        held = self.fill(store, ["7", "None", "True", "a"])
        for key in NO_STR:
            for name, operation in self.operations(store):
                expect_error(TypeError, operation, key, by=name)
        assert store == held

    def test_a_key_outside_the_grammar_raises_invalid_key(self, store: Store[V]) -> None:
        held = self.fill(store, ["a", "a/b", "x"])
        for key in BAD:
            for name, operation in self.operations(store):
                error = expect_error(InvalidKey, operation, key, by=name)
                assert error.key is not None, f"{name} does not name the key"
        assert store == held

    def test_a_subclass_of_str_is_a_key_like_its_text(self, store: Store[V]) -> None:
        value = store[_Name.INVOICE] = self.values.of(1)
        assert store["invoices/1"] == store[_Name.INVOICE] == value
        assert [type(key) for key in store] == [str]
        assert [type(key) for key, _ in store.scan_items()] == [str]

    def operations(self, store: Store[V]) -> list[tuple[str, Callable[[Any], object]]]:
        """Return every operation of ``store`` that takes a key, as a function of the key."""
        value = self.values.of(1)
        found = self._plain_operations(store, value)
        if Feature.TAGS in store.features:
            found += [("get_tagged", store.get_tagged), ("tag", store.tag)]
        if Feature.SWAP in store.features:
            found += [
                ("swap", lambda key: store.swap(key, value, ABSENT)),
                ("modify", lambda key: store.modify(key, lambda held: held, default=value)),
                ("setdefault", lambda key: store.setdefault(key, value)),
            ]
        if Feature.REMOVE in store.features:
            found += [
                ("remove", lambda key: store.remove(key, ABSENT)),
                ("pop", lambda key: store.pop(key, None)),
            ]
        if Feature.ATOMIC in store.features:
            found += [
                ("transact a Put", lambda key: store.transact([Delete("a"), Put(key, value)])),
                ("transact a Delete", lambda key: store.transact([Delete("a"), Delete(key)])),
                ("transact an Expect", lambda key: store.transact([Delete("a"), Expect(key, ABSENT)])),
            ]
        return found

    def _plain_operations(self, store: Store[V], value: V) -> list[tuple[str, Callable[[Any], object]]]:
        return [
            ("[]", store.__getitem__),
            ("[] =", lambda key: store.__setitem__(key, value)),
            ("del", store.__delitem__),
            ("get", lambda key: store.get(key, None)),
            ("in", store.__contains__),
            ("discard", store.discard),
            ("get_many", lambda key: list(store.get_many([key]))),
            ("set_many", lambda key: store.set_many([(key, value)])),
            ("update", lambda key: store.update([(key, value)])),
            ("delete_many", lambda key: store.delete_many([key])),
        ]
