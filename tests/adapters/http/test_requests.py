"""How many requests each operation costs, exactly."""

from collections import Counter

import falcon
import pytest

from holdall import Delete, Put
from holdall.adapters.http.link import Link
from holdall.server import Limits
from holdall.store import ABSENT
from tests.adapters.http.service import running
from tests.refused import refused

MANY = 1337  # pages of 16, 64, 256, 1000, and the last key


@pytest.fixture(scope="module")
def service():
    with running(limits=Limits(body=2 << 20)) as service:
        yield service


@pytest.fixture
def store(service):
    with service.open() as store:
        service.below(store)["there"] = b"1"
        yield store


@pytest.fixture
def cost(monkeypatch):
    sent = []
    send = Link._send

    def count(self, method, target, *rest):
        sent.append(method)
        return send(self, method, target, *rest)

    monkeypatch.setattr(Link, "_send", count)

    def cost(call):
        sent.clear()
        call()
        return Counter(sent)

    return cost


def test_one_request_for_each_operation(store, cost):
    tag = store.tag("there")
    assert cost(lambda: store["there"]) == cost(lambda: store.get("missing")) == {"GET": 1}
    assert cost(refused(KeyError, lambda: store["missing"])) == {"GET": 1}
    assert cost(lambda: store.get_tagged("there")) == cost(lambda: store.tag("missing")) == {"GET": 1}
    assert cost(lambda: "there" in store) == cost(lambda: "missing" in store) == {"GET": 1}
    assert cost(lambda: store.read("there", 0, 5)) == cost(lambda: store.read("there", 9)) == {"GET": 1}
    assert cost(lambda: store.size("there")) == {"GET": 1}
    assert cost(refused(KeyError, lambda: store.size("missing"))) == {"GET": 1}
    assert cost(lambda: store.__setitem__("new", b"1")) == {"PUT": 1}
    assert (
        cost(lambda: store.swap("there", b"2", tag))
        == cost(lambda: store.swap("x", b"2", ABSENT))
        == {"PUT": 1}
    )
    assert cost(lambda: store.remove("x", store.tag("x"))) == {"GET": 1, "DELETE": 1}
    assert cost(lambda: store.__delitem__("new")) == cost(lambda: store.discard("missing")) == {"DELETE": 1}
    assert cost(refused(KeyError, lambda: store.__delitem__("missing"))) == {"DELETE": 1}
    assert cost(lambda: store.modify("there", lambda value: value + b"!")) == {"GET": 1, "PUT": 1}
    assert cost(lambda: store.pop("there")) == {"GET": 1, "DELETE": 1}


def test_a_process_asks_for_the_description_once(store, cost):
    assert cost(lambda: list(store.scan())) == {"GET": 2}
    assert cost(lambda: bool(store)) == {"GET": 1}
    assert cost(lambda: store.features) == {}
    assert store.info()["largest body"] == "2,097,152 bytes"


def test_many_keys(store, service, cost):
    assert store.features
    keys = [f"k{number:04}" for number in range(MANY - 1)]
    assert cost(lambda: store.update((key, b"x") for key in keys)) == {"POST": 2}
    assert cost(lambda: list(store.scan())) == cost(lambda: list(store.scan_items())) == {"GET": 5}
    assert cost(lambda: list(store.scan_tags(stop="k0016"))) == {"GET": 1}
    assert cost(lambda: list(store.get_many(keys[:251]))) == {"POST": 2}
    assert cost(lambda: store.transact([Put("a", b"1"), Delete("b")])) == {"POST": 1}
    large = {"a": b"x" * 900_000, "b": b"y" * 900_000, "c": bytes(1_700_000)}
    assert cost(lambda: store.update(large)) == {"PUT": 3}
    assert cost(lambda: store.delete_prefix("k")) == {"DELETE": 1}
    assert list(service.below(store)) == ["a", "b", "c", "there"]
    assert cost(lambda: store.delete_prefix("a//")) == {}
    assert cost(store.clear) == {"DELETE": 1}
    assert not service.below(store)


def test_a_service_that_has_not_the_time_is_asked_again(store, service, cost, monkeypatch):
    store.update((f"k{number:04}", b"x") for number in range(MANY))
    times = iter(range(0, 100, 10))
    monkeypatch.setattr("holdall.server.erasing.time.monotonic", lambda: next(times))
    assert cost(lambda: store.delete_prefix("k")) == {"DELETE": 2}
    assert list(service.below(store)) == ["there"]


def test_an_older_service_lists_the_keys_and_deletes_them(store, service, cost, monkeypatch):
    def refuse(req):
        raise falcon.HTTPMethodNotAllowed(["GET", "HEAD", "OPTIONS", "POST"])

    monkeypatch.setattr("holdall.server.erasing.read_prefix", refuse)
    store.update((f"k{number:04}", b"x") for number in range(MANY))
    service.below(store).raw()[".holdall/x"] = b"x"
    assert cost(lambda: store.delete_prefix("k")) == {"DELETE": 1, "GET": 5, "POST": 2}
    assert list(service.below(store).raw()) == [".holdall/x", "there"]


def test_the_feed(store, cost):
    assert store.features
    start = list(store.changes())[-1].position
    store.update((f"k{number:04}", b"x") for number in range(101))
    assert cost(lambda: list(store.changes(start))) == {"GET": 2}
    assert cost(lambda: store.watch(start)) == {"GET": 1}
