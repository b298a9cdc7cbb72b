"""The LMDB store: what it opens and refuses, how its map grows, and what its stores share."""

import multiprocessing
import os
import subprocess
import sys
import threading
from random import Random

import lmdb
import pytest

import holdall
from holdall import (
    LMDB,
    Conflict,
    Corrupt,
    InvalidAddress,
    Mismatch,
    PermissionDenied,
    Put,
    StoreFull,
    StoreNotFound,
    Unavailable,
)
from holdall.adapters.lmdb.errors import translate
from tests.forks import every_fork, run_in_child


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "store"


def test_an_address_names_the_folder_and_its_options(folder):
    with holdall.open(f"lmdb://{folder}?durability=os&map_size=1000000") as store:
        assert repr(store) == f"LMDB({str(folder)!r}, durability='os', map_size=1000000)"
    assert holdall.open("lmdb:books").folder == os.path.abspath("books")


@pytest.mark.parametrize(
    ("address", "remedy"),
    [
        ("lmdb://books/2026", "names a host"),
        ("lmdb:books?durability=none", "not one of full, os"),
        ("lmdb:books?map_size=big", "is not a whole number"),
        ("lmdb:books?map_size=1", "64 KiB"),
        ("lmdb:books?mapsize=1", "did you mean 'map_size'"),
        ("lmdb:", "is not a path"),
    ],
)
def test_an_address_that_cannot_be_meant_says_what_to_write(address, remedy):
    with pytest.raises(InvalidAddress, match=remedy):
        holdall.open(address)


def test_reading_makes_nothing(folder):
    store = LMDB(folder)
    assert (dict(store), store.get("a"), "a" in store, list(store.get_many(["a"]))) == ({}, None, False, [])
    store.delete_many(["a"])
    assert not folder.exists()


def test_the_folder_above_must_be_there(folder):
    with pytest.raises(StoreNotFound, match="mkdir -p"):
        LMDB(folder / "below")["a"] = b"1"


# ---- What is there and is no store -----------------------------------------------------------------


def contents(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name != "lock.mdb"}


def made_elsewhere(folder):
    with lmdb.open(str(folder)) as environment, environment.begin(write=True) as txn:
        txn.put(b"a", b"1")


def not_lmdb(folder):
    (folder / "data.mdb").write_bytes(b"no database " * 1000)


@pytest.mark.parametrize("make", [made_elsewhere, not_lmdb])
def test_what_holdall_did_not_make_is_a_mismatch_and_stays_as_it_is(make, folder):
    folder.mkdir()
    make(folder)
    before = contents(folder)
    for use in (lambda store: store.get("a"), lambda store: store.update(a=b"2")):
        with LMDB(folder) as store, pytest.raises(Mismatch, match="left unchanged"):
            use(store)
    assert contents(folder) == before


def test_a_file_in_place_of_the_folder_is_a_mismatch(tmp_path):
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(Mismatch, match="is a file"):
        LMDB(tmp_path / "file").get("a")


@pytest.mark.parametrize("length", [9000, 100_000])
def test_a_data_file_that_is_cut_off_is_corrupt(length, folder):
    with LMDB(folder, durability="os") as store:
        store.update((f"k{number}", b"v" * 2000) for number in range(500))
    os.truncate(folder / "data.mdb", length)
    before = contents(folder)
    with pytest.raises(Corrupt, match="restore a backup"):
        dict(LMDB(folder, durability="os"))
    assert contents(folder) == before


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="needs root on Linux, to mount a small disk"
)
class TestSmallDisk:
    @pytest.fixture
    def disk(self, tmp_path):
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "holdall", tmp_path], check=False)
        if made.returncode:
            pytest.skip("this process may not mount a file system")
        yield tmp_path
        subprocess.run(["umount", "--lazy", tmp_path], check=True)

    def test_a_full_disk_is_store_full_and_the_old_value_stands(self, disk):
        with LMDB(disk / "store", durability="os") as store:
            store["a"] = b"old"
            with pytest.raises(StoreFull):
                store["a"] = b"x" * 1_000_000
            assert store["a"] == b"old"
            store["a"] = b"new"

    def test_a_disk_that_may_only_be_read_is_read(self, disk):
        with LMDB(disk / "store", durability="os") as store:
            store["a"] = b"1"
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        with LMDB(disk / "store") as store:
            assert dict(store) == {"a": b"1"}
            with pytest.raises(PermissionDenied):
                store["a"] = b"2"


# ---- The map ---------------------------------------------------------------------------------------


def test_the_map_grows_as_long_as_it_must(folder):
    with LMDB(folder, durability="os") as store:
        store["large"] = b"x" * 40_000_000
        store.update((f"k{number}", b"y" * 1_000_000) for number in range(40))
        assert len(store) == 41
    with LMDB(folder, durability="os") as store:
        assert len(store["large"]) == 40_000_000


def test_a_map_that_may_not_grow_is_full_and_nothing_is_changed(folder):
    with LMDB(folder, durability="os", map_size=1_000_000) as store:
        store["a"] = b"old"
        with pytest.raises(StoreFull, match="map_size"):
            store.transact([Put("a", b"new"), Put("b", b"x" * 2_000_000)])
        assert dict(store) == {"a": b"old"}


def fill(folder):
    with LMDB(folder, durability="os") as store:
        store["large"] = b"x" * 40_000_000


def test_what_another_process_has_made_larger_is_seen(folder):
    with LMDB(folder, durability="os") as store:
        store["a"] = b"1"
        child = multiprocessing.get_context("spawn").Process(target=fill, args=(folder,))
        child.start()
        child.join(60)
        assert len(store["large"]) == 40_000_000
        store["b"] = b"2"


