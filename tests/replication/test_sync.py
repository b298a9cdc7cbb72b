"""One way: what is copied, deleted, left and refused, at what cost, and what a restored backup does."""

import contextlib
import itertools
import shutil
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import holdall
from holdall import (
    Codec,
    Conflict,
    Corrupt,
    Escape,
    Expires,
    File,
    Invalid,
    Json,
    Memory,
    MessagePack,
    Mismatch,
    Prefix,
    ReadOnly,
    SQLite,
    Unavailable,
    Versions,
    Zstd,
)
from holdall.replication import Report, run, sync, sync_both
from holdall.replication.state import FOLDER, Rewriting, State
from holdall.store import Feature, Store, Tag, Tagged
from tests.replication.mortal import Killed, Life, Mortal, Without
from tests.soak import SOAK


def filled(count: int, store: Store[Any] | None = None) -> Store[Any]:
    store = Memory() if store is None else store
    store.update({f"k{number:05}": b"%d" % number for number in range(count)})
    return store


def counts(report: Report) -> dict[str, int]:
    names = "copied", "deleted", "replaced", "extra", "left"
    return {name: getattr(report, name) for name in names if getattr(report, name)}


@pytest.mark.parametrize("lacks", [Feature.NONE, Feature.SWAP | Feature.ATOMIC], ids=["swap", "listed"])
@pytest.mark.parametrize("bring", [sync, sync_both], ids=["one way", "both ways"])
def test_a_value_expires_at_both_stores_at_the_same_time(bring: Any, lacks: Feature) -> None:
    now = 0.0
    source, target = (Expires(Without(Memory(), lacks), ttl, clock=lambda: now) for ttl in (None, 5.0))
    source["lasts"] = b"1"
    source.lasting(60)["token"] = b"2"
    now = 20.0
    bring(source, target)
    assert (target.remaining("lasts"), target.remaining("token")) == (None, 40.0)
    source.lasting(10)["token"] = b"3"
    bring(source, target)
    assert target.remaining("token") == 10.0
    now = 30.0
    assert dict(target) == dict(source) == {"lasts": b"1"}


# ---- A store that lies ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["private/s", "public/.holdall/t", ".holdall/t"])
@pytest.mark.parametrize("both", [False, True], ids=["one way", "both ways"])
@pytest.mark.parametrize("lacks", [Feature.NONE, Feature.CHANGES | Feature.SWAP], ids=["swap", "listed"])
def test_the_other_store_gets_no_key_for_which_it_only_asks(name: str, both: bool, lacks: Feature) -> None:
    """What is remembered lies at the target, and its listing comes from there, too."""
    source, target = Memory(), Memory()
    source["public/x"] = b"1"
    source.raw()[name] = b"secret"
    way = partial(sync_both if both else sync, source, Without(target, lacks), prefix="public/")
    way()
    kept = State(target, (repr(source), repr(Without(target, lacks))), ("public/", "both" if both else ""))
    kept.load()
    kept.commit(kept.manifest._replace(pending=(name,)))
    source["public/y"] = b"2"
    report = way()
    assert dict(target) == {"public/x": b"1", "public/y": b"2"}
    assert name not in target.raw()
    assert set(report.refused) <= {name}

    class Lying(Without):
        def scan_tags(self, prefix: str = "", **span: Any) -> Iterator[tuple[str, Tag]]:
            return iter(sorted([*super().scan_tags(prefix, **span), (name, Tag("t"))]))

    liar = Memory()
    sync(source, Lying(liar), prefix="public/", delete=True)
    assert dict(liar) == {"public/x": b"1", "public/y": b"2"}
    assert name not in liar.raw()


# ---- What is done -------------------------------------------------------------------------------------


STORES: dict[str, Callable[[Path], Store[Any]]] = {
    "memory": lambda folder: Memory(),
    "listed": lambda folder: Without(Memory()),
    "hashes": lambda folder: Without(
        Memory(), Feature.CHANGES | Feature.TAGS | Feature.SWAP | Feature.REMOVE | Feature.ATOMIC
    ),
    "file": lambda folder: File(folder / "store", durability="os"),
    "sqlite": lambda folder: SQLite(folder / "store.db", durability="os"),
    "versions": lambda folder: Versions(Memory()),
}


