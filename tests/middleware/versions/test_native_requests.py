"""What versions that the bucket keeps cost, request by request, and that they are told in their order."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

import pytest

from holdall import Versions
from holdall.adapters.s3 import S3
from holdall.adapters.s3.entries import MARKERS, ORDER, VERSIONS
from holdall.adapters.s3.history import S3Past
from holdall.store import Store
from tests.middleware.versions.test_native import keep_versions, values
from tests.servers.gcs import Server as Google
from tests.servers.s3 import Server

Cost = Callable[[Callable[[], Any]], dict[str, int]]

GET, HEAD, PUT, DELETE, LIST = "GetObject", "HeadObject", "PutObject", "DeleteObject", "ListObjectVersions"


@pytest.fixture
def below(moto: Server) -> Iterator[S3]:
    with moto.store(prefix="books") as store:
        keep_versions(store)
        yield store


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[datetime]:
    """Moto's, which goes on by a second whenever it is looked at."""
    start = datetime(2026, 9, 30, 12, tzinfo=UTC).replace(tzinfo=None)
    ticks = count()
    monkeypatch.setattr("moto.s3.models.utcnow", lambda: start + timedelta(seconds=next(ticks)))
    return start.replace(tzinfo=UTC)


@pytest.fixture
def cost(below: S3) -> Cost:
    sent: list[str] = []
    below.client.meta.events.register("before-call.s3", lambda model, **event: sent.append(model.name))

    def cost(call: Callable[[], Any]) -> dict[str, int]:
        sent.clear()
        call()
        return dict(Counter(sent))

    return cost


def test_writes_and_reads_cost_what_they_cost_without(below: S3, cost: Cost, clock: datetime):
    opened: list[Versions[bytes]] = []
    assert cost(lambda: opened.append(Versions(below, history="native"))) == {"GetBucketVersioning": 1}
    store = opened[0]
    assert cost(lambda: store.__setitem__("a", b"1")) == {PUT: 1}
    assert cost(lambda: store["a"]) == {GET: 1}
    assert cost(lambda: store.modify("a", bytes.upper)) == {GET: 1, PUT: 1}
    assert cost(lambda: list(store.scan_items())) == {"ListObjectsV2": 1, GET: 1}
    assert cost(lambda: store.__delitem__("a")) == {HEAD: 1, DELETE: 1}


def test_history_costs_a_listing_and_a_request_for_each_note(below: S3, cost: Cost, clock: datetime):
    store = Versions(below, author="Ann", history="native")
    for key in ("a", "b"):
        for value in (b"1", b"2", b"3"):
            store[key] = value
    assert cost(lambda: list(store.history("a"))) == {LIST: 1}
    assert cost(lambda: next(store.history("a")).author) == {LIST: 1, HEAD: 1}
    assert cost(lambda: [one.author for one in store.history("a")]) == {LIST: 1, HEAD: 3}
    assert cost(lambda: store.at("a", 1)) == {LIST: 1, GET: 1}
    then = store.as_of(datetime.now(UTC) + timedelta(days=36500))
    assert cost(lambda: then["a"]) == {LIST: 1, GET: 1}
    assert cost(lambda: list(then.scan())) == {LIST: 1}
    assert cost(lambda: list(then.scan_items())) == {LIST: 1, GET: 2}
    assert cost(lambda: store.revert("a", 1)) == {LIST: 1, GET: 1, PUT: 1}


def test_a_listing_goes_on_for_a_key_with_many_versions(below: S3, cost: Cost, monkeypatch: Any):
    monkeypatch.setattr("holdall.adapters.s3.history.PAGE", 4)
    store = Versions(below, history="native")
    for number in range(9):
        store["a"] = b"%d" % number
    store["a/b"] = b""
    assert cost(lambda: list(store.history("a"))) == {LIST: 3}
    assert values(store, "a") == [b"%d" % number for number in range(9)]
    assert values(store, "a/b") == [b""]


def entry(id: str, second: int) -> dict[str, Any]:
    return {"Key": "a", "VersionId": id, "LastModified": f"2026-09-30T12:00:0{second}.000Z"}


class Answers:
    """A bucket that gives one listing."""

    root = ""

    def __init__(self, listing: dict[str, Any]) -> None:
        self.answers = iter([{"Status": "Enabled"}, listing])

    def ask(self, operation: str, **parameters: Any) -> dict[str, Any]:
        return next(self.answers)


def test_what_s3_lists_within_one_second_keeps_its_order():
    """As Amazon lists it: an upload in parts (4) has the time at which it began."""
    versions = [entry("4", 1), entry("2", 2), entry("1", 2)]
    markers = [entry("5", 2), entry("3", 2)]
    order = [MARKERS, VERSIONS, MARKERS, VERSIONS, VERSIONS]
    listing = {VERSIONS: versions, MARKERS: markers, ORDER: order, "IsTruncated": False}
    past = S3Past(Answers(listing))  # type: ignore[arg-type]
    assert [version.id for version in past.of("a")] == ["5", "4", "3", "2", "1"]


# ---- As of -----------------------------------------------------------------------------------------


def history_of(
    store: Store[bytes], now: Callable[[], datetime], writes: int
) -> list[tuple[datetime, dict[str, bytes]]]:
    """Write at random to ``store``; what was in it when."""
    random = Random(17)
    held: dict[str, bytes] = {}
    then = [(now(), {})]
    for number in range(writes):
        key = random.choice(["a", "a/b", "a-b", "b", "é"])
        if random.random() < 0.35:
            store.discard(key)
            held.pop(key, None)
        else:
            store[key] = held[key] = b"%d" % number
        then.append((now(), dict(held)))
    return then


def check(store: Store[bytes], then: list[tuple[datetime, dict[str, bytes]]]) -> None:
    for time, held in then:
        seen = store.as_of(time)
        assert list(seen.scan_items()) == sorted(held.items())
        assert list(seen.scan("a/")) == sorted(key for key in held if key.startswith("a/"))
        assert {key: value for key in held if (value := seen.get(key)) is not None} == held


def test_the_store_as_it_was_on_s3(below: S3, monkeypatch: pytest.MonkeyPatch):
    moments = [datetime(2026, 9, 30, 12, tzinfo=UTC).replace(tzinfo=None)]
    monkeypatch.setattr("moto.s3.models.utcnow", lambda: moments[-1])

    def now() -> datetime:
        moments.append(moments[-1] + timedelta(seconds=2))
        return (moments[-1] - timedelta(seconds=1)).replace(tzinfo=UTC)

    store = Versions(below, history="native")
    check(store, history_of(store, now, 20)[::4])


def test_the_store_as_it_was_on_google(fake_gcs: Google):
    with fake_gcs.store(prefix="books") as below:
        keep_versions(below)
        store = Versions(below, history="native")
        check(store, history_of(store, lambda: datetime.now(UTC), 60)[::5])
