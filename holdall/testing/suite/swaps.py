"""Tests of compare-and-swap with one caller at a time: which calls win and which lose."""

from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from holdall.errors import Conflict, Invalid
from holdall.store import ABSENT, Feature, Store, Tag
from holdall.testing.suite.case import StoreCase, expect_error, needs

V = TypeVar("V")


class SwapTests(StoreCase[V]):
    """Tests of `swap`, `remove` and `modify`."""

    @needs(Feature.TAGS | Feature.SWAP)
    def test_swap_creates_only_a_missing_key(self, store: Store[V]) -> None:
        value = self.values.of(1)
        tag = store.swap("a", value, ABSENT)
        assert store.get_tagged("a") == (value, tag)
        with pytest.raises(Conflict):
            store.swap("a", self.values.of(2), ABSENT)
        assert store.get_tagged("a") == (value, tag)

    @needs(Feature.TAGS | Feature.SWAP)
    def test_swap_replaces_only_what_it_expects(self, store: Store[V]) -> None:
        store["a"] = self.values.of(1)
        old = store.get_tagged("a").tag
        new = store.swap("a", self.values.of(2), old)
        assert store.get_tagged("a") == (self.values.of(2), new)
        with pytest.raises(Conflict) as lost:
            store.swap("a", self.values.of(3), old)
        assert lost.value.key is not None
        assert store.get_tagged("a") == (self.values.of(2), new)
        assert store.swap("a", self.values.of(4), expected=new) not in (old, new)

    @needs(Feature.TAGS | Feature.SWAP)
    def test_swap_of_a_deleted_key_conflicts(self, store: Store[V]) -> None:
        tag = store.swap("a", self.values.of(1), ABSENT)
        del store["a"]
        with pytest.raises(Conflict):
            store.swap("a", self.values.of(2), tag)
        assert "a" not in store
        store.swap("a", self.values.of(3), ABSENT)
        assert store["a"] == self.values.of(3)

    @needs(Feature.TAGS | Feature.SWAP)
    def test_a_tag_that_was_never_issued_conflicts(self, store: Store[V]) -> None:
        held = self.fill(store, ["a"])
        for tag in (Tag("never"), Tag("0"), Tag("-1"), Tag('"'), Tag("*"), Tag("é")):
            for key in ("a", "b"):
                with pytest.raises(Conflict):
                    store.swap(key, self.values.of(2), tag)
        assert store == held

    @needs(Feature.TAGS | Feature.SWAP)
    def test_every_write_changes_the_tag(self, store: Store[V]) -> None:
        tag = store.swap("a", self.values.of(0), ABSENT)
        writes: list[Callable[[], object]] = [
            lambda: store.__setitem__("a", self.values.of(1)),
            lambda: store.set_many([("a", self.values.of(2))]),
            lambda: store.modify("a", lambda value: self.values.of(3)),
            lambda: store.delete_many(["a"]),
        ]
        for write in writes:
            write()
            with pytest.raises(Conflict):
                store.swap("a", self.values.of(9), tag)
            tag = store.get_tagged("a").tag if "a" in store else ABSENT
        assert tag == ABSENT

    @needs(Feature.TAGS | Feature.REMOVE)
    def test_remove_deletes_only_what_it_expects(self, store: Store[V]) -> None:
        store["a"] = self.values.of(1)
        old = store.get_tagged("a").tag
        store["a"] = self.values.of(2)
        for wrong in (old, ABSENT, Tag("never")):
            with pytest.raises(Conflict):
                store.remove("a", wrong)
        assert list(store.items()) == [("a", self.values.of(2))]
        store.remove("a", store.get_tagged("a").tag)
        assert list(store) == []

    @needs(Feature.TAGS | Feature.REMOVE)
    def test_remove_of_a_missing_key_conflicts(self, store: Store[V]) -> None:
        store["a"] = self.values.of(1)
        tag = store.get_tagged("a").tag
        store.remove("a", expected=tag)
        for wrong in (tag, ABSENT):
            with pytest.raises(Conflict):
                store.remove("a", wrong)

    @needs(Feature.TAGS | Feature.SWAP)
    def test_modify(self, store: Store[V]) -> None:
        store["a"] = self.values.of(1)
        assert store.modify("a", self._next) == store["a"] == self.values.of(2)
        assert store.modify("a", self._next, default=self.values.of(40)) == store["a"] == self.values.of(3)
        assert store.modify("b", self._next, default=self.values.of(40)) == store["b"] == self.values.of(41)
        with pytest.raises(KeyError) as missing:
            store.modify("c", self._next)
        assert missing.value.args == ("c",)
        assert list(store) == ["a", "b"]

    def _next(self, value: V) -> V:
        following: V = self.values.of(self.values.number(value) + 1)
        return following

    @needs(Feature.TAGS | Feature.SWAP)
    def test_modify_raises_the_error_of_its_function(self, store: Store[V]) -> None:
        held = self.fill(store, ["a"])
        for error in (ZeroDivisionError(), KeyError("mine"), Conflict("mine")):
            with pytest.raises(type(error)) as raised:
                store.modify("a", _raiser(error))
            assert raised.value is error
        assert store == held

    @needs(Feature.TAGS | Feature.SWAP)
    def test_modify_refuses_a_function_that_changes_its_argument_and_returns_nothing(
        self, store: Store[V]
    ) -> None:
        held = self.fill(store, ["a"])
        default = self.values.of(3)
        for arguments in [("a",), ("a", default), ("b", default)]:
            expect_error((TypeError, Invalid), _modify_in_place, store, *arguments, by="modify")
        assert default == self.values.of(3)
        assert store == held

    @needs(Feature.TAGS | Feature.SWAP)
    def test_modify_stores_none_if_it_is_a_value(self, store: Store[V]) -> None:
        self.fill(store, ["a"])
        if None not in self.values.special:
            expect_error((TypeError, Invalid), store.modify, "a", lambda held: None, by="modify")
            return
        for _ in range(2):
            assert store.modify("a", lambda held: None) is None  # type: ignore[arg-type,return-value]
            assert store["a"] is None

    @needs(Feature.TAGS | Feature.SWAP)
    def test_modify_runs_again_on_the_value_of_another_writer(self, store: Store[V]) -> None:
        store["a"] = self.values.of(1)
        seen = []

        def late(value: V) -> V:
            seen.append(self.values.number(value))
            if len(seen) == 1:
                store["a"] = self.values.of(10)
            return self._next(value)

        assert store.modify("a", late) == store["a"] == self.values.of(11)
        assert seen == [1, 10]

    @needs(Feature.TAGS | Feature.SWAP)
    def test_modify_of_the_default_runs_again_on_the_value_of_another_writer(self, store: Store[V]) -> None:
        default = self.values.of(1)
        seen = []

        def late(value: V) -> V:
            seen.append(self.values.number(value))
            if len(seen) == 1:
                store["a"] = self.values.of(10)
            return self._next(value)

        assert store.modify("a", late, default) == self.values.of(11)
        assert (seen, default) == ([1, 10], self.values.of(1))


def _modify_in_place(store: Store[Any], key: str, *default: Any) -> None:
    def change(value: Any) -> None:
        if isinstance(value, dict):
            value["changed"] = True

    store.modify(key, change, *default)


def _raiser(error: Exception) -> Any:
    def function(value: object) -> object:
        raise error

    return function
