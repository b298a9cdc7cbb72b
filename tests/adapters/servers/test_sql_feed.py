"""The change feed of the SQL servers: open transactions, old and foreign tables, horizons, and restored backups."""

import pickle
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
import sqlalchemy as sa

from holdall.adapters.sql import mysql_feed, postgresql_feed
from holdall.adapters.sql.feed import Snapshot
from holdall.adapters.sql.store import _row
from holdall.changes import Position
from holdall.errors import Expired, Mismatch, Unavailable, Unsupported
from holdall.store import ABSENT, Expect, Feature
from holdall.testing.follower import Follower
from tests.servers import sql
from tests.servers.daemons import folder, program
from tests.soak import SOAK

KILLS = 100 if SOAK else 2
SERVERS = ["mysql", "postgresql"]
pytestmark = pytest.mark.servers


@pytest.fixture
def running(server, request):
    return request.getfixturevalue(server)


@pytest.fixture
def store(running):
    with running.store(feed=True) as store:
        yield store


def keys(store, since=None):
    return sorted(change.key for change in store.changes(since))


def run(store, statement):
    """Run ``statement``, in which TABLE is the name of the store's table."""
    text = statement.replace("TABLE_OF_STORE", store._table.name)
    return store._link.run(lambda connection: connection.exec_driver_sql(text))


def expect_equal(follower, store):
    follower.follow(store)
    assert follower.held == dict(store.scan_tags())


@contextmanager
def transaction(store) -> Iterator[sa.Connection]:
    """A connection with an open transaction, which is committed at the end."""
    connection = store._link._pool()._connector.connect()
    connection.exec_driver_sql("BEGIN")
    try:
        yield connection
        connection.exec_driver_sql("COMMIT")
    finally:
        connection.invalidate()


def put(store, connection, key):
    connection.execute(store._link.put(), [_row(key, b"1")])


def delete(store, connection, key):
    connection.execute(store._table.delete([key]))


# ---- Transactions that are open ------------------------------------------------------------------


def follow_two_transactions(store, first_commits_first):
    """Two transactions begin in one order and commit in the same or the other; a follower looks at each step."""
    store.update({"a": b"1", "b": b"1", "c": b"1"})
    followers = [Follower(), Follower(), Follower()]
    for follower in followers:
        follower.follow(store)
    first, second = transaction(store), transaction(store)
    one, two = first.__enter__(), second.__enter__()
    put(store, one, "a")
    delete(store, one, "b")
    put(store, two, "c")
    put(store, two, "d")
    delete(store, two, "d")
    followers[0].follow(store)
    for each in (first, second) if first_commits_first else (second, first):
        each.__exit__(None, None, None)
        followers[0].follow(store)
        followers[1].follow(store, 1)
    for follower in followers:
        expect_equal(follower, store)
        assert list(store.changes(follower.position)) == []


@pytest.mark.parametrize("first_commits_first", [True, False])
def test_a_position_does_not_pass_a_transaction_that_commits_later(postgresql, first_commits_first):
    with postgresql.store() as store:
        follow_two_transactions(store, first_commits_first)


def test_the_schedule_finds_a_feed_that_passes_open_transactions(postgresql, monkeypatch):
    monkeypatch.setattr(Snapshot, "shows", lambda snapshot, tick: tick < snapshot.end)
    with postgresql.store() as store, pytest.raises(AssertionError):
        follow_two_transactions(store, first_commits_first=False)


def test_a_transaction_that_is_open_for_long_repeats_nothing(postgresql):
    with postgresql.store() as store, transaction(store) as connection:
        put(store, connection, "late")
        follower = Follower()
        for number in range(5):
            store[f"k{number}"] = b"1"
            assert follower.follow(store) == 1
        assert follower.follow(store) == 0


