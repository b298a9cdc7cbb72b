"""Backups keep history, a restore goes back to any time, and a backup that watches copies each change."""

import threading
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from holdall import File, Invalid, Json, Memory, SQLite, Unavailable, Versions
from holdall.replication import follow, restore
from holdall.replication.backup import back_up
from holdall.store import Feature
from tests.replication.mortal import Life, Mortal, Without


def test_a_sqlite_file_is_restored_to_an_earlier_time(tmp_path: Path) -> None:
    bucket = File(tmp_path / "bucket", durability="os")
    with Json(SQLite(tmp_path / "books.db", durability="os")) as books, Json(bucket) as kept:
        books["a"], books["b"], books["c"] = {"total": 1}, {"total": 2}, {"total": 3}
        back_up(books, kept)
        noon = datetime.now(UTC)
        before = dict(books)
        books["a"] = {"total": 99}
        del books["b"]
        books["d"] = {"total": 4}
        back_up(books, kept)
        assert dict(Versions(kept)) == dict(books)
        report = restore(kept, books, noon, dry_run=True)
        assert (report.copied, report.deleted) == (2, 1)
        assert restore(kept, books, noon).changed == 3
        assert dict(books) == before
        assert restore(kept, books, noon).changed == 0
        assert back_up(books, kept).changed == 3  # the restore is a change like any other
        assert [each.deleted for each in Versions(bucket).history("b")] == [False, True, False]
    with SQLite(tmp_path / "new.db", durability="os") as new:
        restore(bucket, new)
        assert Json(new)["a"] == {"total": 1}


def test_keys_that_only_the_backup_has_are_deleted_and_remembered() -> None:
    source, bucket = Memory(), Versions(Memory())
    bucket["old"] = b"1"
    source["a"] = b"1"
    assert back_up(source, bucket).deleted == 1
    assert bucket.at("old", 1) == b"1"


def test_a_part_is_restored() -> None:
    bucket, target = Memory(), Memory()
    bucket.update({"a/1": b"1", "b/1": b"1"})
    target.update({"a/2": b"2", "b/2": b"2"})
    restore(bucket, target, prefix="a/")
    assert dict(target) == {"a/1": b"1", "b/2": b"2"}


def test_a_store_is_not_its_own_backup(tmp_path: Path) -> None:
    ours, theirs = (SQLite(tmp_path / "a.db", durability="os") for _ in range(2))
    with ours, theirs:
        ours["a"] = b"1"
        with pytest.raises(Invalid):
            back_up(ours, theirs)
        with pytest.raises(Invalid):
            restore(ours, theirs)


def test_each_change_is_copied_until_the_store_is_closed(tmp_path: Path) -> None:
    bucket = Memory()
    copied = threading.Semaphore(0)
    with SQLite(tmp_path / "a.db", durability="os") as source:
        source["a"] = b"1"

        def run() -> None:
            for report in follow(partial(back_up, source, bucket), source):
                for _ in range(report.copied):
                    copied.release()

        thread = threading.Thread(target=run)
        thread.start()
        for value in (b"2", b"3"):
            assert copied.acquire(timeout=60)
            source["a"] = value
        assert copied.acquire(timeout=60)
    thread.join(60)
    assert not thread.is_alive()
    assert [each.number for each in Versions(bucket).history("a")] == [3, 2, 1]


def test_a_backup_survives_a_lost_link(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("holdall.replication.backup.time", SimpleNamespace(sleep=waits.append))
    source, there = Without(Memory()), Memory()
    source["a"] = b"1"
    away = [True] * 3

    class Away(Mortal):
        def _call(self, name: str, call: Any, /, *args: Any) -> Any:
            if away:
                away.pop()
                raise Unavailable("the link is cut")
            return call(*args)

    lost: list[tuple[Unavailable, float]] = []
    target = Without(Away(there, Life()), Feature.ATOMIC)
    make = partial(back_up, source, target)
    reports = follow(
        make, source, begin=partial(make, verify=True), interval=7, lost=lambda *each: lost.append(each)
    )
    assert next(reports).copied == 1
    assert waits == [1, 2, 4]
    source["a"] = b"2"
    assert next(reports).copied == 1
    assert waits == [1, 2, 4, 7]
    assert [wait for _, wait in lost] == [1, 2, 4]


def test_a_backup_without_keys_does_not_empty_the_store() -> None:
    books, kept = Memory(), Memory()
    books["a"] = b"1"
    with pytest.raises(Invalid, match="has no keys"):
        restore(Memory(), books)  # as if the address were mistyped
    before = datetime.now(UTC)
    back_up(books, kept)
    with pytest.raises(Invalid, match="has no keys"):
        restore(kept, books, before)
    assert dict(books) == {"a": b"1"}
    assert restore(kept, books, before, allow_empty=True).deleted == 1
