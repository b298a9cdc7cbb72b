"""Interrupts at any moment of the work of stores that need no server."""

import gc
import sys

import pytest

import holdall
from tests.adapters.interrupts import interrupt_at_checks
from tests.adapters.signals import check_interrupts, count_open_files
from tests.soak import SOAK

ADDRESSES = {
    "memory": "memory://",
    "file": "file://{}/f",
    "sqlite": "sqlite:///{}/s.db",
    "dbm": "dbm:///{}/d?flavor=dumb",
    "lmdb": "lmdb://{}/l",
    "fsspec memory": "fsspec+memory://interrupts",
    "fsspec file": "fsspec+file://{}/f",
    "shove": "shove+file://{}/v",
    "shove lite": "shove+lite://{}/v.db",
    "slatedb": "slatedb+file://{}/l?flush_interval=0.001",
}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it looks at /proc")
# An interrupt can leave an open file or a generator to the garbage collector, which says so.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.timeout(900 if SOAK else 300)
@pytest.mark.parametrize("name", ADDRESSES)
def test_after_an_interrupt_every_key_has_its_own_value(name, tmp_path):
    with holdall.open(ADDRESSES[name].format(tmp_path)) as store:
        check_interrupts(store, longest=0.003, spare=2)


FILES = [f"holdall.adapters.{name}" for name in (
    "_files.descriptors", "_files.flock", "_files.folders", "_files.lockfile", "file.feed", "file.journal",
    "file.store", "file.writer",
)]  # fmt: skip
WORK = {
    "get": lambda store: store["a/b/c"],
    "get a missing key": lambda store: store.get("a/x/c"),
    "in": lambda store: "a/b/c" in store,
    "set": lambda store: store.update({"a/b/c": b"1"}),
    "set in a new folder": lambda store: (store.discard("n/n"), store.update({"n/n": b"1"})),
    "scan and list foreign names": lambda store: list(store.scan_names()),
}
FEED_WORK = {
    "set, with a feed": WORK["set"],
    "changes": lambda store: list(store.changes()),
}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it looks at /proc")
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("work", "feed"),
    [*((work, "off") for work in WORK.values()), *((work, "on") for work in FEED_WORK.values())],
    ids=[*WORK, *FEED_WORK],
)
def test_no_interrupt_leaves_a_file_of_a_file_store_open(tmp_path, work, feed):
    pytest.importorskip("filelock")
    with holdall.open(f"file:{tmp_path}/s?durability=full&feed={feed}") as store:
        store["a/b/c"] = b"0"
        work(store)
        gc.collect()  # or files that an earlier test left open would be closed in between
        before, interrupts = count_open_files(), 0
        for interrupts in interrupt_at_checks(lambda: work(store), *FILES):  # noqa: B007 - the last is looked at
            pass
        assert interrupts > 5
        assert count_open_files() == before
