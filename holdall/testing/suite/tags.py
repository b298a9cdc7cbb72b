"""Tests of tags: when the tag of a key changes, and when it does not."""

import itertools
from typing import Any, TypeVar

import pytest

from holdall.store import ABSENT, Delete, Expect, Feature, Put, Store, Tag
from holdall.testing.keyspace import TREE, between, in_order
from holdall.testing.suite.case import StoreCase, needs

V = TypeVar("V")


class TagTests(StoreCase[V]):
    """Tests of `get_tagged`, `tag` and `scan_tags`."""

    @needs(Feature.TAGS)
    def test_a_tag_stays_while_its_key_is_unchanged(self, store: Store[V]) -> None:
        value = store["a"] = self.values.of(1)
        first = store.get_tagged("a")
        store["b"] = self.values.of(2)
        store.discard("b")
        assert store.get_tagged("a") == first
        assert first.value == value
        assert isinstance(first.tag, str)
        assert first.tag != ABSENT

    @needs(Feature.TAGS)
    def test_a_missing_key_has_no_tag(self, store: Store[V]) -> None:
        store["a/b"] = self.values.of(1)
        with pytest.raises(KeyError) as missing:
            store.get_tagged("a")
        assert missing.value.args == ("a",)
        assert store.tag("a") == ABSENT

    @needs(Feature.TAGS)
    def test_tag_equals_the_tag_of_get_tagged(self, store: Store[V]) -> None:
        for value in self._history(store):
            assert store.tag("a") == store.get_tagged("a").tag
            assert store["a"] == value
        del store["a"]
        assert store.tag("a") == ABSENT

    @needs(Feature.TAGS)
    def test_another_value_has_another_tag(self, store: Store[V]) -> None:
        tags = []
        for number in range(5):
            store["a"] = self.values.of(number)
            tags.append(store.get_tagged("a").tag)
        assert len(set(tags)) == 5

    @needs(Feature.TAGS)
    def test_a_unique_tag_never_returns(self, store: Store[V]) -> None:
        seen: dict[Tag, V] = {}
        for value in self._history(store):
            tag = store.get_tagged("a").tag
            assert Feature.UNIQUE_TAGS not in store.features or tag not in seen
            assert seen.setdefault(tag, value) == value

    def _history(self, store: Store[V]) -> Any:
        """Yield the value of ``a`` after each write: overwrites (also by an equal value) and re-creations."""
        one, two = self.values.of(1), self.values.of(2)
        for value in (one, one, two, one):
            store["a"] = value
            yield value
        for rewrite in self._rewrites(store, one):
            rewrite()
            yield one
        for forget in (store.__delitem__, store.discard, lambda key: store.delete_many([key])):
            forget("a")
            store.set_many([("a", one)])
            yield one
        store.clear()
        store["a"] = two
        yield two
        store.update([("a", one), ("a", two)])
        yield two

    def _rewrites(self, store: Store[V], value: V) -> Any:
        """Yield functions that write the same value to ``a`` again, if the store has their features."""
        if Feature.SWAP in store.features:
            yield lambda: store.swap("a", value, store.tag("a"))
            yield lambda: store.modify("a", lambda held: held)
        if Feature.ATOMIC in store.features:
            yield lambda: store.transact([Put("a", value)])
            yield lambda: store.transact([Expect("a", store.tag("a")), Put("a", value)])
            yield lambda: store.transact([Delete("a"), Put("a", value)])

    @needs(Feature.TAGS)
    def test_scan_tags_equals_get_tagged(self, store: Store[V]) -> None:
        self.fill(store, TREE)
        expected = [(key, store.get_tagged(key).tag) for key in in_order(TREE)]
        assert list(store.scan_tags()) == expected
        assert {type(key) for key, _ in store.scan_tags()} == {str}
        for prefix, start, stop in itertools.product(["", "a"], ["", "a/b"], [None, "aa"]):
            some = between(TREE, prefix, start, stop)
            found = list(store.scan_tags(prefix, start=start, stop=stop))
            assert found == [pair for pair in expected if pair[0] in some]
        for wrong in (7, b"a"):
            with pytest.raises(TypeError):
                list(store.scan_tags(wrong))  # type: ignore[arg-type]  # this tests the wrong type

    @needs(Feature.TAGS)
    def test_scan_tags_shows_the_changed_keys(self, store: Store[V]) -> None:
        self.fill(store, ["a", "b", "c", "d"])
        before = dict(store.scan_tags())
        store["b"] = self.values.of(8)
        del store["c"]
        store["e"] = self.values.of(9)
        after = dict(store.scan_tags())
        assert {key for key in before | after if before.get(key) != after.get(key)} == {"b", "c", "e"}