def test_transactions_of_mysql_commit_in_the_order_of_their_ticks(mysql):
    with mysql.store(feed=True) as store, mysql.store(table=store._table.name) as other:
        store.update({"a": b"1", "b": b"1"})
        follower = Follower()
        follower.follow(store)
        with transaction(store) as connection:
            put(store, connection, "a")
            delete(store, connection, "b")
            writer = threading.Thread(target=other.__setitem__, args=("c", b"1"))
            writer.start()
            busy = "command = 'Query' AND db = database() AND id <> connection_id()"
            waits = f"SELECT count(*) FROM information_schema.processlist WHERE {busy}"
            while not run(store, waits).scalar():
                assert follower.follow(store) == 0
            assert follower.follow(store) == 0
        writer.join()
        expect_equal(follower, store)


def test_a_watcher_is_told_of_a_transaction_that_began_before(postgresql):
    with postgresql.store() as store:
        store["a"] = b"1"
        position = store.changes().position
        [*changes] = store.changes(position)
        position = changes[-1].position
        committed = threading.Event()

        def commit_later():
            with transaction(store) as connection:
                put(store, connection, "b")
                written.set()
                committed.wait()

        written = threading.Event()
        writer = threading.Thread(target=commit_later)
        writer.start()
        written.wait()
        timer = threading.Timer(0.3, committed.set)
        timer.start()
        assert store.watch(position, timeout=60)
        writer.join()


# ---- Tables of the format before ----------------------------------------------------------------


@pytest.mark.parametrize("server", SERVERS)
def test_an_old_table_is_read_and_its_feed_begins_with_the_first_write(running):
    with running.store(feed=False) as old, running.store(feed=True, table=old._table.name) as store:
        old.update({"a": b"1", "b": b"2"})
        feed = store.changes()
        assert sorted((change.key, change.tag) for change in feed) == list(old.scan_tags())
        with pytest.raises(Expired, match="begins with the next write"):
            store.changes(feed.position)
        assert store._link.run(store._link.columns) == store._link.expected
        store["c"] = b"3"
        with pytest.raises(Expired, match="before the feed began"):
            store.changes(feed.position)
        follower = Follower()
        expect_equal(follower, store)
        assert follower.held.keys() == {"a", "b", "c"}
        old["a"] = b"4"  # by a process that opened the table when it had no feed
        del old["b"]
        old.swap("d", b"5", ABSENT)
        assert follower.follow(store) == 3
        assert follower.held == dict(store.scan_tags())


@pytest.mark.parametrize("server", SERVERS)
def test_a_reader_that_opened_an_old_table_finds_the_feed(running):
    with running.store(feed=False) as old, running.store(feed=True, table=old._table.name) as reader:
        old["a"] = b"1"
        assert keys(reader) == ["a"]
        with running.store(feed=True, table=old._table.name) as writer:
            writer["b"] = b"2"
        follower = Follower()
        expect_equal(follower, reader)
        old["c"] = b"3"
        assert follower.follow(reader) == 1


@pytest.mark.parametrize("server", SERVERS)
def test_an_old_table_of_many_rows_is_told_page_by_page(running, monkeypatch):
    monkeypatch.setattr("holdall.adapters.sql.feed.BATCH", 7)
    with running.store(feed=False) as old, running.store(feed=True, table=old._table.name) as store:
        old.update((f"k{number:02}", b"1") for number in range(50))
        assert len(keys(store)) == 50
        store["new"] = b"2"
        expect_equal(Follower(), store)
        follower = Follower()
        while follower.follow(store, 9) == 9:
            store["new"] = b"3"
        expect_equal(follower, store)
        store.delete_many(f"k{number:02}" for number in range(0, 50, 2))
        store.update((f"k{number:02}", b"4") for number in range(20))
        expect_equal(follower, store)


@pytest.mark.parametrize("server", SERVERS)
def test_an_older_release_refuses_a_table_with_a_feed(running, store, monkeypatch):
    store["a"] = b"1"
    with running.store(table=store._table.name) as older:
        monkeypatch.setattr(type(older._link.recorder), "tick", {})  # it knows the old columns only
        with pytest.raises(Mismatch, match="not a table of a store"):
            older["a"] = b"2"


