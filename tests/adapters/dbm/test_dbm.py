"""Dbm files: what is opened and refused, what other programs see, and what a full disk leaves."""

import contextlib
import dbm.dumb
import errno
import gc
import importlib
import os
import resource
import shutil
import subprocess
import sys
from contextlib import nullcontext

import pytest

import holdall
from holdall import (
    DBM,
    Conflict,
    Corrupt,
    Expect,
    Feature,
    InvalidAddress,
    Mismatch,
    MissingExtra,
    PermissionDenied,
    Put,
    StoreFull,
    StoreNotFound,
    Tag,
    Unavailable,
)
from holdall.adapters.dbm.flavors import FLAVORS
from holdall.adapters.dbm.pair import Pair
from tests.adapters.dbm.flavors import needs_module
from tests.conftest import NO_DBM_SQLITE3

TWINNED = ["dumb", "ndbm", "gnu", "bsd"]


@pytest.fixture(params=FLAVORS)
def flavor(request):
    needs_module(request.param)
    return request.param


@pytest.fixture
def path(tmp_path):
    return tmp_path / "store"


def contents(path):
    """Every file beside ``path`` but those that may change without a write: the lock, and SQLite's of its readers."""
    files = (file for file in path.parent.iterdir() if not file.name.endswith((".lock", "-shm")))
    return {file.name: file.read_bytes() for file in files}


# ---- Addresses -------------------------------------------------------------------------------------


def test_an_address_names_the_file_and_its_flavor(path):
    store = holdall.open(f"dbm://{path}?flavor=dumb&durability=os")
    assert repr(store) == f"DBM({str(path)!r}, flavor='dumb', durability='os')"
    assert holdall.open("dbm:books?flavor=dumb").path == os.path.abspath("books")


@pytest.mark.parametrize(
    ("address", "remedy"),
    [
        ("dbm://books/2026?flavor=dumb", "names a host"),
        ("dbm:books?flavor=bdb", "not one of dumb, ndbm, gnu, bsd, sqlite3"),
        ("dbm:books?durability=no", "not one of full, os"),
        ("dbm:books?flavour=gnu", "did you mean 'flavor'"),
        ("dbm:?flavor=gnu", "is not a path"),
    ],
)
def test_an_address_that_cannot_be_meant_says_what_to_write(address, remedy):
    with pytest.raises(InvalidAddress, match=remedy):
        holdall.open(address)


def test_a_new_file_needs_a_flavor(path):
    with pytest.raises(StoreNotFound, match=r"add \?flavor="):
        DBM(path)


def test_reading_makes_nothing(flavor, path):
    store = DBM(path, flavor=flavor)
    assert (dict(store), store.get("a"), "a" in store, list(store.get_many(["a"]))) == ({}, None, False, [])
    store.discard("a")
    store.delete_many(["a"])
    assert list(path.parent.iterdir()) == []


def test_the_flavor_of_a_file_is_recognised(flavor, path):
    with DBM(path, flavor=flavor) as store:
        store["a"] = b"1"
    with DBM(path) as store:
        assert (store.flavor, dict(store)) == (flavor, {"a": b"1"})
        assert (Feature.SEEK in store.features) == (flavor in ("bsd", "sqlite3"))


def test_another_flavor_is_an_error_that_names_it(flavor, path):
    with DBM(path, flavor=flavor, durability="os") as store:
        store["a"] = b"1"
    before = contents(path)
    for other in {*FLAVORS} - {flavor}:
        with pytest.raises(Mismatch, match=f"of the flavor {flavor}"):
            DBM(path, flavor=other)
    assert contents(path) == before


def test_what_is_no_dbm_file_is_left_as_it_is(flavor, path):
    path.write_bytes(b"no database at all " * 100)
    with pytest.raises(Mismatch, match="left unchanged"):
        DBM(path, flavor=flavor)
    assert contents(path) == {"store": b"no database at all " * 100}


def test_a_folder_is_not_found_and_the_folder_above_must_be_there(flavor, path):
    with pytest.raises(StoreNotFound, match="is a folder"):
        DBM(path.parent, flavor=flavor)
    with pytest.raises(StoreNotFound, match="mkdir -p"):
        DBM(path / "below", flavor=flavor)["a"] = b"1"


@pytest.mark.parametrize(("flavor", "module"), [("bsd", "berkeleydb"), ("gnu", "_gdbm"), ("ndbm", "_dbm")])
def test_a_missing_module_says_how_to_get_it(flavor, module, path, monkeypatch):
    for name in (f"holdall.adapters.dbm.{flavor}", f"dbm.{flavor}", module):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtra, match="apt install"):
        DBM(path, flavor=flavor)
    monkeypatch.undo()
    importlib.invalidate_caches()


# ---- Other programs --------------------------------------------------------------------------------


