"""Tests that a store is a mapping: every method of `MutableMapping` answers as a dict does."""

from typing import Any, TypeVar

import pytest

from holdall.store import Feature, Store
from holdall.testing.suite.case import StoreCase, needs

V = TypeVar("V")


class MappingTests(StoreCase[V]):
    """Tests of the mapping protocol."""

    def test_a_new_store_is_empty(self, store: Store[V]) -> None:
        assert [list(store), list(store.keys()), list(store.values()), list(store.items())] == [[]] * 4
        assert not store
        assert len(store) == 0
        assert "a" not in store
        assert [list(store.scan()), list(store.scan_items())] == [[]] * 2

    def test_a_set_value_is_read_back(self, store: Store[V]) -> None:
        one, two = store["a"], store["b/c"] = self.values.of(1), self.values.of(2)
        assert (store["a"], store["b/c"]) == (one, two)
        assert store
        assert len(store) == 2
        assert list(store) == ["a", "b/c"]

    def test_the_last_write_wins(self, store: Store[V]) -> None:
        for number in range(3):
            store["a"] = self.values.of(number)
            assert self.values.number(store["a"]) == number
        assert list(store.items()) == [("a", self.values.of(2))]

    def test_a_missing_key_raises_key_error_with_the_key(self, store: Store[V]) -> None:
        self.fill(store, ["a/b", "other"])
        for key in ("a", "a/b/c", "A/b", "oth"):
            with pytest.raises(KeyError) as reading:
                store[key]
            with pytest.raises(KeyError) as deleting:
                del store[key]
            assert reading.value.args == deleting.value.args == (key,)
        assert list(store) == ["a/b", "other"]

    def test_get_gives_the_default_for_a_missing_key_only(self, store: Store[V]) -> None:
        value = store["a"] = self.values.of(1)
        default = object()
        assert store.get("a") == store.get("a", default) == value
        assert store.get("b") is None
        assert store.get("b", default) is default
        assert store.get("b", default=default) is default

    def test_in(self, store: Store[V]) -> None:
        store["a/b"] = self.values.of(1)
        assert "a/b" in store
        assert [key for key in ("a", "A/B", "a/b/c", "b") if key in store] == []

    def test_delete(self, store: Store[V]) -> None:
        held = self.fill(store, ["a", "a/b", "b"])
        del store["a"]
        assert "a" not in store
        assert store.get("a") is None
        with pytest.raises(KeyError):
            del store["a"]
        del held["a"]
        assert dict(store.items()) == held
        assert len(store) == 2

    def test_a_deleted_key_can_be_written_again(self, store: Store[V]) -> None:
        store["a"] = self.values.of(1)
        del store["a"]
        store["a"] = self.values.of(2)
        assert list(store.items()) == [("a", self.values.of(2))]

    def test_discard_deletes_a_key_or_does_nothing(self, store: Store[V]) -> None:
        self.fill(store, ["a", "b"])
        store.discard("a")
        store.discard("a")
        store.discard("never")
        assert list(store) == ["b"]

    def test_views_show_the_store_as_it_is(self, store: Store[V]) -> None:
        keys, values, items = store.keys(), store.values(), store.items()
        held = self.fill(store, ["b", "a", "a/b"])
        assert list(keys) == ["a", "a/b", "b"]
        assert list(values) == [held[key] for key in keys]
        assert list(items) == [(key, held[key]) for key in keys]
        assert len(keys) == len(values) == len(items) == 3
        assert keys & {"a", "c"} == {"a"}
        assert keys == held.keys()

    def test_views_contain_their_keys_and_values(self, store: Store[V]) -> None:
        held = self.fill(store, ["a", "b"])
        assert "a" in store.keys()  # noqa: SIM118 - this tests the view
        assert "c" not in store.keys()  # noqa: SIM118
        assert held["a"] in store.values()
        assert self.values.of(9) not in store.values()
        assert ("a", held["a"]) in store.items()
        assert ("a", held["b"]) not in store.items()
        assert ("c", held["a"]) not in store.items()

    def test_equal_to_a_dict_with_the_same_items(self, store: Store[V]) -> None:
        held = self.fill(store, ["a", "b"])
        assert store == held
        assert dict(store) == held
        store["b"] = self.values.of(9)
        assert store != held

    def test_update_takes_what_a_dict_takes(self, store: Store[V]) -> None:
        one, two, three = (self.values.of(number) for number in (1, 2, 3))
        store.update({"a": one}, self=two)
        store.update([("b", one), ("b", two)])
        store.update((key, three) for key in ("c", "d/e"))
        store.update(_Keyed({"f": one}), c=one)
        store.update()
        store.update({})
        assert store == {"a": one, "self": two, "b": two, "c": one, "d/e": three, "f": one}

    def test_update_refuses_what_a_dict_refuses(self, store: Store[V]) -> None:
        wrong: Any
        for wrong in (7, None, ["abc"], [("a",)]):
            with pytest.raises((TypeError, ValueError)):
                store.update(wrong)
        assert list(store) == []

    def test_clear(self, store: Store[V]) -> None:
        store.clear()
        self.fill(store, ["a", "a/b", "é", "\U00010000"])
        store.clear()
        assert list(store) == []
        assert not store

    @needs(Feature.TAGS | Feature.REMOVE)
    def test_pop(self, store: Store[V]) -> None:
        held = self.fill(store, ["a", "b"])
        assert store.pop("a") == held["a"]
        assert list(store) == ["b"]
        with pytest.raises(KeyError) as missing:
            store.pop("a")
        assert missing.value.args == ("a",)
        assert store.pop("a", None) is None
        assert store.pop("b", None) == held["b"]

    @needs(Feature.TAGS | Feature.REMOVE)
    def test_popitem_takes_the_first(self, store: Store[V]) -> None:
        held = self.fill(store, ["b", "a/b", "a", "\U00010000", "\uffff"])
        popped = [store.popitem() for _ in held]
        assert popped == [(key, held[key]) for key in ["a", "a/b", "b", "\uffff", "\U00010000"]]
        with pytest.raises(KeyError):
            store.popitem()

    @needs(Feature.TAGS | Feature.SWAP)
    def test_setdefault(self, store: Store[V]) -> None:
        one, two = self.values.of(1), self.values.of(2)
        assert store.setdefault("a", one) == one
        assert store.setdefault("a", two) == one
        assert list(store.items()) == [("a", one)]


class _Keyed:
    """An object that is not a mapping, but that `dict.update` treats as one."""

    def __init__(self, held: dict[str, Any]) -> None:
        self._held = held

    def keys(self) -> list[str]:
        return list(self._held)

    def __getitem__(self, key: str) -> Any:
        return self._held[key]
