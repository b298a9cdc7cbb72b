"""The change feed of Redis servers that go back to an earlier state or are killed, and of writers that are killed."""

import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pickle import dumps

import pytest

from holdall.errors import Expired
from holdall.testing.follower import Follower
from tests.adapters.servers.redis_feeds import at_last, end, keys, redis_client, short
from tests.servers import redis
from tests.servers.daemons import folder
from tests.soak import SOAK

__all__ = ["short"]

KILLS = 200 if SOAK else 4


def test_a_position_does_not_survive_a_restored_backup(saving_redis):
    server, data = saving_redis
    with server.store() as store, redis_client(server) as client:
        store.update(a=b"1", b=b"1")
        early, listing = end(store), next(store.changes()).position
        client.save()
        backup = (data / "dump.rdb").read_bytes()
        for number in range(9):
            store["a"] = b"%d" % number
        late, middle = end(store), next(store.changes()).position
        server.daemon.kill()
        (data / "dump.rdb").write_bytes(backup)
        server.daemon.start()
        assert store["a"] == b"1"
        assert keys(store, early) == []
        for number in range(20):
            for position in (late, middle):
                with pytest.raises(Expired, match="earlier state"):
                    store.changes(position)
            store["c"] = b"%d" % number
        assert keys(store, early) == ["c"]
        assert keys(store, listing) == ["b", "c"]


def test_a_backup_from_the_middle_of_a_feed_is_noticed(saving_redis, short):
    """The reader did not see a key that was deleted meanwhile, and the backup takes the deletion back."""
    server, data = saving_redis
    with server.store() as store, redis_client(server) as client:
        store.update(a=b"1", b=b"1", x=b"1")
        feed = store.changes()
        client.save()
        backup = (data / "dump.rdb").read_bytes()
        del store["x"]
        assert [change.key for change in feed] == ["a", "b"]
        server.daemon.kill()
        (data / "dump.rdb").write_bytes(backup)
        server.daemon.start()
        for number in range(9):
            with pytest.raises(Expired, match="earlier state"):
                store.changes(feed.position)
            store["c"] = b"%d" % number


def test_a_position_does_not_survive_a_replica_that_was_behind(saving_redis):
    server, _ = saving_redis
    with ExitStack() as stack:
        other = redis.server_in(stack.enter_context(folder()), "--appendonly", "no")
        stack.enter_context(other.daemon.running())
        first, second = (stack.enter_context(redis_client(each)) for each in (server, other))
        store, replica = (stack.enter_context(each.store(prefix="s")) for each in (server, other))
        store.update(a=b"1", b=b"1")
        early = end(store)
        follow(second, server)
        assert keys(replica, early) == []  # the connection from before it takes over stays
        second.replicaof("NO", "ONE")
        for number in range(9):
            store["a"] = b"%d" % number
        late = end(store)
        for number in range(20):
            with pytest.raises(Expired, match="earlier state"):
                replica.changes(late)
            replica["c"] = b"%d" % number
        assert keys(replica, early) == ["c"]
        follow(first, other)  # it loses what it wrote alone
        first.replicaof("NO", "ONE")
        for number in range(9):
            store["d"] = b"%d" % number
            with pytest.raises(Expired, match="earlier state"):
                store.changes(late)
        assert keys(store, early) == ["c", "d"]


def follow(client, primary):
    """Make the server of ``client`` a replica of ``primary``, and wait until it has the same data."""
    with redis_client(primary) as other:
        other.config_set("repl-diskless-sync-delay", 0)
        client.config_set("masterauth", redis.PASSWORD)
        client.replicaof("127.0.0.1", primary.port)
        at_last(lambda: other.wait(1, 1000) == 1)


def test_a_restart_that_loses_nothing_keeps_positions(saving_redis):
    server, _ = saving_redis
    with server.store() as store, redis_client(server) as client:
        store.update(a=b"1", b=b"1")
        position = end(store)
        del store["b"]
        client.save()
        server.daemon.kill()
        server.daemon.start()
        assert keys(store, position) == ["b"]
        store["c"] = b"1"
        assert keys(store, position) == ["b", "c"]


# ---- Kills -----------------------------------------------------------------------------------------

_WRITER = """
import pickle, sys
store = pickle.loads(bytes.fromhex(sys.argv[1]))
print("ready", flush=True)
for number in range(10**9):
    store[f"k{number % 50}"] = b"%d" % number
    store.discard(f"k{(number * 7) % 50}")
    if number % 10 == 0:
        store.set_many((f"batch/{n}", b"%d" % number) for n in range(number % 150))
        store.delete_many(f"batch/{n}" for n in range(number % 70))
"""


@pytest.mark.timeout(20 * KILLS if SOAK else 300)
@pytest.mark.parametrize("mortal", ["redis"], indirect=True)
def test_a_follower_misses_nothing_of_writers_and_servers_that_are_killed(mortal):
    follower = Follower()
    with mortal.store(prefix="s") as store:
        for kill in range(KILLS):
            with _writing(store) as writer:
                for _ in range(5):
                    follower.follow(store, 30)
                if kill % 2:
                    mortal.daemon.kill()
                os.kill(writer.pid, signal.SIGKILL)
            if kill % 2:
                mortal.daemon.start()
            follower.follow(store)
            assert follower.held == dict(store.scan_tags())


def _writing(store):
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, dumps(store).hex()], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert writer.stdout.readline()
    return writer
