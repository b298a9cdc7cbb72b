"""SlateDB in folders: the whole suite, one writer at a time, and writers that are killed."""

import pickle
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast
from uuid import uuid4

import pytest

import holdall
from holdall.errors import Fenced, HoldallError, InvalidAddress, StoreNotFound
from holdall.store import ABSENT, Expect, Put, Store
from holdall.testing import StoreTests
from holdall.testing.suite.threads import together
from tests.adapters.kills import check_kills
from tests.conformance.planting import TEXTS

pytest.importorskip("slatedb", reason="slatedb has no wheel for this machine")

from holdall.adapters.slatedb import SlateDB, calls


def make(folder: Path) -> SlateDB:
    return SlateDB(f"file://{folder}/{uuid4().hex}", flush_interval=0.001)


@pytest.mark.servers  # it needs none, but it is slow
@pytest.mark.usefixtures("few_examples")
class TestSlateDB(StoreTests[bytes]):
    many = 250
    points = 8

    @pytest.fixture
    def open_store(self, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Store[bytes]]:
        folder = tmp_path_factory.mktemp("slatedb")
        return lambda: make(folder)

    def plant(self, store: Store[bytes]) -> dict[str, bytes]:
        puts = [Put(name, b"foreign " + name.encode()) for name in TEXTS]
        cast(SlateDB, store)._run(lambda db: calls.write(db, puts))
        return {put.key: put.value for put in puts}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SlateDB]:
    with make(tmp_path) as store:
        yield store


def again(store: SlateDB) -> SlateDB:
    return SlateDB(store._url, flush_interval=0.001)


def test_what_was_written_is_there_when_opened_again(store: SlateDB) -> None:
    tag = store.swap("a", b"1", ABSENT)
    store.close()
    with again(store) as opened:
        assert opened.get_tagged("a") == (b"1", tag)
        opened["a"] = b"1"
        assert int(opened.tag("a")) > int(tag)


def test_who_was_fenced_is_told_at_its_write_and_may_take_it_back(store: SlateDB) -> None:
    store["a"] = b"1"
    with again(store) as other:
        other["a"] = b"2"
        for write in (lambda: store.update(a=b"3"), lambda: store.swap("b", b"3", ABSENT)):
            with pytest.raises(Fenced, match="another writer"):
                write()
        other["c"] = b"4"
        assert dict(other) == {"a": b"2", "c": b"4"}
    store.close()
    store["a"] = b"5"
    assert store == {"a": b"5", "c": b"4"}


def test_an_unrelated_write_is_no_conflict(store: SlateDB) -> None:
    store.update(a=b"1", b=b"1")
    tag = store.tag("a")
    barrier = threading.Barrier(2)

    def write(key: str) -> None:
        barrier.wait()
        for number in range(50):
            store.transact([Expect("a", tag), Put(key, b"%d" % number), Put("both", key.encode())])

    together(lambda: write("c"), lambda: write("d"))
    assert store["c"] == store["d"] == b"49"


def test_a_store_is_not_pickled(store: SlateDB) -> None:
    with pytest.raises(TypeError, match="one process"):
        pickle.dumps(store)


def test_a_large_scan_is_read_in_pages(store: SlateDB) -> None:
    held = {f"k{number:05}": b"%d" % number * 50 for number in range(5000)}
    store.update(held)
    assert list(store.items()) == list(held.items())
    assert list(store.scan(start="k02500", stop="k02503")) == ["k02500", "k02501", "k02502"]


@pytest.mark.parametrize(
    "address",
    [
        "slatedb+file://relative/books",
        "slatedb+file:///",
        "slatedb+file:///books/../etc",
        "slatedb+file:///books%2520",
        "slatedb+file:///büros",
        "slatedb+s3://bucket",
        "slatedb+s3://key:hunter2@bucket/books",
        "slatedb+s3:bucket/books",
        "slatedb+gs://bucket/books",
        "slatedb+file:///books?flush_interval=0",
        "slatedb+file:///books?flush_interval=nan",
        "slatedb+file:///books?timeout=-1",
        "slatedb+file:///books?tabel=a",
    ],
)
def test_an_address_that_cannot_be_meant(address: str) -> None:
    with pytest.raises(InvalidAddress) as refusal:
        holdall.open(address)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    "url",
    [
        "s3://key:hunter2@bucket/books",
        "s3://key:hunter2@bucket/büros",
        "s3://bucket:80/books",
        "s3:books",
        "file://books/2026",
        "file:///books?table=t",
    ],
)
def test_a_url_that_cannot_be_meant(url: str) -> None:
    with pytest.raises(InvalidAddress) as refusal:
        SlateDB(url)
    assert "hunter2" not in str(refusal.value)


def test_a_file_in_its_place_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "books").write_bytes(b"not a database")
    with (
        SlateDB(f"file://{tmp_path}/books") as store,
        pytest.raises(StoreNotFound, match="cannot contain a folder"),
    ):
        store["a"] = b"1"
    assert (tmp_path / "books").read_bytes() == b"not a database"


def test_a_damaged_manifest_is_an_error(store: SlateDB, tmp_path: Path) -> None:
    store["a"] = b"1"
    store.close()
    for manifest in tmp_path.glob("*/manifest/*"):
        manifest.write_bytes(manifest.read_bytes()[:10])
    with pytest.raises(HoldallError, match="SlateDB"):
        store.get("a")


def test_a_killed_writer_leaves_what_returned(tmp_path: Path) -> None:
    check_kills(f"slatedb+file://{tmp_path}/books?flush_interval=0.001")