def test_other_programs_see_keys_in_utf_8_and_values_as_they_are(path):
    with DBM(path, flavor="dumb") as store:
        store["é"] = b"\0\xff"
    with dbm.dumb.open(str(path)) as file:
        assert dict(file) == {"é".encode(): b"\0\xff"}


def test_a_file_of_another_program_is_adopted_and_what_it_writes_later_is_not_lost(path):
    with dbm.dumb.open(str(path)) as file:
        file[b"a"] = b"1"
        file[b"\xff is no UTF-8"] = file[b"../no/key"] = b"kept"
    with DBM(path, durability="os") as store:
        assert dict(store) == {"a": b"1"}
        store["b"] = b"2"
    with dbm.dumb.open(str(path)) as file:
        file[b"c"] = b"3"
    with DBM(path, durability="os") as store:
        store["d"] = b"4"
        assert dict(store) == {"a": b"1", "b": b"2", "c": b"3", "d": b"4"}
        with dbm.dumb.open(f"{path}.twin", "r") as twin, dbm.dumb.open(str(path), "r") as file:
            assert dict(twin) == dict(file)
            assert file[b"\xff is no UTF-8"] == b"kept"


@pytest.mark.skipif(sys.version_info < (3, 13), reason=NO_DBM_SQLITE3)
def test_python_s_own_dbm_sqlite3_reads_what_is_written_here(path):
    import dbm.sqlite3

    with DBM(path, flavor="sqlite3") as store:
        store["a"] = b"1"
    with dbm.sqlite3.open(path, "w") as file:
        assert dict(file) == {b"a": b"1"}
        file[b"b"] = b"2"
    assert dict(DBM(path)) == {"a": b"1", "b": b"2"}


def test_a_hash_file_of_the_old_dbhash_is_read_and_written(path):
    needs_module("bsd")
    from berkeleydb import db

    file = db.DB()
    file.open(str(path), None, db.DB_HASH, db.DB_CREATE)
    for number in range(100):
        file.put(b"k%02d" % number, b"1")
    file.close()
    with DBM(path, durability="os") as store:
        assert Feature.SEEK not in store.features
        assert list(store.scan("k5")) == [f"k5{number}" for number in range(10)]
        store["new"] = b"2"
        assert len(store) == 101


def test_ndbm_keeps_values_of_zero_bytes_apart_from_none(path):
    needs_module("ndbm")
    with DBM(path, flavor="ndbm") as store:
        store.update(none=b"", one=b"\0", two=b"\0\0", other=b"a\0")
        assert dict(store) == {"none": b"", "one": b"\0", "two": b"\0\0", "other": b"a\0"}


# ---- The twin --------------------------------------------------------------------------------------


def test_a_file_made_in_the_place_of_a_deleted_one_gets_a_new_twin(path):
    with DBM(path, flavor="dumb", durability="os") as store:
        store["old"] = b"1"
    for ending in (".dat", ".dir"):
        os.unlink(f"{path}{ending}")
    with DBM(path, flavor="dumb", durability="os") as store:
        store["new"] = b"2"
    assert dict(DBM(f"{path}.twin")) == {"new": b"2"}


def test_a_twin_that_was_deleted_is_made_again_before_a_write(path):
    with DBM(path, flavor="dumb", durability="os") as store:
        store["a"] = b"1"
        for ending in (".dat", ".dir"):
            os.unlink(f"{path}.twin{ending}")
        store["b"] = b"2"
    assert dict(DBM(f"{path}.twin")) == {"a": b"1", "b": b"2"}


@pytest.mark.parametrize("flavor", TWINNED)
def test_a_write_is_made_in_both_files_and_copies_neither(flavor, path):
    needs_module(flavor)
    with DBM(path, flavor=flavor, durability="os") as store:
        store["a"] = b"1"
        before = [file.stat().st_ino for file in FLAVORS[flavor].files(f"{path}.twin")][:1]
        for number in range(10):
            store["a"] = b"%d" % number
        assert [file.stat().st_ino for file in FLAVORS[flavor].files(f"{path}.twin")][:1] == before
    assert dict(DBM(f"{path}.twin")) == {"a": b"9"}


@pytest.mark.parametrize("error", [OSError(errno.EIO, "the disk fails"), KeyboardInterrupt()], ids=repr)
def test_a_write_stands_if_its_twin_fails_and_the_next_one_copies_the_file(error, path, monkeypatch):
    def fails(pair):
        raise error

    with DBM(path, flavor="dumb", durability="os") as store:
        store["a"] = b"1"
        monkeypatch.setattr(Pair, "match_modes", fails)
        with pytest.raises(KeyboardInterrupt) if isinstance(error, KeyboardInterrupt) else nullcontext():
            store["a"] = b"2"
        monkeypatch.undo()
        assert store["a"] == b"2"
        store["b"] = b"3"
    assert dict(DBM(f"{path}.twin")) == {"a": b"2", "b": b"3"}


