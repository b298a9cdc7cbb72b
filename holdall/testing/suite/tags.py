"""Tags: what they tell of a key, and what they never do."""

from typing import Any, TypeVar

import pytest

from holdall.store import ABSENT, Feature, Store, Tag
from holdall.testing.keyspace import TREE, between, in_order
from holdall.testing.suite.case import StoreCase, needs

V = TypeVar("V")


class TagTests(StoreCase[V]):
    """`get_tagged` and `scan_tags`."""

    @needs(Feature.TAGS)
    def test_a_tag_stays_while_its_key_does(self, store: Store[V]) -> None:
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

    @needs(Feature.TAGS)
    def test_another_value_has_another_tag(self, store: Store[V]) -> None:
        tags = []
        for number in range(5):
            store["a"] = self.values.of(number)
            tags.append(store.get_tagged("a").tag)
        assert len(set(tags)) == 5

    @needs(Feature.TAGS)
    def test_a_tag_that_ticks_never_comes_again(self, store: Store[V]) -> None:
        seen: dict[Tag, V] = {}
        for value in self._history(store):
            tag = store.get_tagged("a").tag
            assert Feature.TICKS not in store.features or tag not in seen
            assert seen.setdefault(tag, value) == value

    def _history(self, store: Store[V]) -> Any:
        """Values of ``a`` as they change: overwritten with the same, deleted, cleared and written again."""
        one, two = self.values.of(1), self.values.of(2)
        for value in (one, one, two, one):
            store["a"] = value
            yield value
        for forget in (store.__delitem__, store.discard, lambda key: store.delete_many([key])):
            forget("a")
            store.set_many([("a", one)])
            yield one
        store.clear()
        store["a"] = two
        yield two
        store.update([("a", one), ("a", two)])
        yield two

    @needs(Feature.TAGS)
    def test_scan_tags_tells_what_get_tagged_tells(self, store: Store[V]) -> None:
        self.fill(store, TREE)
        expected = [(key, store.get_tagged(key).tag) for key in in_order(TREE)]
        assert list(store.scan_tags()) == expected
        assert {type(key) for key, _ in store.scan_tags()} == {str}
        some = between(TREE, "a", "a/b", "aa")
        assert list(store.scan_tags("a", start="a/b", stop="aa")) == [
            pair for pair in expected if pair[0] in some
        ]
        for wrong in (7, b"a"):
            with pytest.raises(TypeError):
                list(store.scan_tags(wrong))  # type: ignore[arg-type]  # the point of it

    @needs(Feature.TAGS)
    def test_scan_tags_shows_what_changed(self, store: Store[V]) -> None:
        self.fill(store, ["a", "b", "c", "d"])
        before = dict(store.scan_tags())
        store["b"] = self.values.of(8)
        del store["c"]
        store["e"] = self.values.of(9)
        after = dict(store.scan_tags())
<<<<<<< HEAD
        assert {key for key in before | after if before.get(key) != after.get(key)} == {
            "b",
            "c",
            "e",
        }

    @needs(Feature.TAGS | Feature.SWAP)
    def test_swap_creates_only_what_is_absent(self, store: Store[V]) -> None:
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
    def test_swap_of_what_was_deleted_conflicts(self, store: Store[V]) -> None:
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
    def test_every_write_moves_the_tag_on(self, store: Store[V]) -> None:
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
    def test_remove_of_what_is_missing_conflicts(self, store: Store[V]) -> None:
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
        assert (
            store.modify("a", self._next, default=self.values.of(40))
            == store["a"]
            == self.values.of(3)
        )
        assert (
            store.modify("b", self._next, default=self.values.of(40))
            == store["b"]
            == self.values.of(41)
        )
        with pytest.raises(KeyError) as missing:
            store.modify("c", self._next)
        assert missing.value.args == ("c",)
        assert list(store) == ["a", "b"]

    def _next(self, value: V) -> V:
        following: V = self.values.of(self.values.number(value) + 1)
        return following

    @needs(Feature.TAGS | Feature.SWAP)
    def test_modify_passes_on_what_its_function_raises(self, store: Store[V]) -> None:
        held = self.fill(store, ["a"])
        for error in (ZeroDivisionError(), KeyError("mine"), Conflict("mine")):
            with pytest.raises(type(error)) as raised:
                store.modify("a", _raiser(error))
            assert raised.value is error
        assert store == held

    @needs(Feature.TAGS | Feature.SWAP)
    def test_modify_runs_again_on_what_another_wrote(self, store: Store[V]) -> None:
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
    def test_modify_of_the_default_runs_again_on_what_another_wrote(self, store: Store[V]) -> None:
        default = self.values.of(1)
        seen = []

        def late(value: V) -> V:
            seen.append(self.values.number(value))
            if len(seen) == 1:
                store["a"] = self.values.of(10)
            return self._next(value)

        assert store.modify("a", late, default) == self.values.of(11)
        assert (seen, default) == ([1, 10], self.values.of(1))


def _raiser(error: Exception) -> Any:
    def function(value: object) -> object:
        raise error

    return function
=======
        assert {key for key in before | after if before.get(key) != after.get(key)} == {"b", "c", "e"}
>>>>>>> sqlite
