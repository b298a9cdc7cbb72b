"""What a snapshot feed tells, of which stores, and for how long."""

import pickle
import threading
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from holdall import (
    ABSENT,
    Escape,
    Expired,
    Feature,
    Json,
    Memory,
    Prefix,
    SnapshotFeed,
    SQLite,
    Store,
    Unavailable,
    Unsupported,
)
from holdall.bell import Bell
from holdall.keys import RawKey
from holdall.middleware.snapshots import blocks, look
from holdall.testing.follower import Follower
from tests.conformance.minimal import Minimal


class Hashed(Memory):
    """Its tags are the values, so that the same value has the same tag again."""

    def scan_tags(self, prefix: str = "", *, start: str = "", stop: str | None = None):
        return ((key, value.decode()) for key, value in self.scan_items(prefix, start=start, stop=stop))


class Tagless(Memory):
    features = Feature.SEEK


def told(store: Store[Any], since: str | None, prefix: str = "") -> tuple[dict[str, str], str]:
    feed = store.changes(since, prefix=prefix)
    return {change.key: change.tag for change in feed}, feed.position


def test_a_value_that_was_written_back_is_told_only_if_its_tag_is_unique():
    for kind, expected in ((Hashed, {}), (Memory, {"a": "3"})):
        store = SnapshotFeed(kind(), Memory())
        store["a"] = b"1"
        _, position = told(store, None)
        store["a"] = b"2"
        store["a"] = b"1"
        assert told(store, position)[0] == expected


def test_the_tag_of_a_store_without_tags_is_a_digest_of_the_value():
    store = SnapshotFeed(Tagless(), Memory())
    store.update({"a": b"1", "b": b"2"})
    first, position = told(store, None)
    store["b"] = b"3"
    del store["a"]
    second, position = told(store, position)
    assert second == {"a": ABSENT, "b": second["b"]}
    assert second["b"] != first["b"]
    store["b"] = b"2"
    assert told(store, position)[0] == {"b": first["b"]}
    assert Feature.TAGS not in store.features


def test_values_without_tags_must_be_bytes():
    store = SnapshotFeed(Json(Tagless()), Memory())
    store["a"] = {}
    with pytest.raises(Unsupported, match="below the serializer"):
        list(store.changes())
    store = Json(SnapshotFeed(Tagless(), Memory()))
    store["a"] = {}
    assert list(told(store, None)[0]) == ["a"]


def test_a_position_under_a_prefix_is_of_the_whole_store():
    store = SnapshotFeed(Memory(), Memory())
    store.update({"a/1": b"", "b/1": b""})
    found, position = told(store, None, "a/")
    assert list(found) == ["a/1"]
    store["a/2"] = b""
    del store["b/1"]
    assert list(told(store, position, "a/")[0]) == ["a/2"]
    assert told(store, position)[0] == {"a/2": store.tag("a/2"), "b/1": ABSENT}


def test_a_feed_from_the_beginning_has_no_deleted_key():
    store = SnapshotFeed(Memory(), Memory())
    store.update({"a": b"", "b": b""})
    _, position = told(store, None)
    del store["a"]
    assert told(store, position)[0] == {"a": ABSENT}
    assert list(told(store, None)[0]) == ["b"]


def test_the_state_may_be_in_the_store_itself_and_does_not_appear():
    inner = Memory()
    store = SnapshotFeed(inner)
    store["a"] = b"1"
    found, position = told(store, None)
    assert list(found) == list(store) == ["a"]
    assert told(store, position) == ({}, position)
    assert any("snapshots" in key for key in inner.raw())
    with pytest.raises(Unsupported, match="reserved"):
        store.changes(prefix=RawKey(".holdall/"))


def test_one_state_keeps_the_listings_of_several_stores():
    state = Memory()
    one, other = (SnapshotFeed(Memory(), state, name=name) for name in ("one", "other"))
    one["a"] = other["b"] = b"1"
    assert list(told(one, None)[0]) == ["a"]
    found, position = told(other, None)
    assert list(found) == ["b"]
    with pytest.raises(Expired, match="another store"):
        one.changes(position)


def test_a_position_holds_any_key():
    keys = ["a", "é/\U00010000" * 40, "b//\n\ud800", "z" * 133]
    store = SnapshotFeed(Escape(Memory()), Memory())
    store.update(dict.fromkeys(keys, b""))
    for most in range(len(keys) + 1):
        follower = Follower()
        follower.follow(store, most)
        assert len(follower.held) == most
        assert follower.follow(store) == len(keys) - most
        assert follower.held == dict(store.scan_tags())


def test_a_position_expires_after_many_looks(monkeypatch):
    monkeypatch.setattr(blocks, "LOOKS", 3)
    store = SnapshotFeed(Memory(), Memory())
    store["a"] = b""
    positions = [told(store, None)[1]]
    for number in range(7):
        store["a"] = b"%d" % number
        positions.append(told(store, positions[-1])[1])
    for position in positions[:-4]:
        with pytest.raises(Expired, match="looks"):
            store.changes(position)
    for position in positions[-4:-1]:
        assert list(told(store, position)[0]) == ["a"]


