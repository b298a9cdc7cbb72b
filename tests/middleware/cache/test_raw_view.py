"""The raw side of a cache: it is that of the store below, and what is written there is forgotten."""

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

import holdall
from holdall import Cache, File, Memory, Versions
from holdall.layer import layers
from holdall.store import ABSENT, Delete, Put, Store
from holdall.testing.recorder import Recorder

HOUR = 3600.0
Write = Callable[[Store[bytes]], object]


def _write_file(raw: Store[bytes], key: str) -> None:
    with raw.open(key, "wb") as file:
        file.write(b"2")


WRITES: dict[str, Write] = {
    "set": lambda raw: raw.__setitem__("a", b"2"),
    "set_many": lambda raw: raw.update(a=b"2"),
    "swap": lambda raw: raw.swap("a", b"2", raw.tag("a")),
    "modify": lambda raw: raw.modify("a", lambda held: b"2"),
    "delete": lambda raw: raw.__delitem__("a"),
    "open": lambda raw: _write_file(raw, "a"),
    "discard": lambda raw: raw.discard("a"),
    "delete_many": lambda raw: raw.delete_many(["a"]),
    "remove": lambda raw: raw.remove("a", raw.tag("a")),
    "pop": lambda raw: raw.pop("a"),
    "popitem": lambda raw: raw.popitem(),
    "delete_prefix": lambda raw: raw.delete_prefix("a"),
    "clear": lambda raw: raw.clear(),
    "transact": lambda raw: raw.transact([Put("a", b"2")]),
    "delete in transact": lambda raw: raw.transact([Delete("a")]),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
@pytest.mark.parametrize("prefix", ["", "folder/"])
def test_what_is_written_there_shows_at_once(write: Write, prefix: str) -> None:
    far = Memory()
    store = Cache(far, HOUR, misses=True)
    store[f"{prefix}a"] = b"1"
    write(store.raw(prefix))
    assert store.get(f"{prefix}a") == far.get(f"{prefix}a") != b"1"
    store.raw(prefix).setdefault("b", b"3")
    assert store[f"{prefix}b"] == b"3"
    store.raw().raw(prefix)["a"] = b"4"
    assert store[f"{prefix}a"] == b"4"


def test_what_is_read_there_is_not_cached() -> None:
    far = Recorder(Memory())
    far["a"] = b"1"
    store = Cache(far, HOUR)
    assert store["a"] == store.raw()["a"] == store.raw().get("a") == b"1"
    far._inner["a"] = b"2"
    assert (store["a"], store.raw()["a"], dict(store.raw().items())) == (b"1", b"2", {"a": b"2"})


def test_records_of_the_far_store_are_none_of_the_near_ones() -> None:
    near = holdall.open("memory://?checksum=xxh3")
    store = Cache(Memory(), HOUR, near=near)
    store["a"] = b"1"
    manifest = near.raw()[".holdall/manifest"]
    store.raw()[".holdall/manifest"] = b"far"
    store.raw().discard(".holdall/manifest")
    assert store.raw().swap(".holdall/manifest", b"far", ABSENT)
    assert near.raw()[".holdall/manifest"] == manifest


@pytest.mark.parametrize("prefix", [".holdall/views/", "folder/.holdall/"])
def test_what_is_written_under_a_reserved_prefix_costs_nothing_near(prefix: str) -> None:
    near = Recorder(Memory())
    raw = Cache(Memory(), HOUR, near=near).raw(prefix)
    raw.update(a=b"1", b=b"2")
    del raw["a"]
    raw.clear()
    assert near.calls == []


def test_it_is_pickled_with_its_cache(tmp_path: Path) -> None:
    store = Cache(File(tmp_path), HOUR)
    pickle.loads(pickle.dumps(store.raw("folder/")))["a"] = b"1"
    assert store["folder/a"] == b"1"


# ---- Above versions ----------------------------------------------------------------------------


def test_versions_are_kept_below_a_cache() -> None:
    far = Memory()
    store = Versions(Cache(far, HOUR))
    assert [type(layer).__name__ for layer in layers(store)] == [
        "Versions",
        "Cache",
        "VersionedStore",
        "Memory",
    ]
    store["a"] = b"1"
    store["a"] = b"2"
    assert dict(store.raw().scan_items()) == dict(far.raw().scan_items())
    assert [store.at("a", number) for number in (1, 2)] == [b"1", b"2"]
    store.revert("a", 1)
    assert store["a"] == b"1"
    far["a"] = b"3"
    assert store["a"] == b"1"  # within its hour
    store.raw()["a"] = b"4"
    assert store["a"] == b"4"
    assert [revision.author for revision in store.history("a")] == ["unknown", "", "", ""]
