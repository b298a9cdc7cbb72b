"""The change feed of Redis: stores of the first format, positions, and the horizons."""

from uuid import uuid4

import pytest
import redis as sdk
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from holdall.adapters.redis import connections, log, scripts
from holdall.adapters.redis.script import Script
from holdall.errors import Expired, Mismatch
from holdall.store import Delete, Put
from holdall.testing.follower import FeedMachine, Follower
from tests.adapters.servers.redis_feeds import client, end, keys, prefix, short

__all__ = ["client", "prefix", "short"]

OLD_PUT = """
redis.call('ZADD', KEYS[1], 0, ARGV[2])
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
redis.call('HSET', KEYS[3], ARGV[2], ARGV[1])
"""
OLD_DROP = """
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
"""


@pytest.fixture
def old(client, prefix):
    """A store as the release before the feed wrote it, with the keys a and b: two functions that write to it."""
    names = [f"{prefix}:{name}" for name in ("keys", "values", "tags")]

    class Old:
        def put(self, key, value):
            client.eval(OLD_PUT, 3, *names, uuid4().hex[:16], key, value)

        def drop(self, key):
            client.eval(OLD_DROP, 3, *names, key)

    made = Old()
    made.put("a", b"1")
    made.put("b", b"2")
    return made


# ---- Formats ---------------------------------------------------------------------------------------


def test_an_old_store_is_read_as_it_is_and_its_feed_begins_with_the_first_write(
    redis_server, client, prefix, old
):
    with redis_server.store(prefix=prefix) as store:
        listed = store.changes()
        assert sorted(change.key for change in listed) == ["a", "b"]
        assert list(store.scan()) == ["a", "b"]
        assert client.type(f"{prefix}:keys") == b"zset"
        with pytest.raises(Expired, match="begins with"):
            store.changes(listed.position)
        old.put("c", b"3")
        store["d"] = b"4"
        with pytest.raises(Expired):
            store.changes(listed.position)
        assert keys(store) == list(store) == ["a", "b", "c", "d"]
        position = end(store)
        del store["a"]
        assert keys(store, position) == ["a"]
        assert client.hget(f"{prefix}:keys", "format") == b"holdall 2"


@pytest.mark.parametrize(
    "write",
    [
        lambda store: store.__delitem__("a"),
        lambda store: store.clear(),
        lambda store: store.delete_many(["a"]),
        lambda store: store.update(a=b"3"),
        lambda store: store.swap("a", b"3", store.tag("a")),
        lambda store: store.remove("a", store.tag("a")),
        lambda store: store.transact([Put("c", b"3"), Delete("a")]),
    ],
)
def test_every_first_write_to_an_old_store_begins_the_feed(redis_server, prefix, old, write):
    with redis_server.store(prefix=prefix) as store, redis_server.store(prefix=prefix) as reader:
        write(store)
        follower = Follower()
        follower.follow(reader)
        store["b"] = b"4"
        follower.follow(reader)
        assert follower.held == dict(reader.scan_tags())


def test_an_old_list_that_is_read_during_the_first_write_expires(redis_server, prefix, old, short):
    old.put("c", b"3")
    with redis_server.store(prefix=prefix) as store:
        listed = store.changes()
        next(listed)
        old.put("a", b"written by the release before")
        store["d"] = b"4"
        assert [change.key for change in listed] == ["b", "c", "d"]
        with pytest.raises(Expired, match="begins with"):
            store.changes(listed.position)


def test_the_release_before_cannot_write_to_a_store_with_a_feed(redis_server, prefix, old):
    with redis_server.store(prefix=prefix) as store:
        store["c"] = b"3"
        follower = Follower()
        follower.follow(store)
        before = dict(store.scan_items())
        for write in (lambda: old.put("a", b"old"), lambda: old.drop("b"), lambda: old.put("new", b"old")):
            with pytest.raises(sdk.ResponseError, match="WRONGTYPE"):
                write()
        assert dict(store.scan_items()) == before
        assert follower.follow(store) == 0


@pytest.mark.parametrize("name", ["keys", "order", "changes", "deletions", "epochs"])
def test_other_data_under_the_names_of_the_feed_stays(redis_server, client, prefix, old, name):
    if name == "keys":
        client.delete(f"{prefix}:keys")
    client.set(f"{prefix}:{name}", "theirs")
    with redis_server.store(prefix=prefix) as store:
        for _ in range(2):
            with pytest.raises(Mismatch, match="prefix"):
                store["c"] = b"3"
    assert client.get(f"{prefix}:{name}") == b"theirs"
    assert not client.hexists(f"{prefix}:values", "c")


# ---- Positions -------------------------------------------------------------------------------------


def test_a_position_from_before_the_first_write_goes_on_from_the_beginning(redis_server, prefix):
    with redis_server.store(prefix=prefix) as store:
        position = store.changes().position
        store["a"] = b"1"
        assert keys(store, position) == ["a"]


@pytest.mark.parametrize("size", [1, 7, 8, 9, 16, 399, 400])
def test_a_list_goes_on_after_a_key_of_any_size(redis_server, size):
    with redis_server.store() as store:
        listed = ["a" * size, "b", "é" * 200, "𝄞" * 100, "𝄞" * 100 + "."]
        listed = [key for key in listed if len(key.encode()) <= 400]
        store.update(dict.fromkeys(listed, b""))
        found = list(store.changes())
        assert [change.key for change in found] == sorted(listed)
        for number, change in enumerate(found):
            assert [later.key for later in store.changes(change.position)] == sorted(listed)[number + 1 :]


