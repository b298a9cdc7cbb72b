"""What the SQLite store refuses, with which error, and that it leaves things as they were."""

import hashlib
import os
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from holdall import SQLite
from holdall.errors import (
    Corrupt,
    HoldallError,
    Mismatch,
    PermissionDenied,
    StoreFull,
    StoreNotFound,
    TooLarge,
    Unavailable,
)
from holdall.store import ABSENT, Delete, Put

Attempt = Callable[[SQLite], object]

ATTEMPTS: dict[str, Attempt] = {
    "get": lambda store: store["a"],
    "contains": lambda store: "a" in store,
    "scan": lambda store: list(store.scan_items()),
    "len": len,
    "get_many": lambda store: list(store.get_many(["a"])),
    "put": lambda store: store.__setitem__("a", b"1"),
    "delete": lambda store: store.__delitem__("a"),
    "clear": lambda store: store.clear(),
    "set_many": lambda store: store.set_many([("a", b"1")]),
    "delete_many": lambda store: store.delete_many(["a"]),
    "swap": lambda store: store.swap("a", b"1", ABSENT),
    "transact": lambda store: store.transact([Put("a", b"1"), Delete("b")]),
}
WRITES = ("put", "set_many", "swap", "transact")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def execute(path: Path, script: str) -> None:
    connection = sqlite3.connect(path)
    connection.executescript(script)
    connection.close()


def contents(folder: Path) -> dict[str, str]:
    """Names and digests of all files."""
    return {each.name: hashlib.sha256(each.read_bytes()).hexdigest() for each in folder.iterdir()}


OTHERS: dict[str, str | bytes] = {
    "text": b"number,total\n1,119.00\n" * 50,
    "short text": b"ab",
    "other columns": "CREATE TABLE holdall (id INTEGER, name TEXT); INSERT INTO holdall VALUES (1, 'x');",
    "same columns": "CREATE TABLE holdall (key TEXT PRIMARY KEY, value BLOB);",
    "with a row of the same key": "CREATE TABLE holdall (key, value); INSERT INTO holdall VALUES ('', 'x');",
    "in WAL mode": "PRAGMA journal_mode = WAL; CREATE TABLE HoldAll (id INTEGER);",
    "a view": "CREATE VIEW holdall AS SELECT '' AS key, 'holdall 0' AS value;",
    "an index": "CREATE TABLE t (a); CREATE INDEX holdall ON t (a);",
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
@pytest.mark.parametrize("other", OTHERS)
def test_what_is_not_a_store_is_refused_and_left_as_it_was(
    other: str, attempt: str, path: Path, tmp_path: Path
) -> None:
    made = OTHERS[other]
    if isinstance(made, bytes):
        path.write_bytes(made)
    else:
        execute(path, made)
    before = contents(tmp_path)
    with SQLite(path) as store, pytest.raises(Mismatch) as caught:
        ATTEMPTS[attempt](store)
    assert str(path) in str(caught.value)
    assert contents(tmp_path) == before


def test_a_newer_format_asks_for_an_upgrade(path: Path, tmp_path: Path) -> None:
    with SQLite(path) as store:
        store["a"] = b"1"
    execute(path, "UPDATE holdall SET value = 'holdall 2' WHERE key = ''")
    before = contents(tmp_path)
    with SQLite(path) as store, pytest.raises(Mismatch, match=r"'holdall 2'.*upgrade"):
        store["a"] = b"2"
    assert contents(tmp_path) == before


def test_a_database_in_utf_16_is_refused_before_it_is_changed(path: Path, tmp_path: Path) -> None:
    execute(path, "PRAGMA encoding = 'UTF-16le'; CREATE TABLE t (a);")
    before = contents(tmp_path)
    with SQLite(path) as store, pytest.raises(Mismatch, match="UTF-16le"):
        store["a"] = b"1"
    assert contents(tmp_path) == before


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_a_missing_folder_says_mkdir(attempt: str, tmp_path: Path) -> None:
    with (
        SQLite(tmp_path / "no" / "store.db") as store,
        pytest.raises(StoreNotFound, match="mkdir -p"),
    ):
        ATTEMPTS[attempt](store)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with SQLite(tmp_path) as store, pytest.raises(StoreNotFound, match="is a folder"):
        store["a"] = b"1"


def test_an_empty_file_becomes_a_store(path: Path) -> None:
    path.touch()
    with SQLite(path) as store:
        assert len(store) == 0
        store["a"] = b"1"
        assert dict(store) == {"a": b"1"}


def test_a_damaged_page_is_corrupt_and_no_missing_key(path: Path) -> None:
    with SQLite(path) as store:
        store.update((f"k{i:03}", bytes(500)) for i in range(500))
    data = bytearray(path.read_bytes())
    data[8192 * 3 :] = b"\xff" * (len(data) - 8192 * 3)
    path.write_bytes(data)
    with SQLite(path) as store:
        for read in (
            lambda: store["k250"],
            lambda: list(store.scan_items()),
            lambda: store.get("k250"),
        ):
            with pytest.raises(Corrupt, match="damaged"):
                read()


def test_a_table_that_is_dropped_under_an_open_store_is_not_found(path: Path) -> None:
    with SQLite(path) as store:
        store["a"] = b"1"
        execute(path, "DROP TABLE holdall")
        with pytest.raises(StoreNotFound, match="dropped"):
            store["a"]


@pytest.mark.parametrize("attempt", ["put", "delete", "clear", "set_many", "delete_many", "swap", "transact"])
def test_a_lock_held_past_the_timeout_is_unavailable(attempt: str, path: Path) -> None:
    with SQLite(path, timeout=0) as store:
        store["b"] = b"old"
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="timeout="):
            ATTEMPTS[attempt](store)
        assert dict(store) == {"b": b"old"}  # readers do not wait
        holder.execute("ROLLBACK")
        holder.close()
        store["a"] = b"1"


