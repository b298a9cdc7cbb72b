"""Syncs with stores that `holdall serve` serves: two services, a token of a part, a bucket, and a link that is cut."""

import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import holdall
from holdall import (
    Fenced,
    HoldallError,
    Json,
    Memory,
    PermissionDenied,
    Replicas,
    SQLite,
    Unsupported,
    Versions,
)
from holdall.replication import back_up, conflicts, promote, restore, sync, sync_both
from holdall.server.access import Scope
from holdall.server.tokens import Tokens
from tests.faults.proxy import Proxy, answer, drop, late, reset_in_body
from tests.servers import s3
from tests.servers.process import free_ports, running

pytestmark = pytest.mark.servers


def serve(folder: Path, *arguments: str) -> Iterator[str]:
    """Serve stores in ``folder`` until the generator is closed, and yield the URL before their names."""
    folder.mkdir()
    (port,) = free_ports(1)
    place = f"127.0.0.1:{port}"
    command = [sys.executable, "-m", "holdall", "serve", "--listen", place, *arguments]
    with running(command, f"http://{place}/healthz", folder):
        yield f"http://{place}/v1"


STORES = ["plain=sqlite:///a.db", "kept=sqlite:///b.db?history=on", "docs=sqlite:///c.db?serializer=json"]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service that shows reserved keys."""
    yield from serve(tmp_path_factory.mktemp("shop") / "s", "--raw", *STORES)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service that does not show reserved keys."""
    yield from serve(tmp_path_factory.mktemp("cloud") / "s", *STORES)


def test_two_servers_one_way(shop: str, cloud: str) -> None:
    with holdall.open(f"{cloud}/plain") as source, holdall.open(f"{shop}/plain") as target:
        source.update({"one/a": b"1", "one/b": b"2"})
        assert sync(source, target, prefix="one/").copied == 2
        source["one/a"] = b"3"
        del source["one/b"]
        report = sync(source, target, prefix="one/")
        assert (report.copied, report.deleted, report.full) == (1, 1, False)  # from the feed
        assert dict(target.scan_items("one/")) == {"one/a": b"3"}


def test_two_servers_both_ways(shop: str, cloud: str) -> None:
    with holdall.open(f"{shop}/plain") as ours, holdall.open(f"{cloud}/plain") as theirs, Memory() as state:
        with pytest.raises(Unsupported, match=r"start it with --raw; or name another store with state="):
            sync_both(ours, theirs, prefix="both/")
        ours["both/a"], theirs["both/b"] = b"1", b"2"
        assert sync_both(ours, theirs, prefix="both/", state=state).copied == 2
        ours["both/a"], theirs["both/b"] = b"3", b"4"
        report = sync_both(ours, theirs, prefix="both/", state=state)
        assert (report.copied, report.full) == (2, False)
        expected = {"both/a": b"3", "both/b": b"4"}
        assert dict(ours.scan_items("both/")) == dict(theirs.scan_items("both/")) == expected


def test_documents_and_history_over_http(shop: str, tmp_path: Path) -> None:
    with (
        Json(SQLite(tmp_path / "a.db", durability="os")) as books,
        holdall.open(f"{shop}/docs?serializer=json") as served,
        holdall.open(f"{shop}/plain?history=on") as backup,
        holdall.open(f"{shop}/kept") as kept,
    ):
        books["docs/a"] = {"amount": 1}
        assert sync(books, served).copied == 1
        assert served["docs/a"] == {"amount": 1}
        with SQLite(tmp_path / "b.db", durability="os") as till:
            till["till/a"] = b"1"
            back_up(till, backup, prefix="till/")
            noon = next(backup.history("till/a")).time
            till["till/a"] = b"2"
            back_up(till, backup, prefix="till/")
            restore(backup, till, noon, prefix="till/")
            assert till["till/a"] == b"1"
            assert sync(till, kept).copied == 1
            assert sync(till, kept).changed == 0
            till["till/a"] = b"3"
            sync(till, kept)
            assert [kept.at("till/a", number) for number in (1, 2)] == [b"1", b"3"]


