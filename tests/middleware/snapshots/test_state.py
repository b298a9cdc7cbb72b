"""The remembered listing: two looks at once, and bytes that no look wrote."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from holdall import Corrupt, File, Memory, Mismatch, PassThrough, SnapshotFeed, Store, Tag
from holdall.middleware.gzip import Gzip
from holdall.middleware.interceptor import Interceptor
from holdall.middleware.snapshots import blocks, look
from holdall.middleware.snapshots import state as snapshots
from holdall.testing.follower import Follower
from tests.forks import exit_code, needs_fork, start_child
from tests.middleware.mutations import mutations


class Meanwhile(PassThrough[bytes]):
    """Calls ``then`` once, in the middle of a listing."""

    then: Callable[[], object] | None = None

    def scan_tags(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, Tag]]:
        for number, found in enumerate(super().scan_tags(prefix, start=start, stop=stop)):
            yield found
            if number == 1 and self.then:
                then, self.then = self.then, None
                then()


def test_two_looks_at_once_miss_nothing(monkeypatch):
    monkeypatch.setattr(look, "ROWS", 2)
    store, state = Memory(), Memory()
    store.update({f"k{number}": b"" for number in range(9)})
    slow = SnapshotFeed(Meanwhile(store), state, name="store")
    quick = SnapshotFeed(store, state, name="store")
    one, other = Follower(), Follower()
    one.follow(slow)
    other.follow(quick)

    def write_and_look() -> None:
        store["k0"] = b"written after the slow look had passed it"
        del store["k8"]
        other.follow(quick)

    store["k5"] = b"1"
    slow._inner.then = write_and_look
    one.follow(slow)
    for follower in (one, other):
        follower.follow(quick)
        assert follower.held == dict(store.scan_tags())


@needs_fork
def test_processes_that_look_at_once_miss_nothing(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(look, "ROWS", 4)
    store = SnapshotFeed(File(tmp_path, durability="os"))

    def work(name: str) -> Callable[[], bool]:
        def write_and_follow() -> bool:
            follower = Follower()
            for number in range(10):
                key = f"{name}{number % 5}"
                store[key] = b"%d" % number
                store.discard(f"{name}{(number + 2) % 5}")
                follower.follow(store)
                if {key: tag for key, tag in follower.held.items() if key.startswith(name)} != dict(
                    store.scan_tags(name)
                ):
                    return False
            return True

        return write_and_follow

    children = [start_child(work(name)) for name in "abc"]
    assert [exit_code(child) for child in children] == [0, 0, 0]
    follower = Follower()
    follower.follow(store)
    assert follower.held == dict(store.scan_tags())


# ---- Bytes of others -----------------------------------------------------------------------------


@pytest.fixture
def state() -> Memory:
    return Memory()


@pytest.fixture
def store(state: Memory) -> SnapshotFeed[bytes]:
    store = SnapshotFeed(Memory(), state)
    store.update({f"k{number}": b"" for number in range(9)})
    list(store.changes())
    return store


def keys_of(state: Memory) -> tuple[str, str]:
    """The keys of the manifest and of the block."""
    block, manifest = state.raw()
    return manifest, block


def test_damaged_bytes_are_corrupt(store: SnapshotFeed[bytes], state: Memory):
    raw, (manifest, block) = state.raw(), keys_of(state)
    for key in (manifest, block):
        intact = raw[key]
        for data in mutations([intact], 60, lambda drawn: drawn.randbytes(4)):
            if data != intact:
                raw[key] = data
                with pytest.raises(
                    Corrupt, match=r"the remembered listing in Memory\(\) cannot be used.*forget"
                ):
                    list(store.changes())
        raw[key] = intact
    assert len(list(store.changes())) == 9


def edit(state: Memory, key: str, change: Callable[[dict[str, Any]], object]) -> None:
    raw = Gzip(state.raw())
    held = json.loads(raw[key])
    change(held)
    raw[key] = json.dumps(held).encode()


@pytest.mark.parametrize(
    ("which", "change"),
    [
        (0, lambda held: held.pop("looks")),
        (0, lambda held: held.update(looks=[[2, 0], [1, 0]])),
        (0, lambda held: held.update(looks=[["now", 0]])),
        (0, lambda held: held.update(looks=7)),
        (0, lambda held: held["blocks"][0].pop()),
        (0, lambda held: held["blocks"][0].__setitem__(0, None)),
        (0, lambda held: held["blocks"][0].__setitem__(2, "9")),
        (0, lambda held: held["blocks"].append(held["blocks"][0])),
        (0, lambda held: held["blocks"][0].__setitem__(1, "../manifest")),
        (1, lambda held: held["tags"].pop()),
        (1, lambda held: held["keys"].reverse()),
        (1, lambda held: held["keys"].__setitem__(0, 7)),
        (1, lambda held: held["tags"].__setitem__(0, None)),
        (1, lambda held: held["tags"].__setitem__(0, "other")),
        (1, lambda held: held["looks"].__setitem__(0, 1.5)),
        (1, lambda held: [column.clear() for column in held.values()]),
    ],
)
def test_what_no_look_writes_is_corrupt(store: SnapshotFeed[bytes], state: Memory, which: int, change: Any):
    edit(state, keys_of(state)[which], change)
    with pytest.raises(Corrupt, match="call forget"):
        list(store.changes())


def test_a_missing_block_is_corrupt(store: SnapshotFeed[bytes], state: Memory):
    del state.raw()[keys_of(state)[1]]
    with pytest.raises(Corrupt, match="a block is missing"):
        list(store.changes())


def test_a_few_bytes_do_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr(snapshots, "_LARGEST", 10_000)
    state = Memory()
    store = SnapshotFeed(Memory(), state)
    list(store.changes())
    (manifest,) = state.raw()
    Gzip(state.raw())[manifest] = bytes(10_001)
    with pytest.raises(Corrupt, match="max_size"):
        store.changes()


def test_the_listing_of_another_store_and_of_a_later_version_is_refused(
    store: SnapshotFeed[bytes], state: Memory
):
    manifest, _ = keys_of(state)
    edit(state, manifest, lambda held: held.update(store="File('/elsewhere')"))
    with pytest.raises(Mismatch, match="elsewhere"):
        store.changes()
    edit(state, manifest, lambda held: held.update(format=2))
    with pytest.raises(Mismatch, match="upgrade"):
        store.changes()


def test_an_unchanged_listing_writes_and_reads_no_block(store: SnapshotFeed[bytes], state: Memory):
    position = store.changes().position
    feed = store.changes()
    list(feed)
    manifest, block = keys_of(state)
    del state.raw()[block]
    tag = state.raw().tag(manifest)
    assert list(store.changes(feed.position)) == []
    assert state.raw().tag(manifest) == tag
    assert position == "new.0"


class Counting(Interceptor[bytes]):
    """Notes the blocks that are read."""

    def __init__(self, store: Store[bytes]) -> None:
        super().__init__(store)
        self.read: list[str] = []

    def _call(self, name: str, call: Callable[..., Any], /, *args: Any) -> Any:
        if name == "get":
            self.read.append(args[0])
        return call(*args)


def test_only_changed_blocks_are_read_and_written(monkeypatch):
    monkeypatch.setattr(look, "ROWS", 4)
    state = Counting(Memory())
    store = SnapshotFeed(Memory(), state)
    store.update({f"k{number:03}": b"" for number in range(100)})
    changes = store.changes()
    list(changes)
    before = set(state.raw())
    assert len(before) > 12
    store["k050"] = b"1"
    state.read.clear()
    assert len(list(store.changes(changes.position))) == 1
    after = set(state.raw())
    assert len(after - before) == len(before - after) == 1
    assert len(state.read) == 2
    state.read.clear()
    assert len(list(store.changes(changes.position, prefix="k05"))) == 1
    assert len(state.read) < 6


def test_small_blocks_are_joined(monkeypatch):
    monkeypatch.setattr(look, "ROWS", 10)
    monkeypatch.setattr(blocks, "LOOKS", 2)
    state = Memory()
    store = SnapshotFeed(Memory(), state)
    store.update({f"k{number}": b"" for number in range(10, 60)})
    list(store.changes())
    before = len(state.raw())
    store.delete_many([f"k2{digit}" for digit in range(1, 10)])
    for number in range(6):  # until the deletions are forgotten
        store["k59"] = b"%d" % number
        list(store.changes())
    assert len(state.raw()) == before - 1


def test_old_deletions_are_forgotten(monkeypatch):
    monkeypatch.setattr(look, "ROWS", 4)
    monkeypatch.setattr(blocks, "LOOKS", 2)
    state = Memory()
    store = SnapshotFeed(Memory(), state)
    for number in range(60):  # as a log, whose first keys are deleted
        store[f"k{number:03}"] = b""
        store.discard(f"k{number - 5:03}")
        list(store.changes())
    assert len(state.raw()) < 8