KINDS = list(STORES)


@pytest.mark.parametrize(
    ("here", "there"),
    [pair for turn in (1, 4) for pair in zip(KINDS, KINDS[turn:] + KINDS[:turn], strict=True)],
)
def test_between_any_two_stores_the_target_becomes_equal(here: str, there: str, tmp_path: Path) -> None:
    folders = [tmp_path / "here", tmp_path / "there"]
    for folder in folders:
        folder.mkdir()
    with STORES[here](folders[0]) as source, STORES[there](folders[1]) as target:
        filled(20, source)
        target["k00003"] = b"other"
        target["only"] = b"there"
        assert counts(sync(source, target)) == {"copied": 20, "replaced": 1, "extra": 1}
        assert counts(sync(source, target)) in ({}, {"extra": 1})
        source["k00001"] = b"new"
        del source["k00002"]
        assert counts(sync(source, target, dry_run=True)) == {"copied": 1, "deleted": 1, "extra": 1}
        assert target["k00001"] == b"1"
        assert counts(sync(source, target)) == {"copied": 1, "deleted": 1, "extra": 1}
        assert dict(target) == {**source, "only": b"there"}
        assert counts(sync(source, target, delete=True)) == {"deleted": 1}
        assert dict(target) == dict(source)


def test_documents_travel_between_layers() -> None:
    source, target = Json(Zstd(Memory())), MessagePack(Prefix(Memory(), "copy/"))
    source["a"] = {"total": 1}
    assert sync(source, target).copied == 1
    assert target["a"] == {"total": 1}
    target["a"] = {"total": True}
    assert sync(source, target, full=True).replaced == 1
    assert target["a"]["total"] is not True


def test_only_a_prefix() -> None:
    source, target = filled(3), Memory()
    source["other"] = b""
    assert sync(source, target, prefix="k").copied == 3
    source["other"] = source["k1"] = b"new"
    assert sync(source, target, prefix="k").copied == 1
    assert "other" not in target


def test_raw_carries_the_history() -> None:
    source, target = Versions(Memory()), Memory()
    source["a"] = b"1"
    source["a"] = b"2"
    sync(source, target, raw=True)
    source["a"] = b"3"
    assert sync(source, target, raw=True).copied == 2  # the head, and its record
    assert sync(source, target, raw=True).changed == 0
    assert [each.number for each in Versions(target).history("a")] == [3, 2, 1]


def test_raw_bytes_do_not_replace_another_identity() -> None:
    source, target = filled(1), Memory()
    for number, store in enumerate((source, target)):
        store.raw()[".holdall/identity"] = b"%032d\n" % number
    with pytest.raises(Mismatch):
        sync(source, target, raw=True)


def test_what_a_cache_shows_late_is_not_copied_late() -> None:
    far, target = filled(1), Memory()
    source = holdall.Cache(far, max_age=3600)
    assert source["k00000"] == b"0"
    sync(source, target)
    far["k00000"] = b"new"
    assert sync(source, target).copied == 1
    assert target["k00000"] == b"new"


def test_a_source_that_refuses_writes_is_enough() -> None:
    source, target = ReadOnly(filled(3)), Memory()
    assert sync(source, target).copied == 3


# ---- Costs ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("feed", [True, False])
def test_a_second_sync_costs_the_listings_or_nothing(feed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Rewriting, "ROWS", 20)
    asked, told = Life(), Life()
    source: Store[bytes] = Mortal(filled(3 * Rewriting.ROWS), asked)
    target: Store[bytes] = Mortal(Memory(), told)
    if not feed:
        source, target = Without(source), Without(target)
    sync(source, target)
    del asked.calls[:], told.calls[:]
    assert sync(source, target).changed == 0
    assert asked.calls == (["changes"] if feed else ["scan_tags"])
    assert told.calls == ["get_tagged"] + ([] if feed else ["scan_tags"])  # the manifest, and the listing


def test_a_change_costs_requests_for_its_key_and_its_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Rewriting, "ROWS", 20)
    asked, told = Life(), Life()
    source, target = (
        Mortal(filled(3 * Rewriting.ROWS), asked),
        Without(Mortal(Memory(), told), Feature.ATOMIC),
    )
    sync(source, target)
    source["k00001"] = b"new"
    del asked.calls[:], told.calls[:]
    assert sync(source, target).changed == 1
    assert asked.calls == ["changes", "get_tagged"]
    # Read the manifest and the block, write the value, the block and the manifest, and delete the old block.
    assert told.calls == ["get_tagged", "get", "swap", "set", "swap", "delete_many"]


