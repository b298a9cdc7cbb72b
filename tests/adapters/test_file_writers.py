"""The file store's tags, and whom its lock excludes."""

import itertools
import multiprocessing
import os
import tempfile
import threading
import time
from pathlib import Path

import pytest
from filelock import FileLock

from holdall import ABSENT, Conflict, File, Unsupported
from holdall.adapters.file.writer import Writer
from tests.adapters.counting import count_in_file


@pytest.fixture
def store(tmp_path):
    return File(tmp_path / "store", durability="os")


# ---- Tags ------------------------------------------------------------------------------------------


def test_tags_do_not_repeat_when_the_clock_stands_or_goes_back(store, monkeypatch):
    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", itertools.cycle([now, now, now - 10**9]).__next__)
    tags = []
    for _ in range(20):
        tags.append(store.swap("a", b"1", ABSENT))
        store["a"] = b"1"
        tags.append(store.get_tagged("a").tag)
        File(store.root).discard("a")
    assert len(set(tags)) == 40


def test_a_change_by_hand_changes_the_tag(store):
    tag = store.swap("a", b"1", ABSENT)
    Path(store.root, "a").write_bytes(b"2")
    assert dict(store.scan_tags())["a"] == store.get_tagged("a").tag != tag
    with pytest.raises(Conflict):
        store.swap("a", b"3", tag)
    assert store["a"] == b"2"


@pytest.mark.parametrize("content", [b"", b"garbage", b"99"])
def test_a_damaged_lock_file_stops_nobody(store, content):
    tag = store.swap("a", b"1", ABSENT)
    Path(store.root, ".lock").write_bytes(content)
    assert store.swap("a", b"2", tag) != tag


def test_a_file_system_with_coarse_times_is_refused(store, monkeypatch):
    utime = os.utime
    whole = 10**9
    monkeypatch.setattr(
        os, "utime", lambda fd, ns: utime(fd, ns=(ns[0] // whole * whole, ns[1] // whole * whole))
    )
    with pytest.raises(Unsupported, match="coarse times"):
        store["a"] = b"1"
    assert list(Path(store.root).iterdir()) == [Path(store.root, ".lock")]


# ---- Writers ---------------------------------------------------------------------------------------


def start(function, *args):
    thread = threading.Thread(target=function, args=args, daemon=True)
    thread.start()
    return thread


def test_a_writer_waits_for_the_lock_and_a_reader_does_not(store):
    store["a"] = b"1"
    with FileLock(f"{store.root}/.lock"):
        writer = start(store.__setitem__, "a", b"2")
        writer.join(0.1)
        assert writer.is_alive()
        assert store["a"] == b"1"
    writer.join(60)
    assert store["a"] == b"2"


def test_a_lock_file_that_was_deleted_excludes_nobody(store):
    store["a"] = b"1"
    with FileLock(f"{store.root}/.lock"):
        writer = start(store.__setitem__, "a", b"2")
        writer.join(0.1)
        Path(store.root, ".lock").unlink()
    writer.join(60)
    assert store["a"] == b"2"
    assert Path(store.root, ".lock").exists()


def test_a_fork_while_the_lock_is_held_does_not_prolong_it(store):
    store["a"] = b"1"
    reading, writing = os.pipe()

    def fork(writer):
        child = os.fork()
        if not child:
            os.close(writing)
            os.read(reading, 1)  # until the parent is done
            os._exit(0)
        return child

    child = Writer(store.root, durable=False, makes=False).run(fork)
    writer = start(store.__setitem__, "a", b"2")
    writer.join(60)
    os.close(writing)
    os.close(reading)
    os.waitpid(child, 0)
    assert store["a"] == b"2"


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_no_increment_of_two_processes_is_lost(store, method):
    context = multiprocessing.get_context(method)
    children = [context.Process(target=count_in_file, args=(store.root, 100)) for _ in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    assert store["counter"] == b"200"


def test_a_batch_may_come_from_the_store_itself(store):
    store.update({f"{n:03d}": b"%d" % n for n in range(200)})

    def doubled():
        for key, value in store.items():
            store[f"seen/{key}"] = b""
            yield key, value * 2

    store.set_many(doubled())
    assert store["150"] == b"150150"
    assert sum(1 for _ in store.scan("seen/")) == 200
    store.delete_many(key for key in store.scan() if key in store)
    assert not store


def rewrite(root, names, stop):
    store = File(root, durability="os")
    while not stop.is_set():
        for name in names:
            store[name] = b"x"
            store[f"x{name}"] = b""
            store.discard(f"x{name}")


@pytest.mark.skipif(
    not os.path.ismount("/dev/shm"), reason="needs a tmpfs, whose listings leave out renamed files"
)
def test_a_scan_misses_nothing_where_listings_do():
    context = multiprocessing.get_context("fork")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as root:
        store = File(root, durability="os")
        names = [f"{n:04d}" for n in range(2500)]
        store.update(dict.fromkeys(names, b""))
        stop = context.Event()
        writer = context.Process(target=rewrite, args=(root, names, stop))
        writer.start()
        try:
            for _ in range(30):
                assert [key for key in store if not key.startswith("x")] == names
        finally:
            stop.set()
            writer.join(30)