def test_revisions_travel_over_http(shop: str) -> None:
    with holdall.open(f"{shop}/plain?history=on") as served, Versions(Memory()) as laptop:
        laptop["revised/a"] = b"1"
        sync_both(laptop, served, prefix="revised/", conflict="keep")
        laptop["revised/a"], served["revised/a"] = b"2", b"3"
        assert sync_both(laptop, served, prefix="revised/", conflict="keep").siblings == 1
        [conflict] = conflicts(served, "revised/")
        assert conflict.base == b"1"
        assert served["revised/a"] == laptop["revised/a"]


def test_a_replica_that_is_served_is_promoted(shop: str, tmp_path: Path) -> None:
    url = f"{shop}/docs?serializer=json"
    with Json(SQLite(tmp_path / "a.db", durability="os")) as old, holdall.open(url) as new:
        new.clear()
        with Replicas(old, new, acks=2) as store:
            store["orders/1"] = [1]
            assert new["orders/1"] == [1]
        old["orders/2"] = [2]
        assert promote(old, new).fenced
        assert dict(new) == {"orders/1": [1], "orders/2": [2]}
        with Replicas(old, new) as fenced, pytest.raises(Fenced):
            fenced["orders/3"] = [3]
        with Replicas(new, old) as store:
            store["orders/3"] = [3]
        assert dict(old) == dict(new)


def test_a_token_for_a_part_is_enough_to_read_it(tmp_path: Path) -> None:
    with SQLite(tmp_path / "tokens.db") as kept:
        reads = Tokens(kept).add("laptop", [Scope("plain", "mine/")])
    served = serve(tmp_path / "s", "--tokens", f"sqlite:///{tmp_path}/tokens.db", *STORES)
    url = next(served)
    try:
        with SQLite(tmp_path / "s" / "a.db") as direct, Memory() as copy:
            direct.update({"mine/a": b"1", "other/a": b"2"})
            with holdall.open(f"{url}/plain", token=lambda: reads) as source:
                assert sync(source, copy, prefix="mine/").copied == 1
                assert sync(source, copy, prefix="mine/").full is False
                assert dict(copy) == {"mine/a": b"1"}
                with pytest.raises(PermissionDenied):
                    sync(source, copy)
                copy["mine/b"] = b"3"
                with pytest.raises(PermissionDenied):
                    sync(copy, source, prefix="mine/", state=Memory())
    finally:
        served.close()  # type: ignore[attr-defined]


def test_from_a_service_to_a_bucket(shop: str, seaweed: s3.Server) -> None:
    with holdall.open(f"{shop}/plain") as source:
        bucket = seaweed.store("served")
        source.update({f"bucket/{number:03}": b"%d" % number for number in range(50)})
        assert sync(source, bucket, prefix="bucket/").copied == 50
        source["bucket/007"] = b"bond"
        report = sync(source, bucket, prefix="bucket/")
        assert (report.copied, report.full) == (1, False)
        assert dict(bucket) == dict(source.scan_items("bucket/"))


def test_a_link_to_a_service_that_is_cut(shop: str, tmp_path: Path) -> None:
    chance = random.Random(5)
    faults = [drop, reset_in_body, answer(503), late(0.01)]
    with (
        SQLite(tmp_path / "a.db", durability="os") as source,
        Proxy(shop) as proxy,
        holdall.open(f"{proxy.endpoint}/v1/plain", retries=0) as through,
        holdall.open(f"{shop}/plain") as served,
    ):
        for turn in range(4):
            source.update({f"cut/{chance.randrange(60):02}": b"%d" % turn for _ in range(30)})
            source.discard(f"cut/{chance.randrange(60):02}")
            for _ in range(6):
                proxy.inject(chance.choice(faults), on=chance.choice(["GET", "PUT", "POST", "DELETE"]))
            for _ in range(20):
                try:
                    sync(source, through, prefix="cut/")
                    break
                except HoldallError:
                    continue
            proxy.calm()
            sync(source, through, prefix="cut/")
            assert dict(served.scan_items("cut/")) == dict(source)