def test_the_map_grows_beside_readers(folder):
    done, failures = threading.Event(), []
    with LMDB(folder, durability="os") as store:
        store["a"] = b"1"

        def read():
            try:
                while not done.is_set():
                    assert store["a"] == b"1"
                    assert "a" in list(store)
            except BaseException as error:
                failures.append(error)

        readers = [threading.Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        for number in range(6):
            store[f"large/{number}"] = b"x" * 12_000_000
        done.set()
        for reader in readers:
            reader.join(60)
    assert failures == []


# ---- One environment for all -----------------------------------------------------------------------


def test_stores_of_one_process_share_the_environment(folder):
    one, other = LMDB(folder, durability="os"), LMDB(f"{folder}/../store", durability="os")
    one["a"] = b"1"
    assert other["a"] == b"1"
    one.close()
    other["b"] = b"2"
    other.close()
    with lmdb.open(str(folder)):  # which LMDB allows once in a process: it was closed
        pass


def test_stores_of_one_process_must_agree_on_durability(folder):
    with LMDB(folder, durability="os") as store:
        store["a"] = b"1"
        with pytest.raises(InvalidAddress, match="durability=os"):
            LMDB(folder).get("a")
    assert LMDB(folder)["a"] == b"1"


def test_the_mark_is_never_shown(folder):
    with LMDB(folder, durability="os") as store:
        store["a"] = b"1"
        for scan in (store.scan, store.scan_items, store.scan_tags):
            assert list(scan("\0")) == []
            assert len(list(scan(start="\0"))) == 1


def test_a_slow_scan_keeps_no_pages_from_being_used_again(folder):
    with LMDB(folder, durability="os") as store:
        store.update((f"k{number:04}", b"v" * 1000) for number in range(200))
        scan = store.scan_items()
        next(scan)
        for round in range(100):
            store.update((f"k{number:04}", b"%d" % round * 500) for number in range(20))
        size = (folder / "data.mdb").stat().st_size
        assert len(list(scan)) == 199
    assert size < 2_000_000  # 100 rounds of new pages would be 2,000,000 bytes and more


def test_a_tag_does_not_come_again_in_an_environment_made_in_place_of_a_lost_one(folder):
    with LMDB(folder, durability="os") as store:
        store["a"] = b"1"
        before = store.get_tagged("a").tag
    for file in folder.iterdir():
        file.unlink()
    with LMDB(folder, durability="os") as store:
        store["a"] = b"1"
        assert int(store.get_tagged("a").tag) > int(before)


def write(store, act):
    """The tag of what was written: None for a transaction that changed nothing, or that was given up."""
    if act == "put":
        store["a"] = b"1"
        return int(store.tag("a"))
    if act == "nothing":
        store.discard("missing")
    else:
        with pytest.raises(Conflict):
            store.swap("a", b"2", "0")
    return None


def write_at_a_stopped_clock(folder, pipe):
    with pytest.MonkeyPatch.context() as patch, LMDB(folder, durability="os") as store:
        patch.setattr("holdall.adapters.lmdb.ticks.time_ns", lambda: 0)
        while act := pipe.recv():
            pipe.send(write(store, act))


def test_tags_of_two_processes_never_meet(folder, monkeypatch):
    """Also where their clocks stand, so that from one mark both would take the same ticks."""
    monkeypatch.setattr("holdall.adapters.lmdb.ticks.time_ns", lambda: 0)
    spawn, random = multiprocessing.get_context("spawn"), Random(7)
    pipe, end = spawn.Pipe()
    child = spawn.Process(target=write_at_a_stopped_clock, args=(folder, end))
    child.start()
    tags = []
    with LMDB(folder, durability="os") as store:
        store["a"] = b"0"
        for act in random.choices(["put", "put", "nothing", "conflict"], k=2000):
            if random.random() < 0.3:
                pipe.send(act)
                tags.append(pipe.recv())
            else:
                tags.append(write(store, act))
    pipe.send(None)
    child.join(60)
    given = [tag for tag in tags if tag is not None]
    assert len(given) > 900
    assert given == sorted(set(given))


_GROWS = """
import sys
from holdall import LMDB
with LMDB(sys.argv[1], durability="os") as store:
    store.update((f"big/{number}", bytes(10**6)) for number in range(40))
"""


@pytest.mark.parametrize(
    "use",
    [
        lambda store: store.__setitem__("a", b"2"),
        lambda store: store.get("a"),
        lambda store: store.discard("b"),
        lambda store: list(store.scan("a")),
    ],
)
def test_the_map_grows_beside_a_store_that_goes_on(use, tmp_path):
    with LMDB(tmp_path / "store", durability="os") as store:
        store["a"] = b"1"
        size = store._environment().handle.info()["map_size"]
        subprocess.run([sys.executable, "-c", _GROWS, store.folder], check=True)
        use(store)
        assert store._environment().handle.info()["map_size"] > size
        store["a"] = b"3"
        assert (store["a"], len(store)) == (b"3", 41)


@pytest.mark.parametrize("error", [lmdb.Error("odd"), lmdb.Error("odd", 0)])
def test_an_error_of_lmdb_without_a_code_is_unavailable(error):
    ours = translate(error, "/books", "a")
    assert type(ours) is Unavailable
    assert str(ours) == f"/books: {error}; open it again"
    assert ours.key == "a"


@every_fork
def test_a_child_opens_the_environment_for_itself(fork, folder):
    with LMDB(folder, durability="os") as store:
        store["a"] = b"1"
        inherited = store._environment()
        assert run_in_child(lambda: store["a"] == b"1" and store._environment() is not inherited, fork) == 0
        assert store._environment() is inherited