class Listing(Memory):
    """A store whose listing has ``count`` keys, none of which it keeps."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = count

    @property
    def features(self) -> Feature:
        return super().features & ~Feature.CHANGES

    def scan_tags(self, *args: Any, **kwargs: Any) -> Iterator[tuple[str, Tag]]:
        return ((f"k{number:09}", Tag("1")) for number in range(self._count))

    def get_tagged(self, key: str, /) -> Tagged[bytes]:
        return Tagged(b"1", Tag("1"))


def test_memory_does_not_grow_with_the_number_of_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = 100_000 if SOAK else 600
    monkeypatch.setattr(Rewriting, "ROWS", few // 20)
    monkeypatch.setattr(run, "BATCH", few // 20)

    def peak(count: int) -> int:
        with SQLite(tmp_path / f"{count}.db", durability="os") as state:
            tracemalloc.start()
            try:
                report = sync(Listing(count), Listing(count), state=state, workers=1)
                assert report.examined == count
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

    peak(10)  # imports some modules
    assert peak(3 * few) < 1.5 * peak(few)


# ---- Concurrent writers --------------------------------------------------------------------------------


class Racing(Mortal):
    """Calls ``race`` before the first write of each key by the sync."""

    def __init__(self, store: Store[bytes], race: Callable[[str], None]) -> None:
        super().__init__(store, Life())
        self._race = race
        self._met: set[str] = set()

    def _call(self, name: str, call: Any, /, *args: Any) -> Any:
        if name == "swap" and args[0] not in self._met and not args[0].startswith((".holdall", "manifest")):
            self._met.add(args[0])
            self._race(args[0])
        return call(*args)


def test_a_value_that_another_writer_stores_at_that_moment_is_noticed() -> None:
    source, there = filled(3), Memory()

    def race(key: str) -> None:
        there[key] = b"other"

    target = Without(Racing(there, race), Feature.ATOMIC)
    assert counts(sync(source, target)) == {"copied": 3, "replaced": 3}
    assert dict(there) == dict(source)


def test_a_batch_does_not_overwrite_unnoticed_either() -> None:
    source, there = filled(3), Memory()

    class Late(Mortal):
        def _call(self, name: str, call: Any, /, *args: Any) -> Any:
            if name == "transact":
                there["k00001"] = b"other"
            return call(*args)

    assert counts(sync(source, Late(there, Life()))) == {"copied": 3, "replaced": 1}
    assert dict(there) == dict(source)


def test_a_key_that_changes_during_the_sync_comes_with_the_next_one() -> None:
    here, target = filled(3), Memory()

    class Changing(Mortal):
        def _call(self, name: str, call: Any, /, *args: Any) -> Any:
            found = call(*args)
            here["k00001"] = b"later"
            return found

    sync(Without(Changing(here, Life())), target)
    sync(Without(Changing(here, Life())), target)
    assert target["k00001"] == b"later"


def test_two_syncs_of_the_same_stores_at_once_do_no_harm() -> None:
    source, target = filled(500), Memory()
    errors = []

    def run() -> None:
        try:
            sync(source, target)
        except Conflict as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert dict(target) == dict(source)
    assert all("run one sync of two stores at a time" in str(error) for error in errors)
    assert sync(source, target, full=True).changed == 0


class Overtaken(Mortal):
    """Calls ``overtake`` before the first request ``name``."""

    def __init__(self, store: Store[bytes], name: str, overtake: Callable[[], None]) -> None:
        super().__init__(store, Life())
        self._waiting = {name: overtake}

    def _call(self, name: str, call: Any, /, *args: Any) -> Any:
        self._waiting.pop(name, lambda: None)()
        return call(*args)

    def scan(self, *args: Any, **options: Any) -> Iterator[str]:
        self._waiting.pop("scan", lambda: None)()
        return super().scan(*args, **options)


@pytest.mark.parametrize("request_", ["get", "set", "swap", "scan", "delete_many"])
@pytest.mark.parametrize("change", [True, False])
def test_a_sync_that_another_one_overtakes_leaves_the_rows_whole(request_: str, change: bool) -> None:
    source, target, kept = filled(5), Memory(), Memory()
    if change:
        sync(source, target, state=kept)
        source["k00001"] = b"new"

    def overtake() -> None:
        source["k00002"] = b"new"
        sync(source, target, state=kept)

    with contextlib.suppress(Conflict):
        sync(source, target, state=Overtaken(kept, request_, overtake), full=not change)
    source["k00003"] = b"newer"
    for full in (False, True):
        sync(source, target, state=kept, full=full)
        assert dict(target) == dict(source)


# ---- What cannot be copied ------------------------------------------------------------------------------


class Small(Codec[bytes, bytes]):
    """Refuses a value of more than five bytes, and finds one damaged that begins with D."""

    def encode(self, key: str, value: bytes) -> bytes:
        if len(value) > 5:
            raise holdall.TooLarge("too large", key=key)
        return value

    def decode(self, key: str, data: bytes) -> bytes:
        if data.startswith(b"D"):
            raise Corrupt("damaged", key=key)
        return data


@pytest.mark.parametrize("lacks", [Feature.NONE, Feature.CHANGES, Feature.CHANGES | Feature.ATOMIC])
def test_a_value_that_is_refused_is_reported_and_tried_again(lacks: Feature) -> None:
    here = filled(3)
    source, target = Without(Small(here), lacks), Without(Small(Memory()), lacks)
    here["k00001"], here["k00002"] = b"0123456", b"Damaged"
    report = sync(source, target)
    assert counts(report) == {"copied": 1, "left": 2}
    assert {key: type(error) for key, error in report.refused.items()} == {
        "k00001": holdall.TooLarge,
        "k00002": Corrupt,
    }
    assert sync(source, target).left == 2
    source["k00001"] = b"small"
    assert counts(sync(source, target)) == {"copied": 1, "left": 1}
    del source["k00002"]
    assert sync(source, target).left == 0
    assert dict(target) == dict(source)


@pytest.mark.parametrize("lacks", [Feature.NONE, Feature.CHANGES])
def test_a_key_whose_new_value_was_refused_is_still_deleted_with_it(lacks: Feature) -> None:
    source, target = Without(filled(2), lacks), Small(Memory())
    sync(source, target)
    source["k00001"] = b"0123456"
    assert sync(source, target).left == 1
    del source["k00001"]
    assert counts(sync(source, target)) == {"deleted": 1}


@pytest.mark.parametrize("tags", [True, False])
def test_a_damaged_value_at_the_target_is_replaced(tags: bool) -> None:
    source, there = filled(2), Memory()
    there["k00001"] = b"Damaged"
    lacks = Feature.TAGS | Feature.SWAP | Feature.REMOVE | Feature.ATOMIC
    target = Without(Small(there), Feature.NONE if tags else lacks)
    assert counts(sync(source, target)) == {"copied": 2, "replaced": 1}
    assert dict(target) == dict(source)


def test_a_damaged_value_of_a_source_without_tags_is_reported() -> None:
    here, target = filled(3), Memory()
    source = Without(Small(here), Feature.TAGS | Feature.SWAP | Feature.REMOVE | Feature.CHANGES)
    sync(source, target)
    here["k00001"] = b"Damaged"
    for _ in range(2):
        assert counts(sync(source, target)) == {"left": 1}
    assert dict(target) == {"k00000": b"0", "k00001": b"1", "k00002": b"2"}
    del here["k00001"]
    assert counts(sync(source, target)) == {"deleted": 1}


class Stripping(Codec[bytes, bytes]):
    """Stores each value without the spaces around it."""

    def encode(self, key: str, value: bytes) -> bytes:
        return value.strip()

    def decode(self, key: str, data: bytes) -> bytes:
        return data


def test_a_target_without_swap_may_change_a_value_that_it_stores() -> None:
    source, there = Memory(), Memory()
    source["a"] = b" 1 "
    lacks = Feature.TAGS | Feature.SWAP | Feature.REMOVE | Feature.ATOMIC
    target = Without(Stripping(there), lacks)
    assert counts(sync(source, target)) == {"copied": 1}
    assert counts(sync(source, target, full=True)) == {}
    assert dict(there) == {"a": b"1"}


def test_an_odd_key_is_refused_or_escaped() -> None:
    source, plain, escaped = Escape(Memory()), Memory(), Escape(Memory())
    source["a//b"] = source["fine"] = b"1"
    assert list(sync(source, plain).refused) == ["a//b"]
    assert list(plain) == ["fine"]
    assert sync(source, escaped).left == 0
    assert dict(escaped) == dict(source)


def test_foreign_names_at_the_target_are_left_alone(tmp_path: Path) -> None:
    with File(tmp_path / "store", durability="os") as target:
        target["a"] = b"1"
        (tmp_path / "store" / ".hidden~").mkdir(parents=True)
        (tmp_path / "store" / ".hidden~" / "own").write_bytes(b"own")
        before = sorted(map(str, target.foreign_names()))
        sync(filled(3), target, delete=True)
        assert sorted(target) == ["k00000", "k00001", "k00002"]
        assert sorted(map(str, target.foreign_names())) == before


def test_an_unavailable_store_ends_the_sync_and_the_next_one_goes_on() -> None:
    source, there = filled(50), Memory()

    class Away(Mortal):
        def _call(self, name: str, call: Any, /, *args: Any) -> Any:
            self._life.calls.append(name)
            if self._life.calls.count("swap") > 20:
                raise Unavailable("away")
            return call(*args)

    with pytest.raises(Unavailable):
        sync(source, Without(Away(there, Life()), Feature.ATOMIC))
    assert 0 < len(there) < 50
    sync(source, Without(Mortal(there, Life()), Feature.ATOMIC))
    assert dict(there) == dict(source)


def test_verify_reads_back_what_it_wrote() -> None:
    class Damaging(Small):
        def encode(self, key: str, value: bytes) -> bytes:
            return value[:-1]

    target = Damaging(Memory())
    assert sync(filled(2), target, verify=True).refused.keys() == {"k00000", "k00001"}


def test_verify_finds_a_value_that_changed_behind_the_tag() -> None:
    source, target = Without(filled(3)), Memory()
    sync(source, target)
    value, _ = target._table.cells["k00001"]
    target._table.cells["k00001"] = b"rot", target._table.cells["k00001"][1]
    assert sync(source, target).changed == 0
    assert counts(sync(source, target, verify=True)) == {"copied": 1, "replaced": 1}
    assert target["k00001"] == value


# ---- Restored backups ------------------------------------------------------------------------------------


def test_a_source_that_was_restored_is_compared_by_value(tmp_path: Path) -> None:
    file, target = tmp_path / "a.db", Memory()
    with SQLite(file, durability="os") as source:
        filled(5, source)
        sync(source, target)
    shutil.copy(file, tmp_path / "backup")
    with SQLite(file, durability="os") as source:
        source["k00001"] = b"later"
        del source["k00002"]
        sync(source, target)
        name = repr(source)
    shutil.copy(tmp_path / "backup", file)
    with SQLite(file, durability="os") as source:
        assert repr(source) == name
        source["k00001"] = b"again"  # with the tick that b"later" had
        report = sync(source, target)
        assert report.full
        assert dict(target) == dict(source)
        assert sync(source, target).examined == 0


def test_a_target_that_was_restored_gets_no_deleted_key_back(tmp_path: Path) -> None:
    source, file, state = filled(5), tmp_path / "b.db", Memory()
    for kept in (None, state):
        with SQLite(file, durability="os") as target:
            sync(source, target, state=kept)
        shutil.copy(file, tmp_path / "backup")
        with SQLite(file, durability="os") as target:
            source["k00001"] = b"later"
            del source["k00002"]
            sync(source, target, state=kept)
        shutil.copy(tmp_path / "backup", file)
        with SQLite(file, durability="os") as target:
            assert target["k00002"] == b"2"
            sync(source, target, state=kept, full=kept is not None)
            assert dict(target) == dict(source)
        source["k00002"] = b"2"
        file.unlink()


# ---- The same store, and damaged state -------------------------------------------------------------------


def test_a_sync_without_threads_is_refused() -> None:
    with pytest.raises(Invalid, match="workers is 0; give 1 or more threads"):
        sync(Memory(), Memory(), workers=0)


def test_two_names_of_one_store_are_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "store")
    ours, theirs = File(tmp_path / "store"), File(tmp_path / "link")
    ours["a"] = b"1"
    memory = Memory()
    for source, target in (
        (ours, theirs),
        (ours, Json(theirs)),
        (memory, Zstd(memory)),
        (ours, File(tmp_path / "store")),
    ):
        with pytest.raises(Invalid, match="are the same store"):
            sync(source, target)
    assert list(ours.raw().scan(FOLDER)) == []
    with pytest.raises(TypeError, match=r"holdall\.open opens a store"):
        sync("sqlite:///a.db", memory)  # type: ignore[arg-type]


@pytest.mark.parametrize("part", ["manifest", "blocks/"])
def test_damaged_tags_are_refused_until_they_are_forgotten(part: str) -> None:
    source, target = filled(3), Memory()
    sync(source, target)
    raw = target.raw()
    [key] = [key for key in raw.scan(FOLDER) if part in key]
    raw[key] = raw[key][:-9] + bytes(9)
    source["k00001"] = b"new"
    with pytest.raises(Corrupt, match="--forget"):
        sync(source, target)
    assert sync(source, target, forget=True).copied == 1
    assert dict(target) == dict(source)


def test_nothing_of_a_killed_sync_stays_behind() -> None:
    source = Without(filled(4))
    for requests in itertools.count():
        store = Memory()
        with contextlib.suppress(Killed):
            sync(source, Mortal(store, Life(requests)))
            break
        sync(source, Mortal(store, Life()))
        source["k00000"] = b"%d" % requests
        sync(source, Mortal(store, Life()))
        assert len(list(store.raw().scan(FOLDER))) == 2  # the manifest and a block
    assert requests > 5


def test_a_dry_run_writes_nothing() -> None:
    target = Memory()
    assert sync(filled(4), target, dry_run=True).copied == 4
    assert list(target.raw().scan()) == []


# ---- A source without keys ----------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{"delete": True}, {"prefix": "k"}])
def test_a_source_without_keys_does_not_empty_the_target(options: dict[str, Any]) -> None:
    here, target = filled(3), Memory()
    source = Without(here)
    sync(source, target, **options)
    before = dict(target)
    here.clear()  # as if the disk were not mounted
    for dry_run in (True, False):
        with pytest.raises(Invalid, match="has no keys"):
            sync(source, target, dry_run=dry_run, **options)
    assert dict(target) == before
    assert sync(source, target, allow_empty=True, **options).deleted == 3
    assert sync(source, target, **options).changed == 0  # both are empty


def test_an_empty_source_of_a_first_sync_deletes_no_extra_keys_unasked() -> None:
    target = filled(3)
    assert counts(sync(Memory(), target)) == {"extra": 3}
    with pytest.raises(Invalid, match="allow_empty"):
        sync(Memory(), target, delete=True)
    assert len(target) == 3


def test_deletions_that_a_feed_tells_need_no_permission() -> None:
    source, target = filled(3), Memory()
    sync(source, target)
    source.clear()
    assert sync(source, target).deleted == 3


class Bucket(Memory):
    """A folder of a bucket, which is the store ``objects``."""

    def __init__(self, objects: Store[bytes], folder: str) -> None:
        super().__init__()
        self._objects = Prefix(objects, f"{folder}/") if folder else objects

    def raw(self, prefix: str = "") -> Store[bytes]:
        return self._objects.raw(prefix)


@pytest.mark.parametrize("delete", [True, False])
@pytest.mark.parametrize(("here", "there"), [("", "copy"), ("copy", ""), ("live/a", "live")])
def test_a_bucket_and_a_folder_in_it_are_refused(here: str, there: str, delete: bool) -> None:
    objects = Memory()
    with pytest.raises(Invalid, match="lies in"):
        sync(Bucket(objects, here), Bucket(objects, there), delete=delete)
    assert list(objects.raw().scan()) == []


def test_folders_that_are_apart_are_synced() -> None:
    objects = Memory()
    sync(Bucket(objects, "live"), Bucket(objects, "live2"))
    sync(Bucket(objects, ""), Bucket(objects, "live"), prefix="other/")