def test_a_store_without_a_feed_says_how_to_open_it(mysql):
    with mysql.store() as store:
        assert Feature.CHANGES not in store.features
        with pytest.raises(Unsupported, match=r"\?feed=on"):
            store.changes()


def test_a_user_who_does_not_own_the_table_writes_without_a_feed_and_later_with_it(postgresql):
    with postgresql.store(feed=False) as old:
        old["a"] = b"1"
        for text in (
            "DROP ROLE IF EXISTS writer",
            "CREATE ROLE writer LOGIN PASSWORD 'w'",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE_OF_STORE TO writer",
        ):
            run(old, text)
        table = old._table.name
        with postgresql.store(table=table, user="writer", password="w") as writer:
            writer["b"] = b"2"
            feed = writer.changes()
            assert sorted(change.key for change in feed) == ["a", "b"]
            with pytest.raises(Expired, match="next write"):
                writer.changes(feed.position)
            with postgresql.store(table=table) as owner:
                owner["c"] = b"3"
                follower = Follower()
                follower.follow(owner)
                writer["d"] = b"4"
                del writer["a"]
                assert follower.follow(owner) == 2
                expect_equal(follower, owner)
        run(old, "DROP OWNED BY writer")
        run(old, "DROP ROLE writer")


# ---- Horizons -----------------------------------------------------------------------------------


@pytest.mark.parametrize("server", SERVERS)
def test_a_position_expires_with_the_deletions(running, monkeypatch):
    monkeypatch.setattr(mysql_feed, "DELETIONS", 3)
    monkeypatch.setattr(postgresql_feed, "DELETIONS", 3)
    with running.store(feed=True) as store:
        store.update((f"k{number}", b"") for number in range(9))
        follower = Follower()
        follower.follow(store)
        store.delete_many(["k0", "k1", "k2"])
        assert keys(store, follower.position) == ["k0", "k1", "k2"]
        feed = store.changes(follower.position)
        next(feed)
        middle = feed.position
        del store["k3"]
        for position in (follower.position, middle):
            with pytest.raises(Expired, match="no longer recorded"):
                store.changes(position)
        assert len(keys(store)) == 5
        follower = Follower()
        while follower.follow(store, 2):
            pass
        expect_equal(follower, store)


@pytest.mark.parametrize("server", SERVERS)
def test_a_feed_expires_if_its_deletions_are_dropped_while_it_is_read(running, monkeypatch):
    monkeypatch.setattr("holdall.adapters.sql.feed.BATCH", 2)
    monkeypatch.setattr(mysql_feed, "DELETIONS", 5)
    monkeypatch.setattr(postgresql_feed, "DELETIONS", 5)
    with running.store(feed=True) as store:
        store.update((f"k{number}", b"") for number in range(20))
        follower = Follower()
        follower.follow(store)
        for number in range(5):
            del store[f"k{number}"]
        feed = store.changes(follower.position)
        next(feed)
        for number in range(5, 15):
            del store[f"k{number}"]
        with pytest.raises(Expired, match="no longer recorded"):
            list(feed)


def test_a_position_expires_with_its_epoch(mysql, monkeypatch):
    monkeypatch.setattr(mysql_feed, "EPOCHS", 3)
    positions = []
    table = f"t{uuid4().hex}"
    for number in range(6):
        with mysql.store(feed=True, table=table) as store:
            store[f"k{number}"] = b""
            positions.append([*store.changes()][-1].position)
    with mysql.store(feed=True, table=table) as store:
        with pytest.raises(Expired):
            store.changes(positions[2])
        assert keys(store, positions[3]) == ["k4", "k5"]


