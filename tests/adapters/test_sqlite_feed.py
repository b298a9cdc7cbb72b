"""The change feed of SQLite: tables of the old format, the horizons, and files that somebody else prepared."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import holdall
from holdall import SQLite
from holdall.adapters.sqlite import feed, schema
from holdall.errors import Corrupt, Expired, Mismatch, Unsupported
from holdall.store import Feature
from holdall.testing.follower import Follower
from tests.adapters.test_sqlite_refusals import execute


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def old(path: Path) -> Path:
    """A table as the release before the feed made it, with the keys a and b."""
    for statement in (schema._TABLE, schema._MARK, schema._OLD_TRIGGER):
        execute(path, statement.format(name="holdall", tick=1000, format="holdall 1"))
    execute(path, "INSERT INTO holdall (key, value) VALUES ('a', x'01'), ('b', x'02')")
    return path


def keys(store: SQLite, since: str | None = None) -> list[str]:
    return sorted(change.key for change in store.changes(since))


def test_an_old_table_is_read_as_it_is_and_its_feed_begins_with_the_first_write(old: Path) -> None:
    before = old.read_bytes()
    with SQLite(old) as store:
        changes = store.changes()
        assert sorted(change.key for change in changes) == ["a", "b"]
        with pytest.raises(Expired, match="begins with the first write"):
            store.changes(changes.position)
    assert old.read_bytes() == before
    with SQLite(old) as store:
        store["c"] = b"3"
        with pytest.raises(Expired):
            store.changes(changes.position)
        position = [*store.changes()][-1].position
        assert keys(store) == ["a", "b", "c"]
        del store["a"]
        assert keys(store, position) == ["a"]
        assert store._link.row("SELECT value FROM holdall WHERE key = ''") == ("holdall 2",)


@pytest.mark.parametrize(
    "write",
    [
        lambda store: store.__delitem__("a"),
        lambda store: store.clear(),
        lambda store: store.delete_many(["a"]),
        lambda store: store.update(a=b"3"),
        lambda store: store.swap("a", b"3", store.tag("a")),
    ],
)
def test_every_first_write_to_an_old_table_begins_the_feed(write: object, old: Path) -> None:
    with SQLite(old) as store, SQLite(old) as reader:
        write(store)  # type: ignore[operator]
        follower = Follower()
        follower.follow(reader)
        store["b"] = b"4"
        follower.follow(reader)
        assert follower.held == dict(reader.scan_tags())


def test_a_position_from_before_the_first_write_goes_on_from_the_beginning(path: Path) -> None:
    with SQLite(path) as reader, SQLite(path) as store:
        position = reader.changes().position
        store["a"] = b"1"
        assert keys(reader, position) == ["a"]


def test_a_position_expires_with_the_deletions(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "DELETIONS", 3)
    monkeypatch.setattr(schema, "STEP", 1)
    with SQLite(path) as store:
        store.update((f"k{number}", b"") for number in range(9))
        follower = Follower()
        follower.follow(store)
        store.delete_many(["k0", "k1", "k2"])
        assert keys(store, follower.position) == ["k0", "k1", "k2"]
        del store["k3"]
        with pytest.raises(Expired, match="deletions"):
            store.changes(follower.position)
        assert len(keys(store)) == 5


def test_old_deletions_are_forgotten_in_steps(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "DELETIONS", 3)
    monkeypatch.setattr(schema, "STEP", 5)
    with SQLite(path) as store:
        store.update((f"k{number}", b"") for number in range(12))
        position = [*store.changes()][-1].position
        for number in range(9):
            del store[f"k{number}"]
        with pytest.raises(Expired, match="deletions"):
            store.changes(position)
        assert store._link.row('SELECT min(number) FROM "holdall.deletions"') == (3,)
        store.delete_many(["k9", "k10", "k11"])
        assert store._link.row('SELECT min(number) FROM "holdall.deletions"') == (8,)


def test_a_table_without_a_feed_gets_one_when_it_is_opened_with_a_feed(path: Path) -> None:
    with SQLite(path, feed=False) as store:
        store.update(a=b"1", b=b"2")
        del store["a"]
        for call in (store.changes, lambda: store.watch("a.1", timeout=0)):
            with pytest.raises(Unsupported, match="feed=on"):
                call()
        assert Feature.CHANGES not in store.features
        assert store._link.row("SELECT value FROM holdall WHERE key = ''") == ("holdall 1",)
    with holdall.open(f"sqlite:///{path}?feed=off") as store:
        store["c"] = b"3"
    with SQLite(path) as store, SQLite(path, feed=False) as other:
        store["d"] = b"4"
        position = [*store.changes()][-1].position
        del other["b"]
        assert keys(store, position) == ["b"]


def test_a_tick_is_not_used_twice_in_a_table_that_got_a_feed(old: Path) -> None:
    with SQLite(old) as store:
        store["c"] = b"3"
        seen = {store.tag("c")}
        for _ in range(3):
            del store["c"]
            store["c"] = b"3"
            assert store.tag("c") not in seen
            seen.add(store.tag("c"))


def test_a_file_that_replaces_a_deleted_one_refuses_its_positions(path: Path) -> None:
    with SQLite(path) as store:
        store["a"] = b"1"
        position = [*store.changes()][-1].position
    path.unlink()
    with SQLite(path) as store:
        with pytest.raises(Expired):
            store.changes(position)
        store["a"] = b"2"
        with pytest.raises(Expired):
            store.changes(position)


def test_a_position_in_the_middle_of_a_feed_expires_with_a_backup_from_before_it(path: Path) -> None:
    """Its reader has not seen a key that was overwritten later, and the backup takes that write back."""
    with SQLite(path) as store:
        store.update(a=b"1", b=b"1")
        with closing(sqlite3.connect(path)) as file, closing(sqlite3.connect(f"{path}.copy")) as copy:
            file.backup(copy)
        store["a"] = b"2"
        first = next(store.changes())
        assert first.key == "b"
    Path(f"{path}.copy").replace(path)
    with SQLite(path) as store:
        store["c"] = b"3"
        with pytest.raises(Expired, match="backup"):
            store.changes(first.position)


@pytest.mark.parametrize(
    "statement",
    [
        'CREATE TRIGGER more AFTER INSERT ON "holdall.deletions" BEGIN DELETE FROM holdall; END',
        'CREATE TRIGGER more AFTER INSERT ON "holdall.epochs" BEGIN DELETE FROM holdall; END',
        'DROP TRIGGER "holdall.record_deletion"',
        'DROP TRIGGER "holdall.forget_deletions"',
        'DROP TABLE "holdall.epochs"',
        'DROP TABLE "holdall.deletions"',
        "UPDATE holdall SET value = 'holdall 1' WHERE key = ''",
    ],
)
def test_a_feed_that_another_program_changed_is_refused(statement: str, path: Path) -> None:
    with SQLite(path) as store:
        store["a"] = b"1"
    execute(path, statement)
    with SQLite(path) as store, pytest.raises(Mismatch, match="not made by holdall"):
        store["b"] = b"2"


@pytest.mark.parametrize("table", ["holdall", "holdall.deletions", "holdall.epochs"])
@pytest.mark.parametrize(
    "hostile",
    [
        'CREATE VIEW "{}" AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c',
        'CREATE VIRTUAL TABLE "{}" USING fts5(number, key)',
    ],
)
def test_a_view_or_a_virtual_table_in_the_place_of_a_table_is_refused(
    table: str, hostile: str, path: Path
) -> None:
    with SQLite(path) as store:
        store["a"] = b"1"
    execute(path, f'DROP TABLE "{table}"')
    execute(path, hostile.format(table))
    with SQLite(path) as store:
        for call in (store.changes, lambda: store.watch("a.1.1.1"), lambda: store.discard("a")):
            with pytest.raises(Mismatch, match="not made by holdall"):
                call()


@pytest.mark.parametrize(
    "statement",
    [
        'CREATE UNIQUE INDEX more ON "holdall.deletions" (key)',
        'CREATE UNIQUE INDEX more ON "holdall.epochs" (writes)',
        "create /* each value once */ unique index more ON holdall (value)",
    ],
)
def test_an_index_that_would_lose_rows_is_refused(statement: str, path: Path) -> None:
    with SQLite(path) as store:
        store["a"] = b"1"
    execute(path, statement)
    with SQLite(path) as store, pytest.raises(Mismatch, match="not made by holdall"):
        store["b"] = b"1"
    execute(path, "DROP INDEX more")
    execute(path, 'CREATE INDEX more ON "holdall.deletions" (key)')
    with SQLite(path) as store:
        assert keys(store) == ["a"]


@pytest.mark.parametrize(
    "statement",
    [
        f"INSERT INTO holdall VALUES ({2**63 - 1}, 'z', x'')",  # SQLite then chooses ticks at random
        "INSERT INTO holdall VALUES (-5, 'z', x'')",
        "INSERT INTO holdall VALUES (0, 'z', x'')",
        f"INSERT INTO \"holdall.deletions\" VALUES ({2**63 - 1}, 'z')",
        "INSERT INTO \"holdall.deletions\" VALUES (-3, 'z')",
        f"INSERT INTO \"holdall.epochs\" VALUES ({2**63 - 1}, 'abc', 7)",
        "INSERT INTO \"holdall.epochs\" (name, writes) VALUES ('../É', 7)",
        "INSERT INTO \"holdall.epochs\" (name, writes) VALUES (x'00', 7)",
        'INSERT INTO "holdall.epochs" (name, writes) VALUES (zeroblob(1000000), 7)',
    ],
)
def test_a_feed_with_numbers_and_names_of_another_program_is_corrupt(statement: str, path: Path) -> None:
    with SQLite(path) as store:
        store["a"] = b"1"
        position = [*store.changes()][-1].position
    execute(path, statement)
    with SQLite(path) as store:
        assert store["a"] == b"1"
        for since in (None, position):
            with pytest.raises(Corrupt, match="another program"):
                store.changes(since)


def test_the_keys_of_another_program_are_not_told(path: Path) -> None:
    with SQLite(path) as store:
        store["a"] = b"1"
        position = [*store.changes()][-1].position
    for table in ("holdall (value, key)", '"holdall.deletions" (number, key)'):
        values = "(NULL, zeroblob(9)), (NULL, printf('%.2000000c', 'k')), (NULL, 'a//b'), (NULL, 5)"
        execute(
            path, f"INSERT INTO {table} VALUES {values.replace('NULL', '17' if 'value' in table else 'NULL')}"
        )
    with SQLite(path) as store:
        assert keys(store, position) == ["5"]
        assert keys(store) == ["5", "a"]


def test_a_position_that_was_made_up_expires(path: Path) -> None:
    with SQLite(path) as store:
        store["a"] = b"1"
        origin, tick, *_ = [*store.changes()][-1].position.split(".")
        for numbers in (
            f"{9 * 10**19}.0.1",
            f"{tick}.{9 * 10**19}.1",
            f"{tick}.1.{tick}",
            tick,
            f"{tick}.0.0.0",
        ):
            with pytest.raises(Expired):
                store.changes(f"{origin}.{numbers}")


def test_deletions_that_another_program_removed_are_noticed(path: Path) -> None:
    with SQLite(path) as store:
        store.update(a=b"1", b=b"1")
        del store["a"]
        position = [*store.changes()][-1].position
        del store["b"]
        execute(path, 'DELETE FROM "holdall.deletions"')
        store.update((f"k{number}", b"1") for number in range(9))
        with pytest.raises(Expired, match="another program"):
            store.changes(position)


def test_an_epoch_with_a_text_in_the_place_of_a_number_expires(path: Path) -> None:
    with SQLite(path) as store:
        store["a"] = b"1"
        position = [*store.changes()][-1].position
    execute(path, "INSERT INTO \"holdall.epochs\" (name, writes) VALUES ('abc', 'many')")
    with SQLite(path) as store, pytest.raises(Expired):
        store.changes(position)


def test_an_old_table_with_the_feed_of_another_program_is_refused(old: Path) -> None:
    execute(old, 'CREATE TABLE "holdall.epochs" (name)')
    with SQLite(old) as store, pytest.raises(Mismatch, match="not made by holdall"):
        store["b"] = b"2"


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
def test_a_position_does_not_pass_a_transaction_that_is_still_open(end: str, path: Path) -> None:
    with SQLite(path) as store, closing(sqlite3.connect(path, isolation_level=None)) as writer:
        store.update(a=b"1", b=b"1", c=b"1")
        first = Follower()
        first.follow(store)
        before = dict(first.held)
        writer.execute("BEGIN IMMEDIATE")
        for statement in (
            "INSERT OR REPLACE INTO holdall (key, value) VALUES ('a', x'02'), ('d', x'02')",
            "DELETE FROM holdall WHERE key IN ('b', 'd')",
            "INSERT INTO holdall (key, value) VALUES ('e', x'02')",
        ):
            writer.execute(statement)
            assert first.follow(store) == 0
            assert not store.watch(str(first.position), timeout=0)
            second = Follower()
            second.follow(store)
            assert second.held == before
        writer.execute(end)
        for follower in (first, second):
            assert follower.follow(store) == (
                4 if end == "COMMIT" else 0
            )  # a and e, and that b and d are gone
            assert follower.held == dict(store.scan_tags())
        store["f"] = b"3"
        assert keys(store, first.position) == ["f"]


def test_a_feed_that_is_half_read_does_not_pass_a_transaction(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The feed reads page after page, and another writer commits between two of them."""
    monkeypatch.setattr(feed, "_PAGE", 2)
    with SQLite(path) as store, SQLite(path) as other:
        store.update((f"k{number}", b"1") for number in range(6))
        follower = Follower()
        follower.follow(store)
        store.update((f"k{number}", b"2") for number in range(4))
        changes = store.changes(follower.position)
        next(changes)
        other["k0"] = b"3"
        other["k5"] = b"3"
        del other["k3"]
        other["new"] = b"3"
        told = {change.key for change in changes}
        assert told <= {"k1", "k2", "k3"}
        assert keys(store, changes.position) == ["k0", "k3", "k5", "new"]


def test_deletions_that_are_forgotten_while_a_feed_is_read_are_not_missed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "DELETIONS", 1000)
    with SQLite(path, durability="os") as store:
        store.update((f"k{number:04}", b"") for number in range(2002))
        position = [*store.changes()][-1].position
        del store["k0000"]
        changes = store.changes(position)
        store.delete_many(f"k{number:04}" for number in range(1, 2001))
        with pytest.raises(Expired, match="older than the last 1,000 deletions"):
            list(changes)
