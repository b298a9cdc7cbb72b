"""What the SQLite store refuses, with which error, and that it leaves things as they were."""

import hashlib
import sqlite3
import threading
from pathlib import Path

import pytest

from holdall import SQLite
from holdall.errors import (
    Corrupt,
    Mismatch,
    StoreNotFound,
    TooLarge,
    Unavailable,
)
from holdall.store import ABSENT, Put
from tests.adapters.sqlite_attempts import ATTEMPTS, WRITES, Attempt


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
    "with a row of the same key in no UTF-8": (
        "CREATE TABLE holdall (key, value); INSERT INTO holdall VALUES ('', CAST(x'ff' AS TEXT));"
    ),
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
    execute(path, "UPDATE holdall SET value = 'holdall 3' WHERE key = ''")
    before = contents(tmp_path)
    with SQLite(path) as store, pytest.raises(Mismatch, match=r"'holdall 3'.*upgrade"):
        store["a"] = b"2"
    assert contents(tmp_path) == before


def test_a_database_in_utf_16_is_refused_before_it_is_changed(path: Path, tmp_path: Path) -> None:
    execute(path, "PRAGMA encoding = 'UTF-16le'; CREATE TABLE t (a);")
    before = contents(tmp_path)
    with SQLite(path, table="holdall") as store, pytest.raises(Mismatch, match="UTF-16le"):
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