def test_a_position_expires_with_the_deletions(redis_server, monkeypatch, short):
    shorter = Script(log.MOVE.text.replace("200000", "6"))
    monkeypatch.setattr(log, "MOVE", shorter)
    with redis_server.store() as store:
        store.update((f"k{number}", b"") for number in range(12))
        follower = Follower()
        follower.follow(store)
        for number in range(3):
            del store[f"k{number}"]
        assert keys(store, follower.position) == ["k0", "k1", "k2"]
        for number in range(3, 9):
            del store[f"k{number}"]
        with pytest.raises(Expired, match="deletions"):
            store.changes(follower.position)
        assert len(keys(store)) == 3


def test_a_key_that_was_written_again_is_told_after_its_deletion_was_forgotten(
    redis_server, monkeypatch, short
):
    monkeypatch.setattr(log, "MOVE", Script(log.MOVE.text.replace("200000", "0")))
    with redis_server.store() as store:
        store["a"] = b"1"
        del store["a"]
        store["a"] = b"2"
        position = store.changes()
        list(position)
        for number in range(9):
            store[f"b{number}"] = b""
        store["a"] = b"3"
        store["b0"] = b""
        assert "a" in keys(store, position.position)
        assert {change.key: change.tag for change in store.changes()}["a"] == store.tag("a")


def test_a_feed_that_is_read_while_deletions_are_forgotten_expires(redis_server, monkeypatch, short):
    monkeypatch.setattr(log, "MOVE", Script(log.MOVE.text.replace("200000", "6")))
    with redis_server.store() as store:
        store.update((f"k{number}", b"") for number in range(20))
        position = end(store)
        store.update((f"k{number}", b"1") for number in range(20))
        changes = store.changes(position)
        next(changes)
        for number in range(12):
            del store[f"k{number}"]
        with pytest.raises(Expired, match="deletions"):
            list(changes)


def test_a_position_expires_with_its_epoch(redis_server, monkeypatch):
    for name in ("PUT",):
        write = scripts.Write("")
        write.__dict__.update(vars(getattr(scripts, name)))
        write.first = Script(write.first.text.replace("-10001", "-4"))
        monkeypatch.setattr(scripts, name, write)
    prefix, positions = f"tests:{uuid4().hex}", []
    for number in range(5):
        monkeypatch.setattr(connections, "_history", lambda connection, number=number: f"server{number}")
        with redis_server.store(prefix=prefix) as store:
            store[f"k{number}"] = b""
            positions.append(end(store))
    with redis_server.store(prefix=prefix) as store:
        with pytest.raises(Expired, match="too old"):
            store.changes(positions[1])
        assert keys(store, positions[2]) == ["k3", "k4"]


def test_a_database_that_was_emptied_refuses_its_positions(redis_server, client, prefix):
    with redis_server.store(prefix=prefix) as store:
        store["a"] = b"1"
        position = end(store)
        client.delete(*client.keys(f"{prefix}:*"))
        with pytest.raises(Expired):
            store.changes(position)
        for _ in range(3):
            store["a"] = b"2"
            with pytest.raises(Expired):
                store.changes(position)
        assert keys(store) == ["a"]


def test_two_first_writes_at_once_begin_one_epoch(redis_server, client, prefix):
    with redis_server.store(prefix=prefix) as store:
        run = store._link.run
        run(scripts.PUT.first, "e" * 32, "tag1", "a", b"1")
        run(scripts.PUT.first, "f" * 32, "tag2", "b", b"2")
        assert client.zrange(f"{prefix}:epochs", 0, -1) == [b"e" * 32]
        assert keys(store) == ["a", "b"]
        follower = Follower()
        follower.follow(store)
        assert follower.held == {"a": "tag1", "b": "tag2"}


def test_a_follower_of_short_logs_and_pages_stays_equal(redis_server, short):
    class Machine(FeedMachine):
        def __init__(self):
            super().__init__(redis_server.store)

    few = settings(
        max_examples=20, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(Machine, settings=few)


def test_a_user_who_may_not_ask_for_information_has_a_feed(redis_server, client, prefix):
    client.acl_setuser(
        "plain", enabled=True, passwords=["+p"], keys=["*"], categories=["+@all", "-@dangerous"]
    )
    login = {"prefix": prefix, "user": "plain", "password": "p"}
    with redis_server.store(**login) as store, redis_server.store(**login) as other:
        follower = Follower()
        for number in range(20):
            store[f"k{number}"] = b"1"
            other.discard(f"k{number - 2}")
            follower.follow(store, 2)
        follower.follow(other)
        assert follower.held == dict(store.scan_tags())
    client.acl_deluser("plain")


def test_a_full_server_deletes_with_the_first_write_and_when_the_log_is_moved(
    redis_server, client, prefix, short
):
    with redis_server.store(prefix=prefix) as store:
        store.update((f"k{number}", b"") for number in range(9))
        follower = Follower()
        follower.follow(store)
        client.delete(*client.keys(f"{prefix}:log:*"))
        client.config_set("maxmemory", "1")
        try:
            for number in range(8):
                del store[f"k{number}"]
        finally:
            client.config_set("maxmemory", "0")
        with pytest.raises(Expired):
            follower.follow(store)
        assert keys(store) == ["k8"]
