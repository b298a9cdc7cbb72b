"""Stores of one machine across forks: those that Python sees, and those that it does not see."""

import contextlib
import os
import pickle
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import holdall
from holdall import Store
from tests.forks import every_fork, exit_code, fork_in_c, needs_fork, run_in_child, start_child
from tests.soak import SOAK

FORKS = 100 if SOAK else 2

ADDRESSES = [
    "sqlite:///{}/s.db?durability=os",
    "file:{}/s?durability=os",
    "lmdb:{}/s?durability=os",
    "dbm:{}/s?flavor=dumb&durability=os",
    "dbm:{}/s?flavor=sqlite3&durability=os",
]


@pytest.fixture(params=ADDRESSES, ids=lambda address: address.split(":")[0] + address[-17:-14])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store[bytes]]:
    for scheme, extra in (("file", "filelock"), ("lmdb", "lmdb")):
        if request.param.startswith(scheme):
            pytest.importorskip(extra)
    with holdall.open(request.param.format(tmp_path)) as store:
        store["n"] = b"0"
        yield store


def increase(store: Store[bytes], times: int) -> None:
    for _ in range(times):
        store.modify("n", lambda value: b"%d" % (int(value) + 1))


@every_fork
def test_children_and_their_parent_lose_no_increment(store: Store[bytes], fork: Callable[[], int]) -> None:
    children = [start_child(lambda: increase(store, 20), fork) for _ in range(2)]
    increase(store, 20)
    assert [exit_code(child) for child in children] == [0, 0]
    assert store["n"] == b"60"


@contextlib.contextmanager
def at_work(store: Store[bytes]) -> Iterator[None]:
    """Other threads read and write all the time."""
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            store["t"] = store["n"] * 100

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@needs_fork
def test_a_fork_beside_the_calls_of_other_threads_hangs_no_child(store: Store[bytes]) -> None:
    with at_work(store):
        codes = [run_in_child(lambda: store.update({"n": store["n"]})) for _ in range(FORKS)]
    assert codes == [0] * FORKS


@pytest.mark.timeout(120)
def test_what_a_child_writes_outlives_its_parent_s_use(store: Store[bytes]) -> None:
    """SQLite would delete the log in which the child still writes, if the child relied on locks of its parent."""
    goes_on, go = os.pipe()

    def work() -> None:
        store["before"] = b"1"
        os.read(goes_on, 1)
        store["after"] = b"1"

    child = start_child(work, fork_in_c)
    while "before" not in store:
        pass
    store.close()
    with pickle.loads(pickle.dumps(store)) as other:
        other["other"] = b"1"
    os.write(go, b"x")
    os.close(go)
    os.close(goes_on)
    assert exit_code(child) == 0
    assert sorted(store) == ["after", "before", "n", "other"]
