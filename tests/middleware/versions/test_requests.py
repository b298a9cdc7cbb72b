"""What keeping versions costs on S3, request by request."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from holdall import Memory, Versions
from holdall.adapters.s3 import S3
from holdall.store import ABSENT
from tests.refused import refused
from tests.servers.s3 import Server, put_without_requests

Cost = Callable[[Callable[[], Any]], dict[str, int]]

GET, LIST, PUT, DELETE, HEAD = "GetObject", "ListObjectsV2", "PutObject", "DeleteObject", "HeadObject"


@pytest.fixture
def plain(moto: Server) -> Iterator[S3]:
    with moto.store(prefix="books") as store:
        store["plain"] = b"1"
        yield store


@pytest.fixture
def store(plain: S3) -> Versions[bytes]:
    store = Versions(plain)
    store["a"] = b"1"
    store["a"] = b"2"
    return store


@pytest.fixture
def cost(plain: S3) -> Cost:
    counted: Counter[str] = Counter()

    def count(model: Any, **event: Any) -> None:
        counted[model.name] += 1

    plain.client.meta.events.register("before-call.s3", count)

    def cost(call: Callable[[], Any]) -> dict[str, int]:
        counted.clear()
        call()
        return dict(counted)

    return cost


READS: dict[str, Callable[[Any], Any]] = {
    "get": lambda store: store["a"],
    "get, missing": lambda store: store.get("missing"),
    "in": lambda store: "a" in store,
    "not in": lambda store: "missing" in store,
    "get_tagged": lambda store: store.get_tagged("a"),
    "get_many": lambda store: list(store.get_many(["a", "plain", "missing"])),
    "list": lambda store: list(store.scan()),
    "bool": lambda store: bool(store),
    "items": lambda store: list(store.scan_items()),
    "tags": lambda store: list(store.scan_tags()),
}


@pytest.mark.parametrize("read", READS)
def test_to_read_the_newest_costs_what_it_costs_without(
    plain: S3, store: Versions[bytes], cost: Cost, read: str
):
    assert cost(lambda: READS[read](store)) == cost(lambda: READS[read](plain)) != {}


def test_a_write_reads_the_head_creates_and_swaps(store: Versions[bytes], cost: Cost):
    store["a"] = b"3"
    assert cost(lambda: store.__setitem__("a", b"4")) == {GET: 1, PUT: 2}
    tag = store.get_tagged("a").tag
    assert cost(lambda: store.swap("a", b"5", tag)) == {GET: 1, PUT: 2}
    assert cost(lambda: store.modify("a", lambda value: b"6")) == {GET: 1, PUT: 2}
    assert cost(lambda: store.__delitem__("a")) == {GET: 1, PUT: 1, DELETE: 1}


def test_a_new_key_costs_a_listing_more_and_its_second_write_a_read(store: Versions[bytes], cost: Cost):
    assert cost(lambda: store.__setitem__("new", b"1")) == {GET: 1, LIST: 1, PUT: 2}
    assert cost(lambda: store.__setitem__("new", b"2")) == {GET: 2, PUT: 2}
    assert cost(lambda: store.__setitem__("new", b"3")) == {GET: 1, PUT: 2}
    assert cost(lambda: store.swap("newer", b"1", ABSENT)) == {LIST: 1, PUT: 2}


def test_what_was_deleted_or_found_costs_more_once(plain: S3, store: Versions[bytes], cost: Cost):
    del store["a"]
    assert cost(lambda: store.__setitem__("a", b"again")) == {GET: 4, LIST: 1, PUT: 2}
    assert cost(lambda: store.__setitem__("plain", b"2")) == {GET: 1, LIST: 1, PUT: 4}
    assert cost(lambda: store.__setitem__("plain", b"3")) == {GET: 1, PUT: 2}


def test_what_is_refused_costs_a_read(store: Versions[bytes], cost: Cost):
    assert cost(refused(KeyError, lambda: store.__delitem__("missing"))) == {GET: 1}
    assert cost(refused(KeyError, lambda: store.modify("missing", bytes))) == {GET: 1}
    assert cost(refused(KeyError, lambda: store.pop("missing"))) == {GET: 1}


def test_a_thousand_revisions_are_told_in_two_requests(plain: S3, store: Versions[bytes], cost: Cost):
    elsewhere = Memory()
    for number in range(1000):
        Versions(elsewhere)["a"] = b"%d" % number
    plain.raw().clear()
    put_without_requests(plain, elsewhere.raw().scan_items())
    told: list[tuple[int, datetime, bool]] = []
    assert cost(lambda: told.extend((one.number, one.time, one.deleted) for one in store.history("a"))) == {
        GET: 1,
        LIST: 1,
    }
    assert [number for number, _, _ in told] == list(range(1000, 0, -1))
    assert cost(lambda: next(store.history("a")).author) == {GET: 1}
    assert cost(lambda: store.at("a", 1000)) == {GET: 1}
    assert cost(lambda: store.at("a", 500)) == {GET: 2, LIST: 1}


def test_as_of_costs_a_scan_a_listing_and_what_has_changed(store: Versions[bytes], cost: Cost):
    store.update((f"k{number:03}", b"1") for number in range(40))
    time = datetime.now(UTC)
    store.update((f"k{number:03}", b"2") for number in range(10))
    then = store.as_of(time)
    assert cost(lambda: list(store.scan_items())) == {LIST: 1, GET: 42}
    assert cost(lambda: list(then.scan_items())) == {LIST: 2, GET: 52}
    assert cost(lambda: then["a"]) == {GET: 1}
    assert cost(lambda: then["k020"]) == {GET: 2}
    assert cost(lambda: then["k000"]) == {GET: 2, LIST: 1}
