"""How many requests each operation costs, exactly."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from holdall import Store, Versions
from holdall.adapters.gcs import GCS
from holdall.adapters.gcs.client import Connection
from holdall.errors import Conflict, NoRevision, Unsupported
from holdall.store import ABSENT
from tests.faults.proxy import Answer, Proxy
from tests.middleware.versions.test_native import keep_versions
from tests.refused import refused
from tests.servers.gcs import Server

MANY = 2001  # three pages
PAGES = {"GET": 3}

Cost = Callable[[Callable[[], Any]], Counter[str]]


@pytest.fixture
def store(proxy: Proxy) -> Iterator[GCS]:
    with Server(proxy.endpoint).store(prefix="books") as store:
        assert store.features
        store["there"] = b"1"
        yield store


@pytest.fixture
def cost(proxy: Proxy) -> Cost:
    """The requests of a call, by method."""

    def cost(call: Callable[[], Any]) -> Counter[str]:
        proxy.counts.clear()
        call()
        return proxy.counts.copy()

    return cost


def test_one_request_for_each_thing_done(store: GCS, cost: Cost):
    tag = store.get_tagged("there").tag
    assert cost(lambda: store["there"]) == {"GET": 1}
    assert cost(refused(KeyError, lambda: store["missing"])) == {"GET": 1}
    assert cost(lambda: store.get("missing")) == {"GET": 1}
    assert cost(lambda: store.get_tagged("there")) == {"GET": 1}
    assert cost(lambda: store.tag("there")) == cost(lambda: store.tag("missing")) == {"GET": 1}
    assert cost(lambda: store.read("there", 0, 5)) == cost(lambda: store.read("there", 9)) == {"GET": 1}
    assert cost(lambda: store.size("there")) == {"GET": 1}
    assert cost(refused(KeyError, lambda: store.size("missing"))) == {"GET": 1}
    assert cost(lambda: store.__setitem__("new", b"1")) == {"POST": 1}
    assert cost(lambda: "there" in store) == {"GET": 1}
    assert cost(lambda: "missing" in store) == {"GET": 1}
    assert cost(lambda: store.swap("there", b"2", tag)) == {"POST": 1}
    assert cost(lambda: store.swap("created", b"2", ABSENT)) == {"POST": 1}
    assert cost(lambda: store.discard("missing")) == {"DELETE": 1}
    assert cost(lambda: store.__delitem__("new")) == {"DELETE": 1}
    assert cost(refused(KeyError, lambda: store.__delitem__("new"))) == {"DELETE": 1}
    assert cost(lambda: bool(store)) == {"GET": 1}
    assert cost(lambda: store.modify("there", bytes.upper)) == {"GET": 1, "POST": 1}


def test_a_large_value_takes_two_requests(store: GCS, cost: Cost):
    large = bytes(9 * 2**20)
    assert cost(lambda: store.__setitem__("large", large)) == {"POST": 1, "PUT": 1}
    assert store["large"] == large


def test_a_first_miss_makes_sure_of_the_bucket(store: GCS, proxy: Proxy, cost: Cost):
    with GCS(store._bucket.name, endpoint_url=proxy.endpoint) as fresh:
        assert cost(lambda: "missing" in fresh) == {"GET": 2}
        assert cost(lambda: "missing" in fresh) == {"GET": 1}


def test_a_server_is_tried_out_once(proxy: Proxy, cost: Cost):
    with Server(proxy.endpoint).store() as store:
        assert sum(cost(lambda: store.features).values()) <= 11  # with one that makes the bucket
        assert cost(lambda: store.features) == {}
        assert list(store.raw()) == [], "something was left behind"
        with GCS(store._bucket.name, endpoint_url=proxy.endpoint) as other:
            assert cost(lambda: other.features) == {}


def test_google_is_known_and_not_tried_out(
    store: GCS, proxy: Proxy, cost: Cost, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Connection, "is_google", True)
    with GCS("another", endpoint_url=proxy.endpoint) as other:
        assert cost(lambda: other.features) == {}


def test_a_listing_costs_a_request_for_a_thousand_keys(store: GCS, cost: Cost):
    store.set_many((f"k{n:04}", b"") for n in range(MANY))
    store["z"] = b""
    assert cost(lambda: list(store.scan())) == PAGES
    assert cost(lambda: len(store)) == PAGES
    assert cost(lambda: list(store.scan_tags("k"))) == PAGES
    assert cost(lambda: list(store.scan("k2"))) == {"GET": 1}
    assert cost(lambda: list(store.scan(start="k1002"))) == {"GET": 2}
    assert cost(lambda: list(store.scan(stop="k0100"))) == {"GET": 1}
    assert cost(lambda: list(store.scan("k", start="l"))) == {}
    assert cost(lambda: next(store.scan())) == {"GET": 1}
    assert cost(lambda: list(store.scan_items())) == {"GET": 3 + MANY + 2}


def test_reserved_keys_are_passed_over(store: GCS, cost: Cost):
    history = store.raw(".holdall/history/")
    history.set_many((f"k{n:04}", b"") for n in range(MANY))
    assert cost(lambda: list(store.scan())) == {"GET": 2}
    assert cost(lambda: bool(store)) == {"GET": 2}
    assert cost(lambda: len(history)) == PAGES


def test_a_server_without_batches_is_asked_for_one_once(store: GCS, cost: Cost):
    store.set_many((f"k{n:03}", b"") for n in range(5))
    assert cost(lambda: store.delete_many(["k000", "k001", "missing"])) == {"POST": 1, "DELETE": 3}
    assert cost(store.clear) == {"GET": 1, "DELETE": 4}
    assert not store


def in_parts(statuses: list[int]) -> Callable[[Any], None]:
    """What a server with batches answers: one whole answer in each part ("Batch requests")."""
    parts = "".join(
        f"--mark\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 {status} Said\r\n\r\n\r\n"
        for status in statuses
    )
    headers = [("Content-Type", "multipart/mixed; boundary=mark")]
    said = Answer(200, headers, f"{parts}--mark--".encode())
    return lambda exchange: exchange.reply(said)


def test_a_hundred_keys_go_in_a_batch(store: GCS, proxy: Proxy, cost: Cost):
    proxy.inject(in_parts([204] * 99 + [404]), on="POST /batch")
    assert cost(lambda: store.delete_many(f"k{n:03}" for n in range(100))) == {"POST": 1}
    sizes = []

    def answer(exchange: Any) -> None:
        sizes.append(exchange.body.count(b"DELETE "))
        in_parts([204] * sizes[-1])(exchange)

    proxy.always = answer
    assert cost(lambda: store.delete_many(f"k{n:03}" for n in range(250))) == {"POST": 3}
    assert sorted(sizes) == [50, 100, 100]


def test_what_a_batch_leaves_is_deleted_by_itself(store: GCS, proxy: Proxy, cost: Cost):
    store["more"] = b""
    proxy.inject(in_parts([503, 204]), on="POST /batch")
    assert cost(lambda: store.delete_many(["there", "more"])) == {"POST": 1, "DELETE": 1}
    assert list(store) == ["more"], "the proxy said that this one was deleted"


# ---- Versions that the bucket keeps ----------------------------------------------------------------


@pytest.fixture
def kept(store: GCS) -> Versions[bytes]:
    keep_versions(store)
    return Versions(store, author="Ann", history="native")


def test_kept_versions_are_asked_for_once(store: GCS, kept: Versions[bytes], cost: Cost):
    assert cost(lambda: Versions(store, history="native")) == {"GET": 1}
    assert cost(lambda: kept.features) == {}


def test_with_kept_versions_writes_and_reads_cost_what_they_cost_without(kept: Versions[bytes], cost: Cost):
    tag = kept.get_tagged("there").tag
    assert cost(lambda: kept.__setitem__("there", b"2")) == {"POST": 1}
    assert cost(lambda: kept.set_many([("a", b"1"), ("b", b"1")])) == {"POST": 2}
    assert cost(refused(Conflict, lambda: kept.swap("there", b"3", tag))) == {"POST": 1}
    assert cost(lambda: kept.swap("there", b"3", kept.tag("there"))) == {"GET": 1, "POST": 1}
    assert cost(lambda: kept.modify("there", bytes.upper)) == {"GET": 1, "POST": 1}
    assert cost(lambda: kept["there"]) == cost(lambda: kept.get("missing")) == {"GET": 1}
    assert cost(lambda: list(kept.scan_items())) == {"GET": 1 + 3}
    assert cost(lambda: kept.__delitem__("there")) == {"DELETE": 1}
    assert cost(refused(KeyError, lambda: kept["there"])) == {"GET": 1}


def test_history_costs_a_listing_and_a_request_for_each_note(kept: Versions[bytes], cost: Cost):
    for value in (b"2", b"3"):
        kept["there"] = value
    listing = {"GET": 1}
    assert cost(lambda: list(kept.history("there"))) == listing
    assert cost(refused(KeyError, lambda: kept.history("missing"))) == listing
    assert cost(lambda: next(kept.history("there")).author) == {"GET": 1 + 1}
    assert cost(lambda: [one.author for one in kept.history("there")]) == {"GET": 1 + 3}
    assert cost(lambda: kept.at("there", 1)) == {"GET": 1 + 1}
    assert cost(refused(NoRevision, lambda: kept.at("there", 4))) == listing
    del kept["there"]
    assert cost(lambda: [one.author for one in kept.history("there")]) == {"GET": 1 + 3}, (
        "a deletion has none"
    )
    assert cost(refused(KeyError, lambda: kept.at("there", 4))) == listing


def test_as_of_costs_a_listing_and_a_request_for_each_value(kept: Versions[bytes], cost: Cost):
    for key in ("a", "there"):
        for value in (b"2", b"3"):
            kept[key] = value
    del kept["a"]
    then: list[Store[bytes]] = []
    assert cost(lambda: then.append(kept.as_of(datetime.now(UTC) + timedelta(hours=1)))) == {}
    assert cost(lambda: then[0]["there"]) == {"GET": 1 + 1}
    assert cost(refused(KeyError, lambda: then[0]["a"])) == {"GET": 1}
    assert cost(lambda: list(then[0].scan())) == {"GET": 1}
    assert cost(lambda: list(then[0].scan_items())) == {"GET": 1 + 1}


def test_undelete_and_revert_cost_what_they_read_and_a_write(kept: Versions[bytes], cost: Cost):
    kept["there"] = b"2"
    assert cost(lambda: kept.revert("there", 1)) == {"GET": 1 + 1, "POST": 1}
    del kept["there"]
    assert cost(lambda: kept.undelete("there")) == {"GET": 1 + 1 + 1, "POST": 1}
    assert cost(refused(Conflict, lambda: kept.undelete("there"))) == {"GET": 1 + 1 + 1, "POST": 1}


def listed(key: str, generations: range, token: str = "") -> Callable[[Any], None]:
    """What Google answers with a page of the generations of ``key`` ("Objects: list")."""
    when = "2026-09-30T12:00:{:02}.000Z".format
    items = [{"name": key, "generation": str(n), "timeCreated": when(n)} for n in generations]
    said = json.dumps({"kind": "storage#objects", "items": items, "nextPageToken": token}).encode()
    return lambda exchange: exchange.reply(Answer(200, [("Content-Type", "application/json")], said))


def test_a_listing_goes_on_for_a_key_with_many_generations(kept: Versions[bytes], proxy: Proxy, cost: Cost):
    pages = listed("books/a", range(1, 4), "3"), listed("books/a", range(4, 7), "6")
    proxy.inject(*pages, listed("books/a", range(7, 9)))
    numbers: list[int] = []
    assert cost(lambda: numbers.extend(one.number for one in kept.history("a"))) == {"GET": 3}
    assert numbers == list(range(8, 0, -1))


def test_a_server_that_lists_the_same_generations_again_is_not_followed(
    kept: Versions[bytes], monkeypatch: pytest.MonkeyPatch
):
    """As fake-gcs-server, whose next page begins after a name, does where one key fills a page."""
    monkeypatch.setattr("holdall.adapters.gcs.history.PAGE", 4)
    kept.set_many(("a", b"%d" % number) for number in range(9))
    with pytest.raises(Unsupported, match="same page"):
        kept.history("a")