@pytest.mark.parametrize("server", SERVERS)
def test_an_absent_key_that_was_only_expected_is_not_told(running, store):
    store["a"] = b"1"
    position = [*store.changes()][-1].position
    store.transact([Expect("b", ABSENT)])
    assert keys(store, position) == []


# ---- Tables that were replaced ------------------------------------------------------------------


@pytest.mark.parametrize("server", SERVERS)
def test_a_table_that_was_dropped_and_made_again_refuses_the_old_positions(running, store):
    store.update({"a": b"1", "b": b"1"})
    position = [*store.changes()][-1].position
    run(store, "DROP TABLE TABLE_OF_STORE")
    with running.store(feed=True, table=store._table.name) as other:
        for _ in range(3):
            with pytest.raises(Expired):
                other.changes(position)
            with pytest.raises(Expired):
                store.changes(position)
            other.update({"a": b"2", "c": b"3"})
        expect_equal(Follower(), store)


@pytest.mark.parametrize("server", SERVERS)
def test_a_table_whose_triggers_are_gone_begins_its_feed_again(running, store):
    store.update({"a": b"1", "b": b"1"})
    position = [*store.changes()][-1].position
    for text in (
        ["DROP TRIGGER holdall_tick ON TABLE_OF_STORE"]
        if "postgresql" in store._link.url
        else ["DROP TRIGGER `TABLE_OF_STORE.inserted`"]
    ):
        run(store, text)
    run(store, "UPDATE TABLE_OF_STORE SET tag = 'other'")
    with pytest.raises(Expired, match="next write"):
        store.changes(position)
    store["c"] = b"1"
    with pytest.raises(Expired):
        store.changes(position)
    follower = Follower()
    expect_equal(follower, store)
    store["a"] = b"2"
    assert follower.follow(store) == 1


def test_a_table_that_was_truncated_begins_its_feed_again(postgresql):
    with postgresql.store() as store:
        store["a"] = b"1"
        position = [*store.changes()][-1].position
        run(store, "TRUNCATE TABLE_OF_STORE")
        for _ in range(2):
            with pytest.raises(Expired):
                store.changes(position)
            store["b"] = b"2"
        expect_equal(Follower(), store)


# ---- Backups ------------------------------------------------------------------------------------


