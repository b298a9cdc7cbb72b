"""What servers refuse: each is an error of its own, names the remedy, echoes no password, and changes nothing."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

import pytest
import redis as sdk
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.schema import CreateTable

from holdall.errors import (
    Conflict,
    Mismatch,
    PermissionDenied,
    StoreFull,
    StoreNotFound,
    Throttled,
    TooLarge,
    Unavailable,
)
from holdall.store import ABSENT, Delete, Expect, Put
from holdall.testing.suite.threads import together
from tests.servers import redis

SQL = ["mysql", "postgresql"]


@pytest.fixture
def running(server, request):
    return request.getfixturevalue(server)


@pytest.mark.parametrize("server", [*SQL, "redis_server"])
def test_a_wrong_password_is_refused_and_not_echoed(running):
    with running.store(password="hunter2-wrong") as store:
        for call in (lambda: store["a"], lambda: store.__setitem__("a", b"1")):
            with pytest.raises(PermissionDenied) as refusal:
                call()
            assert "hunter2" not in str(refusal.value)
            assert "hunter2" not in repr(refusal.value.__cause__)


@pytest.mark.parametrize("server", SQL)
def test_a_table_that_is_missing_is_named_and_not_made(running):
    with running.store(create=False, table="nowhere") as store:
        for call in (lambda: store["a"], lambda: store.__setitem__("a", b"1"), lambda: list(store)):
            with pytest.raises(StoreNotFound, match=r"nowhere.*create=true"):
                call()


@pytest.mark.parametrize("server", SQL)
def test_a_database_that_is_missing_is_named(running):
    made = running.kind("127.0.0.1", "nowhere", port=running.port, user="holdall")
    with made as store, pytest.raises(StoreNotFound, match="nowhere"):
        store.get("a")


FOREIGN = {
    "mysql": [
        "CREATE TABLE {} (`key` VARCHAR(480) PRIMARY KEY, value LONGBLOB NOT NULL, tag VARBINARY(16) NOT NULL)",
        "CREATE TABLE {} (`key` VARBINARY(480) NOT NULL, value LONGBLOB NOT NULL, tag VARBINARY(16) NOT NULL)",
    ],
    "postgresql": [
        "CREATE TABLE {} (key TEXT PRIMARY KEY, value BYTEA NOT NULL, tag TEXT NOT NULL)",
        "CREATE TABLE {} (id INT)",
    ],
}


@pytest.mark.parametrize("server", SQL)
def test_another_table_of_that_name_is_left_as_it_is(running, server):
    with running.store() as other:
        other.discard("a")
        for number, create in enumerate(FOREIGN[server]):
            table = f"foreign_{number}"
            text = create.format(table)
            other._link.run(lambda connection, text=text: connection.exec_driver_sql(text))
            with running.store(table=table) as store, pytest.raises(Mismatch, match=table):
                store["a"] = b"1"
            rows = other._link.run(
                lambda connection, table=table: connection.exec_driver_sql(f"SELECT * FROM {table}").all()
            )
            assert rows == []


@pytest.mark.parametrize("server", SQL)
def test_a_table_that_vanishes_is_store_not_found(running):
    with running.store() as store:
        store["a"] = b"1"
        store._link.run(lambda connection: connection.exec_driver_sql(f"DROP TABLE {store._link.table.name}"))
        with pytest.raises(StoreNotFound):
            store.get("a")


def test_a_user_who_may_only_read_is_refused_what_writes(postgresql):
    with postgresql.store() as store:
        store["a"] = b"1"
        table = store._link.table.name
        for text in (
            "DROP ROLE IF EXISTS reader",
            "CREATE ROLE reader LOGIN PASSWORD 'r'",
            f"GRANT SELECT ON {table} TO reader",
        ):
            store._link.run(lambda connection, text=text: connection.exec_driver_sql(text))
        with postgresql.store(table=table, user="reader", password="r") as reader:
            assert reader["a"] == b"1"
            for call in (lambda: reader.__setitem__("a", b"2"), lambda: reader.discard("a"), reader.clear):
                with pytest.raises(PermissionDenied):
                    call()
        assert dict(store.items()) == {"a": b"1"}
        store._link.run(
            lambda connection: connection.exec_driver_sql(f"DROP TABLE {table}; DROP ROLE reader")
        )


def test_a_value_over_the_packet_is_too_large(mysql):
    with mysql.store() as store:
        fits = b"'" * store._link.most()  # each is escaped, so that it takes two bytes on the way
        store["a"] = fits
        assert store["a"] == fits
        with pytest.raises(TooLarge, match="'b'"):
            store["b"] = fits + b"'"
        assert list(store) == ["a"]


@pytest.mark.parametrize("timeout", [1.9, 2, 10])
def test_a_lock_is_given_up_before_the_server_is(mysql, timeout):
    with mysql.store(timeout=30) as patient:
        patient["a"] = b"1"  # to make a table takes the server its time
    with mysql.store(timeout=timeout, table=patient._table.name) as store:
        waits = sa.text("@@innodb_lock_wait_timeout")
        assert store._link.rows(sa.select(waits))[0][0] < timeout


def test_a_row_that_stays_locked_is_waited_for_once(mysql):
    asked = []
    with mysql.store(timeout=30) as store, mysql.store(timeout=30, table=store._table.name) as other:
        store["a"] = b"1"
        store._link.run(lambda connection: connection.exec_driver_sql("SET innodb_lock_wait_timeout = 1"))

        def hold(connection):
            connection.exec_driver_sql("BEGIN")
            connection.exec_driver_sql(f"DELETE FROM {store._table.name}")
            for write in (lambda: store.__setitem__("a", b"2"), lambda: store.transact([Put("a", b"2")])):
                with pytest.raises(Unavailable, match="locked by other writers"):
                    write()
            connection.exec_driver_sql("ROLLBACK")

        engine = store._link.run(lambda connection: connection.engine)
        event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
        other._link.run(hold)
        assert sum(statement.startswith("INSERT") for statement in asked) == 2
        assert store["a"] == b"1"


def test_a_full_redis_is_store_full_and_keeps_what_it_has(redis_server):
    client = sdk.Redis("127.0.0.1", redis_server.port, password=redis.PASSWORD)
    with redis_server.store() as store:
        store["a"] = b"1"
        client.config_set("maxmemory", "1")
        try:
            for call in (
                lambda: store.__setitem__("a", b"2"),
                lambda: store.set_many([("b", b"2")]),
                lambda: store.swap("b", b"2", ABSENT),
                lambda: store.transact([Put("b", b"2"), Delete("z")]),
            ):
                with pytest.raises(StoreFull):
                    call()
            assert store["a"] == b"1"
            store.discard("a")
        finally:
            client.config_set("maxmemory", "0")
            client.close()
        assert list(store) == []


def test_other_data_under_the_names_of_a_store_is_a_mismatch(redis_server):
    client = sdk.Redis("127.0.0.1", redis_server.port, password=redis.PASSWORD)
    client.set("other:keys", "theirs")
    with redis_server.store(prefix="other") as store, pytest.raises(Mismatch, match="prefix"):
        store["a"] = b"1"
    assert client.get("other:keys") == b"theirs"
    client.close()


def test_a_database_number_that_redis_lacks_is_store_not_found(redis_server):
    with redis_server.store(db=4711) as store, pytest.raises(StoreNotFound):
        store.get("a")


@pytest.mark.parametrize("server", [*SQL, "redis_server"])
def test_what_was_expected_stays_until_the_transaction_ends(running):
    """Each writes one key if the other is absent: never do both find it so."""
    with running.store() as store:
        for turn in range(20):
            one, two = f"{turn}/one", f"{turn}/two"

            together(partial(claim, store, one, two), partial(claim, store, two, one))
            assert sum(1 for _ in store.scan(f"{turn}/")) <= 1


def claim(store, mine, other):
    with suppress(Conflict):
        store.transact([Expect(other, ABSENT), Put(mine, b"1")])


def test_a_server_that_forgot_the_scripts_is_sent_them_again(redis_server):
    client = sdk.Redis("127.0.0.1", redis_server.port, password=redis.PASSWORD)
    with redis_server.store() as store:
        store["a"] = b"1"
        client.script_flush()
        store["b"] = b"2"
        client.script_flush()
        tag = store.get_tagged("a").tag
        client.script_flush()
        assert store.swap("a", b"3", tag) != tag
        client.script_flush()
        assert dict(store.scan_items()) == {"a": b"3", "b": b"2"}
    client.close()


def test_a_table_that_another_makes_at_the_same_time_is_used(postgresql):
    """CREATE TABLE IF NOT EXISTS waits for another that is under way, and fails when that ends well."""
    with postgresql.store() as other, postgresql.store() as store, ThreadPoolExecutor(1) as pool:
        other.discard("a")
        create = str(CreateTable(store._table.table).compile(dialect=sa.dialects.postgresql.dialect()))

        def hold(connection):
            connection.exec_driver_sql("BEGIN")
            connection.exec_driver_sql(create)
            written = pool.submit(store.__setitem__, "a", b"1")
            waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            while not other._link.run(lambda second: second.exec_driver_sql(waits).scalar()):
                assert not written.done()
            connection.exec_driver_sql("COMMIT")
            written.result()

        other._link.run(hold)
        assert store["a"] == b"1"


@pytest.mark.parametrize("server", [*SQL, "redis_server"])
def test_more_threads_than_connections_wait_for_one(running, monkeypatch):
    for link in ("sql", "redis"):
        monkeypatch.setattr(f"holdall.adapters.{link}.link._AT_ONCE", 2)
    with running.store() as store, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: store.__setitem__(f"k{number}", b"1"), range(40)))
        assert len(store) == 40
        assert len(store._link._pool()._idle) <= 4
        held = store._link._pool()
        monkeypatch.setattr(held, "_timeout", 0)
        with pytest.raises(Throttled, match="no free connection: 2 threads"):
            held.use(lambda one: held.use(lambda two: store["k1"]))
        assert store["k1"] == b"1"
