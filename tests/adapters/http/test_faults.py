"""A service behind a proxy that loses, refuses, cuts and delays answers, over real sockets."""

import os
import threading

import pytest

from holdall import Conflict, Expect, Put, Throttled, Unavailable
from holdall.adapters.http import HTTP
from holdall.errors import Corrupt
from holdall.server import idempotency
from holdall.store import ABSENT
from tests.adapters.http.service import running
from tests.faults import proxy as faults
from tests.faults.proxy import Answer, Proxy
from tests.forks import exit_code, start_child


def says(status, **headers):
    """The service is not asked: a proxy answers."""

    def fault(exchange):
        exchange.reply(
            Answer(status, [(name.replace("_", "-"), value) for name, value in headers.items()], b"no")
        )

    return fault


def then(status):
    """The service carries the request out, and a proxy answers."""

    def fault(exchange):
        exchange.forward()
        says(status)(exchange)

    return fault


@pytest.fixture(scope="module")
def service():
    with running() as service:
        yield service


@pytest.fixture
def proxy(service):
    with Proxy(service.url) as proxy:
        yield proxy
        assert not proxy.calm()


@pytest.fixture
def direct(service):
    with service.open() as direct:
        direct["a"] = b"1"
        yield direct


@pytest.fixture
def store(direct, proxy):
    with through(proxy, direct) as store:
        yield store


def through(proxy, direct, **options):
    return HTTP(proxy.endpoint + direct._link.place.path, **options)


# More than `make test` has time for.
more = [says(503, Retry_After="0"), says(503), says(502), says(429), then(503), faults.reset_in_body]
PASSING = [
    faults.drop,
    *(pytest.param(fault, marks=pytest.mark.servers) for fault in more),
]


@pytest.mark.parametrize("fault", PASSING)
def test_what_may_pass_is_sent_again(store, direct, proxy, fault):
    assert store.features
    for call, result in (
        (lambda: store["a"], b"1"),
        (lambda: list(store.scan_items()), [("a", b"1")]),
        (lambda: list(store.get_many(["a", "b"])), [("a", b"1")]),
        (lambda: store.__setitem__("b", b"2"), None),
        (lambda: store.update({"c": b"3"}), None),
        (lambda: store.__delitem__("b"), None),
        (lambda: store.discard("c"), None),
    ):
        proxy.inject(fault)
        assert call() == result
    assert direct == {"a": b"1"}


@pytest.mark.parametrize("fault", [faults.drop, pytest.param(faults.cut_body, marks=pytest.mark.servers)])
def test_a_write_whose_answer_was_lost_is_recognised(store, direct, proxy, fault):
    assert store.features
    proxy.inject(fault)
    tag = store.swap("new", b"1", ABSENT)
    assert direct.tag("new") == tag
    proxy.inject(fault)
    again = store.swap("new", b"2", tag)
    assert direct.get_tagged("new") == (b"2", again)
    proxy.inject(fault)
    store.transact([Expect("new", again), Put("x", b"1"), Put("new", b"3")])
    proxy.inject(fault)
    store.remove("new", store.tag("new"))
    assert dict(direct.items()) == {"a": b"1", "x": b"1"}


@pytest.mark.servers
def test_a_write_that_others_overwrote_in_the_meantime_is_recognised(store, direct, proxy):
    def overtaken(exchange):
        exchange.forward()
        direct["a"] = b"theirs"
        exchange.reset()

    tag = direct.tag("a")
    proxy.inject(overtaken)
    mine = store.swap("a", b"mine", tag)
    assert direct["a"] == b"theirs"
    with pytest.raises(Conflict):
        store.swap("a", b"late", mine)
    proxy.inject(overtaken)
    store["a"] = b"mine"
    assert direct["a"] == b"theirs"


def test_a_service_that_forgot_the_write_leaves_it_in_doubt(store, direct, proxy, monkeypatch):
    monkeypatch.setattr(idempotency, "_MOST", 0)
    monkeypatch.setattr(idempotency, "_AGE", -1)
    tag = direct.tag("a")
    assert store.features  # they are asked for now, and not after the fault
    for write in (
        lambda: store.swap("a", b"2", tag),
        lambda: store.remove("a", direct.tag("a")),
        lambda: store.__delitem__("b"),
        lambda: store.transact([Expect("a", ABSENT), Put("a", b"3")]),
    ):
        direct.setdefault("b", b"1")
        proxy.inject(faults.drop)
        with pytest.raises(Unavailable, match="may or may not"):
            write()
    assert direct["a"] == b"3"
    proxy.inject(faults.drop)
    store.discard("a")
    assert "a" not in direct


