"""`watch` on Redis: it is woken by messages, survives the loss of its connection, and ends at once."""

import threading

import pytest

from holdall.adapters.redis.subscription import Subscription
from tests.adapters.interrupts import interrupt_at_checks
from tests.adapters.servers.redis_feeds import at_last, client, end, prefix

__all__ = ["client", "prefix"]

PATIENCE = 60


@pytest.fixture
def subscribed(monkeypatch):
    """Is released each time that a watch has subscribed, or was refused. No watch looks because of a silence."""
    monkeypatch.setattr("holdall.adapters.redis.store._SILENCE", 1000)
    times = threading.Semaphore(0)
    subscribe = Subscription._subscribe

    def told(self):
        try:
            return subscribe(self)
        finally:
            times.release()

    monkeypatch.setattr(Subscription, "_subscribe", told)
    return times


def watching(store, position, **options):
    """A thread that watches, and the list that its result is put into."""
    results = []
    thread = threading.Thread(target=lambda: results.append(store.watch(position, **options)), daemon=True)
    thread.start()
    return thread, results


def test_a_watch_that_lost_its_connection_goes_on(redis_server, client, subscribed):
    with redis_server.store() as store:
        store["a"] = b"1"
        thread, results = watching(store, end(store), timeout=PATIENCE)
        assert subscribed.acquire(timeout=PATIENCE)
        for _ in range(2):
            client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
            assert subscribed.acquire(timeout=PATIENCE)
        store["b"] = b"1"
        thread.join(PATIENCE)
        assert results == [True]


def test_a_watch_that_was_refused_its_subscription_looks(redis_server, client, prefix, subscribed):
    client.acl_setuser(
        "deaf",
        enabled=True,
        passwords=["+p"],
        keys=["*"],
        channels=[],
        reset_channels=True,
        categories=["+@all"],
    )
    with redis_server.store(prefix=prefix, user="deaf", password="p") as store:
        store["a"] = b"1"
        thread, results = watching(store, end(store), timeout=PATIENCE)
        assert subscribed.acquire(timeout=PATIENCE)
        assert subscribed.acquire(timeout=PATIENCE)
        store["b"] = b"1"
        thread.join(PATIENCE)
        assert results == [True]
    client.acl_deluser("deaf")


def test_a_silent_watch_looks_and_subscribes_again(redis_server, client, subscribed, monkeypatch):
    monkeypatch.setattr("holdall.adapters.redis.store._SILENCE", 0.05)
    with redis_server.store() as store:
        store["a"] = b"1"
        thread, results = watching(store, end(store), timeout=PATIENCE)
        for _ in range(3):
            assert subscribed.acquire(timeout=PATIENCE)
        store["b"] = b"1"
        thread.join(PATIENCE)
        assert results == [True]


def test_close_ends_a_watch_that_waits_for_messages(redis_server, subscribed):
    store = redis_server.store()
    store["a"] = b"1"
    thread, results = watching(store, end(store), timeout=PATIENCE)
    assert subscribed.acquire(timeout=PATIENCE)
    store.close()
    thread.join(PATIENCE)
    assert results == [False]


@pytest.mark.parametrize("secure", ["redis_server"], indirect=True)
@pytest.mark.parametrize(("end_it", "result"), [("__setitem__", True), ("close", False)])
def test_a_write_or_close_ends_a_watch_on_an_encrypted_connection(secure, subscribed, end_it, result):
    store = secure.store()
    store["a"] = b"1"
    thread, results = watching(store, end(store), timeout=PATIENCE)
    assert subscribed.acquire(timeout=PATIENCE)
    getattr(store, end_it)(*["b", b"1"][: 2 * result])
    thread.join(PATIENCE)
    assert results == [result]
    store.close()


def test_an_interrupted_watch_leaves_no_subscription(redis_server, client, prefix):
    channel = f"{prefix}:order"
    with redis_server.store(prefix=prefix) as store:
        store["a"] = b"1"
        position = end(store)
        files = ("holdall.bell", "holdall.adapters.redis.subscription")
        interrupts = interrupt_at_checks(lambda: store.watch(position, timeout=0.01), *files)
        for _ in interrupts:
            pass
        at_last(lambda: client.pubsub_numsub(channel)[0][1] == 0)
        store["b"] = b"1"
        assert store.watch(position, timeout=0)