def test_the_deletions_of_one_look_are_told_however_many_they_are(monkeypatch):
    monkeypatch.setattr(blocks, "DELETIONS", 3)
    store = SnapshotFeed(Memory(), Memory())
    store.update({f"k{number}": b"" for number in range(9)})
    _, early = told(store, None)
    store["a"] = b""
    _, position = told(store, early)
    store.clear()
    found, after = told(store, position)
    assert found == dict.fromkeys(["a", *(f"k{number}" for number in range(9))], ABSENT)
    with pytest.raises(Expired):
        store.changes(early)
    store["b"] = b""
    assert list(told(store, after)[0]) == ["b"]


def test_a_state_that_was_restored_from_a_backup_is_recognised():
    state = Memory()
    store = SnapshotFeed(Memory(), state)
    store["a"] = b"1"
    _, early = told(store, None)
    backup = dict(state.raw().items())
    store["a"] = b"2"
    _, late = told(store, early)
    state.raw().clear()
    state.raw().update(backup)
    for number in range(3):
        with pytest.raises(Expired, match="restored"):
            store.changes(late)
        store["b"] = b"%d" % number
        assert set(told(store, early)[0]) == {"a", "b"}


def test_forget_begins_again():
    state = Memory()
    store = SnapshotFeed(Memory(), state)
    store["a"] = b"1"
    _, position = told(store, None)
    store.forget()
    assert not list(state.raw())
    with pytest.raises(Expired, match="deleted"):
        store.changes(position)
    assert list(told(store, None)[0]) == ["a"]


def test_forget_in_the_middle_of_a_feed_expires_it(monkeypatch):
    monkeypatch.setattr(look, "ROWS", 2)
    store = SnapshotFeed(Memory(), Memory())
    for number in range(9):
        store[f"k{number}"] = b""
    _, position = told(store, None)
    for taken in (0, 1):
        store.update(dict.fromkeys(store, b"1"))
        changes = store.changes(position)
        assert len(list(islice(changes, taken))) == taken
        store.forget()
        _, other = told(store, None)
        with pytest.raises(Expired):
            list(changes)
        position = other


def test_a_state_without_swap_is_refused():
    with pytest.raises(Unsupported, match="SWAP; give SnapshotFeed another store"):
        SnapshotFeed(Memory(), Minimal()).changes()


def test_layers_above_and_views_have_the_feed(tmp_path: Path):
    store = Json(Prefix(SnapshotFeed(SQLite(tmp_path / "store.db"), SQLite(tmp_path / "state.db")), "app"))
    store["a"] = {"n": 1}
    found, position = told(store, None)
    assert list(found) == ["a"]
    with pickle.loads(pickle.dumps(store)) as other:
        other["b"] = {"n": 2}
        assert list(told(other, position)[0]) == ["b"]
    documents = SnapshotFeed(Json(Memory()), Memory())
    documents["a"] = {"n": 1}
    _, position = told(documents, None)
    assert told(documents.typed(dict[str, int]), position)[0] == {}


def test_close_closes_the_state_too():
    closed = []

    class Closing(Memory):
        def close(self) -> None:
            closed.append(self)

    store, state = Closing(), Closing()
    SnapshotFeed(store, state).close()
    assert closed == [store, state]


def test_close_waits_for_the_listing_of_a_watch(monkeypatch):
    closing, close = threading.Event(), Bell.close
    monkeypatch.setattr(Bell, "close", lambda bell: (close(bell), closing.set()))
    monkeypatch.setattr("holdall.bell._PATIENCE", 0)

    class Slow(Memory):
        listing = False
        closed_while_listing: bool | None = None

        def scan_tags(self, prefix: str = "", *, start: str = "", stop: str | None = None):
            self.listing = True
            try:
                for found in super().scan_tags(prefix, start=start, stop=stop):
                    yield found
                    if self.closed_while_listing is None and closer.ident is None:
                        closer.start()
                        assert closing.wait(60)
            finally:
                if closer.ident is not None:
                    closer.join(0.1)  # a close that does not wait ends in this time
                self.listing = False

        def close(self) -> None:
            self.closed_while_listing = self.listing

    inner = Slow()
    store = SnapshotFeed(inner, Memory())
    closer = threading.Thread(target=store.close)
    store.update({"a": b"", "b": b""})
    assert not store.watch("new.0", timeout=60)
    closer.join()
    assert inner.closed_while_listing is False
    assert not list(store._state._kept.raw())


def test_an_error_of_the_listing_reaches_the_watcher():
    class Broken(Memory):
        def scan_tags(self, prefix: str = "", *, start: str = "", stop: str | None = None):
            raise Unavailable("it did not answer")

    with pytest.raises(Unavailable, match="did not answer"):
        SnapshotFeed(Broken(), Memory()).watch("new.0", timeout=60)