@pytest.mark.servers
def test_a_write_that_never_left_is_in_no_doubt(direct, proxy, store):
    for fault in (says(429), says(408)):
        proxy.inject(fault)
        with pytest.raises(Conflict):
            store.swap("a", b"2", ABSENT)
        proxy.inject(fault)
        with pytest.raises(KeyError):
            del store["missing"]


@pytest.mark.servers
def test_attempts_end(store, proxy):
    for status, error in ((503, Unavailable), (502, Unavailable), (429, Throttled)):
        proxy.inject(says(status), says(status), says(status))
        with pytest.raises(error, match=r"http://127.*'a'"):
            store["a"]
    proxy.inject(says(503, Retry_After="3600"))
    with pytest.raises(Unavailable):
        store["a"]
    assert store["a"] == b"1"


@pytest.mark.servers
def test_without_retries_a_lost_write_is_unavailable(direct, proxy):
    with through(proxy, direct, retries=0) as store:
        proxy.inject(faults.drop)
        with pytest.raises(Unavailable):
            store["a"] = b"2"
        assert direct["a"] == b"2"


@pytest.mark.servers
def test_a_server_that_says_nothing_is_unavailable_in_time(direct, proxy):
    with through(proxy, direct, timeout=0.5, retries=1) as store:
        proxy.inject(faults.hang, faults.hang)
        with pytest.raises(Unavailable):
            store.get("a")
        proxy.inject(faults.lose)
        tag = store.swap("new", b"1", ABSENT)
        assert direct.tag("new") == tag
        proxy.inject(faults.late(1.5))
        assert store["a"] == b"1"


@pytest.mark.servers
def test_sixteen_processes_lose_no_count_through_a_bad_network(direct, proxy):
    direct["n"] = b"0"
    bad = [faults.drop, then(502), faults.reset_in_body, faults.cut_body, says(429)]
    with through(proxy, direct, retries=9) as store:
        proxy.inject(*(bad * 8), on="PUT")
        proxy.inject(*(bad * 4), on="GET")
        children = [start_child(lambda: _count(store), os.fork) for _ in range(16)]
        assert [exit_code(child) for child in children] == [0] * 16
    assert direct["n"] == b"80"


def _count(store):
    for _ in range(5):
        store.modify("n", lambda value: b"%d" % (int(value) + 1))


@pytest.mark.servers
def test_threads_lose_no_count_through_a_bad_network(direct, proxy):
    direct["n"] = b"0"
    proxy.inject(faults.drop, then(503), faults.cut_body, on="PUT")
    with through(proxy, direct, retries=9) as store:
        threads = [threading.Thread(target=_add, args=(store,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert direct["n"] == b"20"


def _add(store):
    for _ in range(5):
        store.modify("n", lambda value: b"%d" % (int(value) + 1))


@pytest.mark.servers
def test_a_service_that_is_away_is_unavailable_and_then_back(service, direct):
    with HTTP("http://127.0.0.1:1/v1/a", retries=0) as away:
        for call in (
            lambda: away["a"],
            lambda: list(away.scan()),
            lambda: away.features,
            lambda: away.changes(),
        ):
            with pytest.raises(Unavailable, match=r"http://127\.0\.0\.1:1/v1/a"):
                call()
    with HTTP("http://no-such-host.invalid/v1/a", retries=0) as nowhere, pytest.raises(Unavailable):
        nowhere.get("a")


@pytest.mark.servers
def test_an_answer_that_ends_early_is_no_value(direct, proxy):
    with through(proxy, direct, retries=0) as store:
        for fault in (faults.cut_body, faults.reset_in_body):
            direct["long"] = bytes(100_000)
            proxy.inject(fault)
            with pytest.raises((Unavailable, Corrupt)):
                store["long"]
            assert store["long"] == bytes(100_000)
