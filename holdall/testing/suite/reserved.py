"""Tests of reserved keys: users can see and change them only through `Store.raw`."""

from typing import TypeVar

import pytest

from holdall.errors import InvalidKey
from holdall.store import Feature, Store
from holdall.testing.suite.case import StoreCase, needs

V = TypeVar("V")

RECORDS = (".holdall/manifest", "a/.holdall/history/1", "b/.holdall", "zz/.holdall/a/b")


class ReservedTests(StoreCase[V]):
    """Tests of the segment ``.holdall``, and of `raw`, the only access to it."""

    def reserve(self, store: Store[V]) -> dict[str, bytes]:
        """Write records under reserved keys, and return the records that `raw` should show."""
        records = {key: key.encode() for key in RECORDS}
        store.raw().set_many(records.items())
        return records

    def list_kept(self, store: Store[V]) -> dict[str, bytes]:
        """Return the items of `raw` without the records of the store itself, such as history and identity."""
        own = (".holdall/history/", ".holdall/deleted/", ".holdall/identity")
        return {key: value for key, value in store.raw().scan_items() if not key.startswith(own)}

    def list_reserved(self, store: Store[V]) -> dict[str, bytes]:
        """Return those items of `list_kept` whose keys are reserved."""
        kept = self.list_kept(store)
        return {key: value for key, value in kept.items() if ".holdall" in key.split("/")}

    def test_reserved_keys_are_not_shown(self, store: Store[V]) -> None:
        self.reserve(store)
        assert not store
        assert len(store) == 0
        assert list(store) == list(store.scan()) == []
        assert list(store.scan_items()) == []
        held = self.fill(store, ["a", "a/b", "a/.holdalls", "b/c"])
        assert dict(store.items()) == held
        assert len(store) == len(held)

    def test_scan_bounds_show_no_reserved_keys(self, store: Store[V]) -> None:
        self.reserve(store)
        for prefix in (".", ".holdall", ".holdall/", "a/", "a/.holdall/history/", "b/.holdall", "zz"):
            assert list(store.scan(prefix)) == []
            assert list(store.scan_items(prefix)) == []
        assert list(store.scan(start=".holdall/manifest", stop="b/.holdall/z")) == []

    @needs(Feature.TAGS)
    def test_tags_of_reserved_keys_are_not_shown(self, store: Store[V]) -> None:
        self.reserve(store)
        assert list(store.scan_tags()) == list(store.scan_tags("a/.holdall/")) == []

    def test_calls_with_reserved_keys_are_refused(self, store: Store[V]) -> None:
        records = self.reserve(store)
        for key in RECORDS:
            for operation in (
                store.__getitem__,
                store.__delitem__,
                store.__contains__,
                store.get,
                store.discard,
            ):
                with pytest.raises(InvalidKey):
                    operation(key)
            with pytest.raises(InvalidKey):
                store[key] = self.values.of(1)
            with pytest.raises(InvalidKey):
                store.delete_many([key])
        assert self.list_kept(store) == records

    def test_clear_leaves_reserved_keys(self, store: Store[V]) -> None:
        records = self.reserve(store)
        self.fill(store, ["a", "a/b", "b/c", *self.make_keys(self.many), "zzz"])
        store.clear()
        assert list(store) == []
        assert self.list_reserved(store) == records

    def test_delete_prefix_leaves_reserved_keys(self, store: Store[V]) -> None:
        records = self.reserve(store)
        for prefix in ("", "a", "a/.holdall/", ".holdall/", "b/.holdall", "zz"):
            self.fill(store, ["a", "a/b", "b/c", "zz"])
            store.delete_prefix(prefix)
            assert [key for key in store if key.startswith(prefix)] == []
            assert self.list_reserved(store) == records

    def test_raw_deletes_reserved_keys_by_prefix(self, store: Store[V]) -> None:
        records = self.reserve(store)
        held = self.fill(store, ["a/b"])
        store.raw("a/.holdall/").delete_prefix("history/")
        del records["a/.holdall/history/1"]
        assert self.list_reserved(store) == records
        assert dict(store.items()) == held

    @needs(Feature.TAGS | Feature.REMOVE)
    def test_popitem_leaves_reserved_keys(self, store: Store[V]) -> None:
        records = self.reserve(store)
        store["a"] = self.values.of(1)
        assert store.popitem() == ("a", self.values.of(1))
        with pytest.raises(KeyError):
            store.popitem()
        assert self.list_reserved(store) == records

    def test_raw_shows_all_in_order(self, store: Store[V]) -> None:
        records = self.reserve(store)
        self.fill(store, ["a", "b/c"])
        raw = store.raw()
        assert list(self.list_kept(store)) == [*RECORDS[:1], "a", *RECORDS[1:3], "b/c", *RECORDS[3:]]
        assert len(raw) == len(list(raw)) >= len(RECORDS) + 2
        assert {key: raw[key] for key in records} == records
        assert {type(key) for key in raw} == {str}

    def test_raw_is_relative_to_its_prefix(self, store: Store[V]) -> None:
        self.reserve(store)
        history = store.raw("a/.holdall/").raw("history/")
        assert list(history.scan_items()) == [("1", b"a/.holdall/history/1")]
        history["2"] = b"two"
        assert store.raw()["a/.holdall/history/2"] == b"two"
        del history["1"]
        assert list(store.raw("a/")) == [".holdall/history/2"]
        with pytest.raises(KeyError) as missing:
            history["1"]
        assert missing.value.args == ("1",)

    def test_raw_holds_bytes(self, store: Store[V]) -> None:
        store["a"] = self.values.of(1)
        assert isinstance(store.raw()["a"], bytes)

    def test_raw_keeps_the_grammar_but_for_the_reserved_segment(self, store: Store[V]) -> None:
        for key in ("", "..", ".holdall/", ".holdall/../a", ".holdall/a\0", ".holdall/\ud800", "x" * 481):
            with pytest.raises(InvalidKey):
                store.raw()[key] = b"1"

    def test_a_reserved_key_may_be_longer(self, store: Store[V]) -> None:
        longest = ".holdall/history/" + "x" * 440
        store.raw()[longest] = b"1"
        assert store.raw()[longest] == b"1"
        assert list(store.raw().scan()) == [longest]
