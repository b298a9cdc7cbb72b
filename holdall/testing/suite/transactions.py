"""Tests of transactions: several keys, all or nothing."""

from typing import Any, TypeVar, cast

import pytest

from holdall.errors import Conflict, InvalidKey
from holdall.store import ABSENT, Delete, Expect, Feature, Operation, Put, Store, Tag, Tagged
from holdall.testing.suite.case import StoreCase, needs

V = TypeVar("V")


class TransactionTests(StoreCase[V]):
    """Tests of `transact`."""

    @needs(Feature.ATOMIC)
    def test_all_changes_apply(self, store: Store[V]) -> None:
        held = self.fill(store, ["a", "b", "c"])
        new = self.values.of(9)
        store.transact([Put("a", new), Delete("b"), Put("d/e", new), Delete("missing")])
        assert store == {"a": new, "c": held["c"], "d/e": new}

    @needs(Feature.ATOMIC)
    def test_changes_apply_in_order(self, store: Store[V]) -> None:
        held = self.fill(store, ["a", "b"])
        one, two = self.values.of(11), self.values.of(12)
        store.transact(
            iter([Put("a", one), Put("a", two), Delete("b"), Put("b", one), Put("c", one), Delete("c")])
        )
        assert store == {"a": two, "b": one}
        assert held["a"] not in store.values()

    @needs(Feature.ATOMIC)
    def test_no_changes_change_nothing(self, store: Store[V]) -> None:
        held = self.fill(store, ["a"])
        store.transact([])
        assert store == held

    @needs(Feature.ATOMIC | Feature.TAGS)
    def test_one_failed_expectation_undoes_all(self, store: Store[V]) -> None:
        held = self.fill(store, ["a", "b"])
        new = self.values.of(9)
        tags = dict(store.scan_tags())
        stale = Tag("never")
        for wrong in (Expect("b", ABSENT), Expect("b", stale), Expect("c", stale), Expect("c", tags["a"])):
            for position in range(4):
                changes: list[Operation[V]] = [Put("a", new), Delete("b"), Put("c", new)]
                with pytest.raises(Conflict):
                    store.transact([*changes[:position], wrong, *changes[position:]])
        assert store == held
        assert dict(store.scan_tags()) == tags

    @needs(Feature.ATOMIC | Feature.TAGS)
    def test_a_transaction_creates_only_missing_keys(self, store: Store[V]) -> None:
        held = self.fill(store, ["a", "b"])
        new = self.values.of(9)
        for tag in (ABSENT, Tag("never")):
            changes: list[Operation[V]] = [Expect("a", tag), Put("a", new)]
            for ordered in (changes, changes[::-1]):
                with pytest.raises(Conflict):
                    store.transact(ordered)
        assert store == held
        store.transact([Expect("c", ABSENT), Put("c", new)])
        assert store == {**held, "c": new}

    @needs(Feature.ATOMIC | Feature.TAGS)
    def test_expectations_are_about_the_state_before(self, store: Store[V]) -> None:
        self.fill(store, ["a", "b"])
        new = self.values.of(9)
        tags = dict(store.scan_tags())
        expectations = [Expect("a", tags["a"]), Expect("b", tags["b"]), Expect("c", ABSENT)]
        store.transact([Put("a", new), Delete("b"), Put("c", new), *expectations])
        assert store == {"a": new, "c": new}
        with pytest.raises(Conflict):
            store.transact([Delete("a"), Expect("a", ABSENT)])
        assert store == {"a": new, "c": new}

    @needs(Feature.ATOMIC | Feature.TAGS)
    def test_keys_that_a_transaction_wrote_have_new_tags(self, store: Store[V]) -> None:
        self.fill(store, ["a", "b"])
        before = dict(store.scan_tags())
        store.transact([Put("a", self.values.of(8)), Put("c", self.values.of(9)), Expect("b", before["b"])])
        after = dict(store.scan_tags())
        assert {key for key in after if after[key] != before.get(key)} == {"a", "c"}

    @needs(Feature.ATOMIC)
    def test_a_value_that_cannot_be_written_undoes_all(self, store: Store[V]) -> None:
        held = self.fill(store, ["a", "b"])
        new = self.values.of(9)
        bad: Operation[V]
        for bad in (Put("../x", new), Delete(""), Expect("a\0", ABSENT)):
            with pytest.raises(InvalidKey):
                store.transact([Put("a", new), Delete("b"), bad])
        for value in self.values.refused:
            with pytest.raises((TypeError, ValueError)):
                store.transact([Put("a", new), Delete("b"), Put("c", value)])
        assert store == held

    @needs(Feature.ATOMIC)
    def test_an_object_that_is_not_a_change_is_refused_with_the_remedy(self, store: Store[V]) -> None:
        held = self.fill(store, ["a", "b"])
        new: Any = self.values.of(9)
        for changes in ([("a", new)], Put("a", new), [Delete("b"), "a"], [Tagged(new, ABSENT)]):
            with pytest.raises(TypeError, match="Put, Delete and Expect"):
                store.transact(cast(Any, changes))
        assert store == held

    @needs(Feature.ATOMIC)
    def test_a_transaction_raises_the_error_of_its_changes(self, store: Store[V]) -> None:
        held = self.fill(store, ["a"])
        with pytest.raises(ZeroDivisionError):
            store.transact(Put("a", self.values.of(1 // number)) for number in (1, 0))
        assert store == held
        store["b"] = self.values.of(1)
        assert "b" in store