def test_a_dump_that_was_restored_refuses_all_positions_and_goes_on(postgresql, tmp_path):
    where = ["-h", "127.0.0.1", "-p", str(postgresql.port), "-U", sql.USER]
    database = f"d{uuid4().hex}"
    login = {"host": "127.0.0.1", "port": postgresql.port, "user": sql.USER, "dbname": "holdall"}

    def recreate():
        with psycopg.connect(**login, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {database}")
            connection.execute(f"CREATE DATABASE {database}")

    recreate()
    with postgresql.store(database=database, table="books") as store:
        store.update({"a": b"1", "b": b"1"})
        early = [*store.changes()][-1].position
        dump = subprocess.run(
            [program("pg_dump", "postgresql"), *where, database], check=True, capture_output=True
        ).stdout
        store.update({"b": b"2", "c": b"1"})
        late = [*store.changes()][-1].position
    recreate()
    with psycopg.connect(**login | {"dbname": database}, autocommit=True) as connection:
        connection.execute("CREATE TABLE other (id int)")  # so that the restored table has another oid
    restore = [program("psql", "postgresql"), *where, "-q", "-v", "ON_ERROR_STOP=1", database]
    subprocess.run(restore, input=dump, check=True, stdout=subprocess.DEVNULL)
    with postgresql.store(database=database, table="books") as store:
        for _ in range(4):
            for position in (early, late):
                with pytest.raises(Expired):
                    store.changes(position)
            assert keys(store) == ["a", "b"]
            store.update({"a": b"3", "b": b"4"})
        follower = Follower()
        expect_equal(follower, store)
        store["d"] = b"1"
        del store["a"]
        assert follower.follow(store) == 2
        expect_equal(follower, store)
    with psycopg.connect(**login, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {database}")


def test_numbers_of_transactions_that_are_lower_after_a_restore(postgresql):
    """A dump of a server with many transactions, in a server with few."""
    with postgresql.store() as store:
        store.update({"a": b"1", "b": b"1"})
        run(store, "ALTER TABLE TABLE_OF_STORE DISABLE TRIGGER USER")
        run(store, "UPDATE TABLE_OF_STORE SET tick = tick + 1000000000")
        run(store, "UPDATE \"TABLE_OF_STORE.epochs\" SET system = 7, started = '2020-01-01' WHERE number > 0")
        run(store, "ALTER TABLE TABLE_OF_STORE ENABLE TRIGGER USER")
        store.close()  # no session survives a restart of a server
        follower = Follower()
        assert len(keys(store)) == 2
        store["c"] = b"1"
        expect_equal(follower, store)
        assert follower.held.keys() == {"a", "b", "c"}
        del store["a"]
        store["b"] = b"2"
        assert follower.follow(store) == 2
        expect_equal(follower, store)


def test_transactions_that_a_crash_took_back_may_have_the_same_numbers_again(postgresql):
    """A transaction without writes leaves no trace in the log, so a server may use its number a second time."""
    with postgresql.store() as store:
        store["a"] = b"1"
        follower = Follower()
        follower.follow(store)
        origin, numbers = Position.parse(follower.position)
        writes, log, low, _, end, count = numbers
        seen = str(Position(origin, (writes, log, low, end + 50, end + 50, count)))
        run(store, "UPDATE \"TABLE_OF_STORE.epochs\" SET started = '2020-01-01' WHERE number > 0")
        store.close()  # no session survives a restart of a server
        store["b"] = b"1"
        assert keys(store, seen) == ["b"]


def test_a_dump_of_mysql_that_was_restored_refuses_the_positions_since_then(mysql):
    where = ["-h", "127.0.0.1", "-P", str(mysql.port), "-u", sql.USER]
    database = f"d{uuid4().hex}"
    client = program("mariadb", "mariadb-client")

    def recreate():
        create = f"DROP DATABASE IF EXISTS {database}; CREATE DATABASE {database}"
        subprocess.run([client, *where, "-e", create], check=True)

    recreate()
    with mysql.store(database=database, feed=True) as store:
        store.update({"a": b"1", "b": b"1"})
        early = [*store.changes()][-1].position
        dumper = [program("mariadb-dump", "mariadb-client"), *where, "--hex-blob", database]
        dump = subprocess.run(dumper, check=True, capture_output=True).stdout
        for number in range(4):
            store["b"] = b"%d" % number
        late = [*store.changes()][-1].position
        table = store._table.name
    recreate()
    subprocess.run([client, *where, "--binary-mode", database], input=dump, check=True)
    with mysql.store(database=database, feed=True, table=table) as store:
        for number in range(9):
            with pytest.raises(Expired, match="restored"):
                store.changes(late)
            store["c"] = b"%d" % number
        assert keys(store, early) == ["c"]
        expect_equal(Follower(), store)
    subprocess.run([client, *where, "-e", f"DROP DATABASE {database}"], check=True)


@pytest.fixture(scope="module")
def own():
    """A PostgreSQL server whose files a test replaces."""
    with pytest.MonkeyPatch.context() as patch, folder("nobody") as data:
        patch.setenv("PGPASSWORD", sql.PASSWORD)
        server = sql.postgresql_in(data, "-c", "wal_level=replica")
        server.daemon.start()
        try:
            yield server, data
        finally:
            server.daemon.stop()


def back_up(server, data: Path) -> None:
    """Copy the files of the server while it is running."""
    program_and_place = program("pg_basebackup", "postgresql"), "-h", str(data), "-p", str(server.port)
    command = [*program_and_place, "-U", sql.USER, "-D", str(data / "copy"), "-c", "fast"]
    subprocess.run(command, check=True, cwd=data, user="nobody")


def replace_by(server, data: Path, copy: Path) -> None:
    server.daemon.stop()
    shutil.rmtree(data / "data")
    copy.rename(data / "data")
    server.daemon.start()


def test_files_that_were_restored_refuse_the_positions_since_then(own):
    server, data = own
    with server.store() as store:
        store.update({"a": b"1", "b": b"1"})
        early = [*store.changes()][-1].position
        server.daemon.stop()
        subprocess.run(["cp", "-a", data / "data", data / "copy"], check=True)
        server.daemon.start()
        for number in range(4):
            store["b"] = b"%d" % number
        late = [*store.changes(early)][-1].position
        replace_by(server, data, data / "copy")
        with pytest.raises(Expired, match="restored"):
            store.changes(late)
        for number in range(9):
            store["c"] = b"%d" % number
            with pytest.raises(Expired, match="restored"):
                store.changes(late)
        assert keys(store, early) == ["c"]


def test_a_backup_in_the_middle_of_a_transaction_refuses_the_positions_that_saw_its_commit(own):
    server, data = own
    with server.store() as store:
        store["a"] = b"1"
        early = [*store.changes()][-1].position
        with transaction(store) as connection:
            put(store, connection, "lost")
            store["kept"] = b"1"
            back_up(server, data)
        late = [*store.changes(early)][-1].position
        replace_by(server, data, data / "copy")
        for _ in range(3):
            with pytest.raises(Expired, match="restored"):
                store.changes(late)
            assert keys(store, early) in (["kept"], ["kept", "new"])
            store["new"] = b"1"
        assert sorted(store) == ["a", "kept", "new"]


def test_a_backup_from_the_midst_of_a_feed_is_noticed(own):
    server, data = own
    with server.store() as store:
        store.update({"a": b"1", "x": b"1"})
        changes = store.changes()
        back_up(server, data)
        del store["x"]
        assert {change.key for change in changes} == {"a"}
        replace_by(server, data, data / "copy")
        store["c"] = b"1"
        assert sorted(store) == ["a", "c", "x"]
        with pytest.raises(Expired, match="restored"):
            store.changes(changes.position)


def test_a_backup_is_recognised_after_the_server_was_stopped_once_more(own):
    server, data = own
    with server.store() as store:
        store["a"] = b"1"
        early = [*store.changes()][-1].position
        back_up(server, data)
        store["a"] = b"2"
        late = [*store.changes()][-1].position
        replace_by(server, data, data / "copy")
        server.daemon.stop()
        server.daemon.start()
        for number in range(3):
            with pytest.raises(Expired, match="restored"):
                store.changes(late)
            store[f"k{number}"] = b"1"
        assert keys(store, early) == ["k0", "k1", "k2"]


def test_a_position_survives_restarts_of_the_server(own):
    server, _ = own
    with server.store() as store:
        follower = Follower()
        for number in range(3):
            store[f"k{number}"] = b"1"
            follower.follow(store)
            store["k0"] = b"%d" % number
            server.daemon.stop()
            server.daemon.start()
            assert follower.follow(store) == 1
            assert follower.follow(store) == 0
            if number:
                server.daemon.stop()
                server.daemon.start()
                assert follower.follow(store) == 0


@pytest.mark.timeout(900 if SOAK else 300)
def test_a_server_that_is_killed_misses_nothing_or_says_so(own):
    server, _ = own
    with server.store(timeout=30) as store:
        follower = Follower()
        for kill in range(KILLS):
            for number in range(20):
                store[f"k{number % 7}"] = b"%d" % kill
                store.discard(f"k{(number + 3) % 7}")
                follower.follow(store, 3)
            server.daemon.kill()
            server.daemon.start()
            try:
                follower.follow(store)
            except Expired:
                follower = Follower()
            expect_equal(follower, store)


# ---- Writers that are killed, and watchers -------------------------------------------------------

WRITER = """
import os, pickle, sys
store = pickle.loads(bytes.fromhex(sys.argv[1]))
for number in range(10**9):
    store[f"k{number % 50}"] = b"%d" % number
    store.discard(f"k{(number * 7) % 50}")
    if number % 5 == 0:
        store.set_many((f"batch{n}", b"%d" % number) for n in range(9))
    os.write(1, b".")
"""


@pytest.mark.timeout(1800 if SOAK else 300)
@pytest.mark.parametrize("server", SERVERS)
def test_a_follower_misses_nothing_of_writers_that_are_killed(store):
    store["a"] = b"1"
    follower = Follower()
    command = [sys.executable, "-c", WRITER, pickle.dumps(store).hex()]
    for _ in range(KILLS):
        writers = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
        for writer in writers:
            assert writer.stdout.read(5)
        for _ in range(10):
            follower.follow(store, 30)
        for writer in writers:
            writer.kill()
            writer.stdout.close()
            writer.wait()
        wait_for_rollbacks(store)
        expect_equal(follower, store)


def wait_for_rollbacks(store):
    """Wait until the server has closed the sessions of the writers, whose last statement it may not have read yet."""
    store.close()
    if "postgresql" in store._link.url:
        others = "pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    else:
        others = "information_schema.processlist WHERE db = database() AND id <> connection_id()"
    while run(store, f"SELECT count(*) FROM {others}").scalar():
        pass


WATCHER = """
import pickle, sys
store = pickle.loads(bytes.fromhex(sys.argv[1]))
try:
    print("ready", flush=True)
    print(store.watch(sys.argv[2]))
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize("server", SERVERS)
def test_an_interrupt_ends_a_watch(running, store):
    store["a"] = b"1"
    position = [*store.changes()][-1].position
    command = [sys.executable, "-c", WATCHER, pickle.dumps(store).hex(), position]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watcher:
        assert watcher.stdout.readline() == "ready\n"
        watcher.send_signal(signal.SIGINT)
        assert watcher.stdout.read() == "interrupted\n"


def watchers(store):
    """The number of those who watch the store's table; the server may still know some of another table."""
    table = "objid = 'TABLE_OF_STORE'::regclass::oid"
    return run(store, f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND {table}").scalar()


def test_a_write_notifies_only_while_somebody_watches(postgresql):
    with postgresql.store() as store:
        store["a"] = b"1"
        position = [*store.changes()][-1].position
        login = {"host": "127.0.0.1", "port": postgresql.port, "user": sql.USER, "dbname": "holdall"}
        with psycopg.connect(**login, autocommit=True) as other:
            table = run(store, "SELECT 'TABLE_OF_STORE'::regclass::oid::bigint").scalar()
            other.execute(f'LISTEN "holdall.{table}"')
            store["a"] = b"2"
            assert list(other.notifies(timeout=0)) == []
            position = [*store.changes(position)][-1].position
            watcher = threading.Thread(target=store.watch, args=(position,))
            watcher.start()
            while not watchers(store):
                pass
            store["a"] = b"3"
            watcher.join()
            assert len(list(other.notifies(timeout=60, stop_after=1))) == 1
            assert watchers(store) == 0
            store["a"] = b"4"
            assert list(other.notifies(timeout=0)) == []


def test_a_restart_of_the_server_ends_a_watch(own):
    server, _ = own
    with server.store() as store:
        store["a"] = b"1"
        position = [*store.changes()][-1].position
        failures = []

        def watch():
            try:
                store.watch(position)
            except Unavailable as error:
                failures.append(error)

        watcher = threading.Thread(target=watch)
        watcher.start()
        while not watchers(store):
            pass
        server.daemon.stop()
        server.daemon.start()
        watcher.join()
        assert len(failures) == 1
        store["b"] = b"1"
        assert store.watch(position, timeout=0)
