"""How many requests each operation costs, exactly."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from holdall import SnapshotFeed
from holdall.adapters.s3 import S3
from holdall.store import ABSENT
from tests.refused import refused
from tests.servers.s3 import Server, put_without_requests

MANY = 2001  # three pages


@pytest.fixture
def store(moto: Server) -> Iterator[S3]:
    with moto.store(prefix="books") as store:
        store["there"] = b"1"
        yield store


@pytest.fixture
def cost(store: S3) -> Callable[[Callable[[], Any]], Counter[str]]:
    """The requests of a call, by operation."""
    return costs(store)


def costs(store: S3) -> Callable[[Callable[[], Any]], Counter[str]]:
    sent: list[str] = []

    def count(model: Any, **event: Any) -> None:
        sent.append(model.name)  # from several threads: += would lose some

    store.client.meta.events.register("before-call.s3", count)

    def cost(call: Callable[[], Any]) -> Counter[str]:
        sent.clear()
        call()
        return Counter(sent)

    return cost


def filled(store: S3, prefix: str = "") -> None:
    """Put MANY objects under ``prefix``."""
    put_without_requests(store, ((f"{prefix}k{n:04}", b"") for n in range(MANY)))


def test_one_request_for_each_thing_done(store: S3, cost):
    tag = store.get_tagged("there").tag
    assert cost(lambda: store["there"]) == {"GetObject": 1}
    assert cost(refused(KeyError, lambda: store["missing"])) == {"GetObject": 1}
    assert cost(lambda: store.get("missing")) == {"GetObject": 1}
    assert cost(lambda: store.get_tagged("there")) == {"GetObject": 1}
    assert cost(lambda: store.tag("there")) == cost(lambda: store.tag("missing")) == {"HeadObject": 1}
    assert cost(lambda: store.__setitem__("new", b"1")) == {"PutObject": 1}
    assert cost(lambda: "there" in store) == {"HeadObject": 1}
    assert cost(lambda: "missing" in store) == {"HeadObject": 1}
    assert (
        cost(lambda: store.read("there", 0, 5)) == cost(lambda: store.read("there", -5)) == {"GetObject": 1}
    )
    assert cost(lambda: store.read("there", 9)) == {"GetObject": 1}
    assert cost(lambda: store.size("there")) == {"HeadObject": 1}
    assert cost(refused(KeyError, lambda: store.size("missing"))) == {"HeadObject": 1}
    assert cost(lambda: store.swap("there", b"2", tag)) == {"PutObject": 1}
    assert cost(lambda: store.swap("created", b"2", ABSENT)) == {"PutObject": 1}
    assert cost(lambda: store.remove("created", store.get_tagged("created").tag)) == {
        "GetObject": 1,
        "DeleteObject": 1,
    }
    assert cost(lambda: store.discard("missing")) == {"DeleteObject": 1}
    assert cost(lambda: bool(store)) == {"ListObjectsV2": 1}


def test_a_delete_looks_first(store: S3, cost):
    assert cost(lambda: store.__delitem__("there")) == {"HeadObject": 1, "DeleteObject": 1}
    assert cost(refused(KeyError, lambda: store.__delitem__("there"))) == {"HeadObject": 1}


def test_a_first_miss_makes_sure_of_the_bucket(moto: Server, store: S3):
    with S3(store._bucket.name) as fresh:
        cost = costs(fresh)
        assert cost(lambda: "missing" in fresh) == {"HeadObject": 1, "HeadBucket": 1}
        assert cost(lambda: "missing" in fresh) == {"HeadObject": 1}


def test_modify_and_pop_read_and_write_once(store: S3, cost):
    assert cost(lambda: store.modify("there", bytes.upper)) == {"GetObject": 1, "PutObject": 1}
    assert cost(lambda: store.setdefault("there", b"")) == {"GetObject": 1}
    assert cost(lambda: store.pop("there")) == {"GetObject": 1, "DeleteObject": 1}


def test_amazon_is_known_and_not_tried_out(store: S3, cost):
    assert cost(lambda: store.features) == {}


def test_a_server_is_tried_out_once(moto_server: Server):
    with moto_server.store() as store:
        cost = costs(store)
        assert sum(cost(lambda: store.features).values()) <= 10
        assert cost(lambda: store.features) == {}
        assert cost(lambda: list(store.scan())) == {"ListObjectsV2": 1}, "something was left behind"
        with S3(store._bucket.name, endpoint_url=moto_server.endpoint) as other:
            assert costs(other)(lambda: other.features) == {}


def test_a_listing_costs_a_request_for_a_thousand_keys(store: S3, cost):
    filled(store)
    store["z"] = b""
    pages = {"ListObjectsV2": 3}
    assert cost(lambda: list(store.scan())) == pages
    assert cost(lambda: len(store)) == pages
    assert cost(lambda: list(store.scan_tags("k"))) == pages
    assert cost(lambda: list(store.scan("k2"))) == {"ListObjectsV2": 1}
    assert cost(lambda: list(store.scan(start="k1002"))) == {"ListObjectsV2": 2}
    assert cost(lambda: list(store.scan(stop="k0100"))) == {"ListObjectsV2": 1}
    assert cost(lambda: list(store.scan("k", start="l"))) == {}
    assert cost(lambda: next(store.scan())) == {"ListObjectsV2": 1}
    assert cost(lambda: list(store.scan_items(start="k1990"))) == {"ListObjectsV2": 1, "GetObject": 13}
    assert cost(lambda: store.delete_many(f"k{n:04}" for n in range(1001))) == {"DeleteObjects": 2}
    assert cost(lambda: store.delete_prefix("k1")) == {"ListObjectsV2": 1, "DeleteObjects": 1}
    assert cost(store.clear) == {"ListObjectsV2": 1, "DeleteObjects": 1}
    assert not store


def test_reserved_keys_are_passed_over(store: S3, cost):
    history = store.raw(".holdall/history/")
    filled(store, ".holdall/history/")
    assert cost(lambda: list(store.scan())) == {"ListObjectsV2": 2}
    assert cost(lambda: bool(store)) == {"ListObjectsV2": 2}
    assert cost(lambda: len(history)) == {"ListObjectsV2": 3}


def test_what_breaks_no_xml_goes_in_bulk(store: S3, cost):
    store.set_many((key, b"") for key in ("a&<>\"'", "b\ufffe", "c\uffff", "d "))
    assert cost(lambda: store.delete_many(store.scan())) == {
        "ListObjectsV2": 1,
        "DeleteObjects": 1,
        "DeleteObject": 2,
    }
    assert not store


def test_a_snapshot_feed_costs_one_listing_and_a_few_objects(store: S3, cost):
    feed = SnapshotFeed(store)

    def follow(since: str | None) -> tuple[list[str], str]:
        changes = feed.changes(since)
        return [change.key for change in changes], changes.position

    position = follow(None)[1]
    assert cost(lambda: follow(position)) == {"ListObjectsV2": 1, "GetObject": 1}
    store["new"] = b"1"
    # It reads the manifest and the block, lists the store, writes both, lists and deletes the old blocks, and
    # reads the new block to tell the change.
    assert cost(lambda: follow(position)) == {
        "GetObject": 3,
        "ListObjectsV2": 2,
        "PutObject": 2,
        "DeleteObjects": 1,
    }
    assert cost(lambda: follow(position)) == {"ListObjectsV2": 1, "GetObject": 2}
    assert follow(position)[0] == ["new"]
