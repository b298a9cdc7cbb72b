"""The SQLite store with a file that somebody else prepared, and in a process that may do little."""

import contextlib
import os
import resource
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from holdall import SQLite
from holdall.errors import Corrupt, Mismatch, StoreFull, Unavailable
from tests.adapters.sqlite_attempts import ATTEMPTS
from tests.adapters.test_sqlite_refusals import execute


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


# ---- Files that another user made ------------------------------------------------------------------

_ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c"


@pytest.mark.parametrize(
    "hostile",
    [
        f"CREATE VIEW holdall AS SELECT '' AS key, (SELECT max(x) FROM ({_ENDLESS})) AS value, 1 AS tick",
        "CREATE TABLE holdall (tick, key, value)",
        "CREATE TABLE holdall (tick INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, value BLOB NOT NULL, more)",
        "CREATE VIRTUAL TABLE holdall USING fts5(tick, key, value)",
    ],
)
@pytest.mark.parametrize("attempt", ["get", "scan", "len", "put"])
def test_what_only_looks_like_a_store_is_refused_before_it_is_read(
    hostile: str, attempt: str, path: Path
) -> None:
    execute(path, hostile)
    if "VIEW" not in hostile:
        execute(path, "INSERT INTO holdall (tick, key, value) VALUES (1, '', 'holdall 1'), (2, 'a', 'text')")
    with SQLite(path) as store, pytest.raises(Mismatch, match="not made by holdall"):
        ATTEMPTS[attempt](store)


@pytest.mark.parametrize("event", ["INSERT", "UPDATE", "DELETE"])
def test_a_table_with_another_trigger_is_refused(event: str, path: Path) -> None:
    with SQLite(path) as store:
        store["a"] = b"1"
    execute(
        path, f"CREATE TRIGGER more AFTER {event} ON holdall BEGIN DELETE FROM holdall WHERE key = 'a'; END"
    )
    with SQLite(path) as store, pytest.raises(Mismatch, match="not made by holdall"):
        store["b"] = b"2"
    execute(path, "DROP TRIGGER more")
    with SQLite(path) as store:
        assert dict(store) == {"a": b"1"}


def test_a_table_without_its_trigger_is_refused(path: Path) -> None:
    with SQLite(path) as store:
        store["a"] = b"1"
    execute(path, "DROP TRIGGER holdall_keep_tick")
    with SQLite(path) as store, pytest.raises(Mismatch):
        store["a"]


def test_an_index_of_another_program_and_a_dump_that_was_read_again_are_accepted(path: Path) -> None:
    with SQLite(path) as store:
        store["a"] = b"1"
    execute(path, "CREATE INDEX more ON holdall (value)")
    with SQLite(path) as store:
        assert dict(store) == {"a": b"1"}
    with closing(sqlite3.connect(path)) as old, closing(sqlite3.connect(path.with_name("new.db"))) as new:
        new.executescript("\n".join(old.iterdump()))
    with SQLite(path.with_name("new.db")) as store:
        assert dict(store) == {"a": b"1"}


def test_values_are_bytes_and_keys_are_text_whatever_another_program_stored(path: Path) -> None:
    with SQLite(path) as store:
        store["a"] = b"1"
    execute(path, "INSERT INTO holdall (key, value) VALUES ('b', 'text'), (x'ff', x'00'), ('c', 5)")
    with SQLite(path) as store:
        assert dict(store) == {"a": b"1", "b": b"text", "c": b"5"}
        assert (store["b"], store.get("c"), store.get_tagged("b").value) == (b"text", b"5", b"text")
        assert dict(store.get_many(["b", "c"])) == {"b": b"text", "c": b"5"}
        assert len(store) == 3


def test_a_key_that_is_not_utf_8_is_named_by_what_would_return_it(path: Path) -> None:
    with SQLite(path) as store:
        store["a"] = b"1"
    execute(path, "INSERT INTO holdall (key, value) VALUES (CAST(x'ff41' AS TEXT), x'00')")
    with SQLite(path) as store:
        assert (store["a"], len(store)) == (b"1", 1)
        for read in (store.scan, store.scan_items, store.scan_tags, store.scan_names, store.changes):
            with pytest.raises(Corrupt, match="key that is not text in UTF-8"):
                list(read())
        store.clear()
        assert len(store) == 0


def test_an_interrupt_ends_a_statement_that_takes_long(path: Path) -> None:
    with SQLite(path) as store:
        store["a"] = b"1"
        before = signal.signal(signal.SIGALRM, signal.default_int_handler)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            with pytest.raises(KeyboardInterrupt):
                store._link.row(f"SELECT max(x) FROM ({_ENDLESS})")
        finally:
            signal.signal(signal.SIGALRM, before)
        assert store["a"] == b"1"


# ---- Limits of the process -------------------------------------------------------------------------


@pytest.mark.parametrize("attempt", ["get", "put"])
def test_a_process_that_may_open_no_more_files_is_unavailable(attempt: str, path: Path) -> None:
    with SQLite(path) as store:
        store["a"] = b"1"
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    fds = []
    with SQLite(path) as store:
        resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/dev/fd")) + 20, hard))
        try:
            with contextlib.suppress(OSError):
                while True:
                    fds.append(os.open(os.devnull, os.O_RDONLY))
            with pytest.raises(Unavailable, match=r"Too many open files.*ulimit -n"):
                ATTEMPTS[attempt](store)
            os.close(fds.pop())  # the database can be opened, but not its log
            with pytest.raises(Unavailable, match=r"Too many open files.*ulimit -n"):
                ATTEMPTS[attempt](store)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            for fd in fds:
                os.close(fd)
        assert store["a"] == b"1"


def test_a_file_that_would_grow_over_the_limit_of_the_process_is_full(path: Path) -> None:
    with SQLite(path) as store:
        store["a"] = b"old"
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
        try:
            with pytest.raises(StoreFull, match="ulimit -f"):
                store["a"] = bytes(300_000)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert store["a"] == b"old"