def test_a_lock_is_waited_for(path: Path) -> None:
    with SQLite(path, timeout=60) as store:
        store["a"] = b"old"
        holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        holder.execute("BEGIN IMMEDIATE")
        release = threading.Timer(0.05, holder.execute, ["COMMIT"])
        release.start()
        store["a"] = b"new"  # Unavailable, were it not for the wait
        release.join()
        holder.close()
        assert store["a"] == b"new"


@pytest.mark.parametrize("attempt", WRITES)
def test_a_value_over_sqlite_s_limit_is_too_large(attempt: str, path: Path) -> None:
    with SQLite(path) as store:
        store["b"] = b"old"
        store._link.connection().setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 1000)
        big = bytes(2000)
        large: dict[str, Attempt] = {
            "put": lambda store: store.__setitem__("a", big),
            "set_many": lambda store: store.set_many([("b", b"new"), ("a", big)]),
            "swap": lambda store: store.swap("a", big, ABSENT),
            "transact": lambda store: store.transact([Put("b", b"new"), Put("a", big)]),
        }
        with pytest.raises(TooLarge, match="split it"):
            large[attempt](store)
        assert dict(store) == {"b": b"old"}


def full_of(store: SQLite) -> None:
    """Write until the store is full; the last value of each key that was acknowledged must be there."""
    store["b"] = b"old"
    written = {"b": b"old"}

    def fill() -> None:
        for i in range(10_000):
            store[f"k{i:05}"] = bytes(20_000)
            written[f"k{i:05}"] = bytes(20_000)

    with pytest.raises(StoreFull, match="free some space") as caught:
        fill()
    assert caught.value.key == f"k{len(written) - 1:05}"
    large = bytes(200_000)
    with pytest.raises(StoreFull):
        store.transact([Put("b", b"new"), Put("a", large)])
    with pytest.raises(StoreFull):
        store.update({"b": b"new", "a": large})
    with pytest.raises(StoreFull):
        store["b"] = large
    assert dict(store) == written


def test_the_most_pages_a_database_may_have_is_full(path: Path) -> None:
    with SQLite(path) as store:
        store["a"] = b""
        del store["a"]
        store._link.connection().execute("PRAGMA max_page_count = 100")
        full_of(store)
        store.clear()
        store["b"] = b"new"
        assert dict(store) == {"b": b"new"}


class Disk:
    """A small file system of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *command: str) -> None:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"this process may not mount a file system: {done.stderr.strip()}")

    def mount(self) -> None:
        self.run("mount", "-t", "tmpfs", "-o", "size=1m", "none", str(self.folder))

    def read_only(self) -> None:
        self.run("mount", "-o", "remount,ro", str(self.folder))

    def unmount(self) -> None:
        subprocess.run(["umount", str(self.folder)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    small = Disk(folder)
    small.mount()
    yield small
    small.unmount()


def test_a_full_disk_keeps_what_was_written_and_says_so(disk: Disk) -> None:
    with SQLite(disk.folder / "store.db") as store:
        full_of(store)
    with SQLite(disk.folder / "store.db") as store:
        assert store["b"] == b"old"


def test_a_disk_too_full_to_create_a_store_says_so(disk: Disk) -> None:
    (disk.folder / "filler").write_bytes(bytes((1 << 20) - 8192))
    with SQLite(disk.folder / "store.db") as store:
        with pytest.raises(StoreFull):
            store["a"] = b"1"
        (disk.folder / "filler").unlink()
        store["a"] = b"1"
        assert dict(store) == {"a": b"1"}


@pytest.mark.parametrize("attempt", WRITES)
def test_a_read_only_folder_denies_the_making_of_a_store(attempt: str, disk: Disk) -> None:
    disk.read_only()
    with SQLite(disk.folder / "store.db") as store:
        assert len(store) == 0
        with pytest.raises(PermissionDenied, match="rights"):
            ATTEMPTS[attempt](store)


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_a_store_on_a_read_only_disk_is_denied_and_no_key_is_missing(attempt: str, disk: Disk) -> None:
    with SQLite(disk.folder / "store.db") as store:
        store["a"] = b"1"
    before = contents(disk.folder)
    disk.read_only()
    with SQLite(disk.folder / "store.db") as store, pytest.raises(PermissionDenied) as caught:
        ATTEMPTS[attempt](store)
    assert isinstance(caught.value, HoldallError)
    assert contents(disk.folder) == before