def test_a_refused_transaction_changes_nothing(flavor, path):
    with DBM(path, flavor=flavor, durability="os") as store:
        store["a"] = b"1"
        before = contents(path)
        with pytest.raises(Conflict):
            store.transact([Put("b", b"2"), Expect("a", Tag("another"))])
        assert contents(path) == before


# ---- Damage and disks ------------------------------------------------------------------------------


def test_a_file_that_is_cut_off_is_corrupt(flavor, path):
    with DBM(path, flavor=flavor, durability="os") as store:
        store.update((f"k{number}", b"v" * 2000) for number in range(200))
    file = FLAVORS[flavor].files(str(path))[0]
    os.truncate(file, file.stat().st_size // 2)
    before = file.read_bytes()
    with pytest.raises(Corrupt):
        dict(DBM(path, durability="os"))
    assert file.read_bytes() == before


@pytest.mark.parametrize("attempt", [dict, lambda store: store.update(a=b"2")], ids=["read", "write"])
def test_a_sqlite3_file_that_cannot_be_read_is_not_left_open(attempt, path):
    with DBM(path, flavor="sqlite3") as store:
        store["a"] = b"1"
    with path.open("r+b") as file:
        file.seek(100)  # the table of tables follows the header, by which the flavor is recognised
        file.write(b"\xff" * 400)
    store = DBM(path)
    with pytest.raises(Corrupt) as caught:
        attempt(store)
    assert (
        caught.value.__cause__.__traceback__
    )  # it keeps the connection alive, so that only `close` closes it
    assert str(path) not in {os.path.realpath(f"/dev/fd/{number}") for number in os.listdir("/dev/fd")}


def test_a_sqlite3_file_that_the_system_does_not_open_is_unavailable(path):
    with DBM(path, flavor="sqlite3") as store:
        store["a"] = b"1"
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    store, taken = DBM(path), []
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/dev/fd")) + 20, hard))
    try:
        for left in range(
            3
        ):  # for the lock, for the check of the flavor, and for the database without its log
            gc.collect()  # what earlier tests left open must not make room now
            with contextlib.suppress(OSError):
                while True:
                    taken.append(os.open(os.devnull, os.O_RDONLY))
            for _ in range(left):
                os.close(taken.pop())
            with pytest.raises(Unavailable, match="Too many open files"):
                store.get("a")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for number in taken:
            os.close(number)
    assert store["a"] == b"1"


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="needs root on Linux, to mount a small disk"
)
class TestSmallDisk:
    @pytest.fixture
    def disk(self, tmp_path):
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "holdall", tmp_path], check=False)
        if made.returncode:
            pytest.skip("this process may not mount a file system")
        yield tmp_path
        subprocess.run(["umount", "--lazy", tmp_path], check=True)

    def test_a_full_disk_is_store_full_and_the_old_values_stand(self, disk, flavor):
        with DBM(disk / "store", flavor=flavor, durability="os") as store:
            store["a"] = b"old"
            (disk / "ballast").write_bytes(b"x" * 300_000)
            with pytest.raises(StoreFull, match="deleting keys may need room"):
                store.update(a=b"new", b=b"x" * 500_000)
            (disk / "ballast").unlink()
            assert dict(store) == {"a": b"old"}
            store["a"] = b"new"
            assert dict(store) == {"a": b"new"}

    def test_a_disk_that_may_only_be_read_is_read(self, disk, flavor):
        with DBM(disk / "store", flavor=flavor, durability="os") as store:
            store["a"] = b"1"
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        with DBM(disk / "store", durability="os") as store:
            if flavor == "sqlite3":  # which writes beside a file even to read it
                with pytest.raises(PermissionDenied, match="copy the file"):
                    store.get("a")
            else:
                assert dict(store) == {"a": b"1"}
            with pytest.raises(PermissionDenied):
                store["a"] = b"2"


@pytest.mark.parametrize("flavor", TWINNED)
def test_the_twin_has_the_mode_of_the_file_and_both_keep_it(flavor, tmp_path, monkeypatch):
    needs_module(flavor)
    path = str(tmp_path / "store")

    def modes(path):
        return {file.stat().st_mode & 0o777 for file in FLAVORS[flavor].files(path)}

    copied = []
    copyfile = shutil.copyfile

    def copy(file, twin):
        copied.append(twin.stat().st_mode & 0o777)
        copyfile(file, twin)

    monkeypatch.setattr(shutil, "copyfile", copy)
    with DBM(path, flavor=flavor, durability="os") as store:
        store["a"] = b"1"
        for file in FLAVORS[flavor].files(path):
            file.chmod(0o640)
        store["b"] = b"2"
        assert modes(path) == modes(f"{path}.twin") == {0o640}
        for file in FLAVORS[flavor].files(f"{path}.twin"):  # which is then made again
            file.unlink()
        store["c"] = b"3"
        assert modes(path) == modes(f"{path}.twin") == {0o640}
    assert set(copied) == {0o640}  # before there was anything to read
