"""The store in memory: what the suite does not say of it."""

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

import holdall
from holdall import Memory
from holdall.store import Delete, Put, Tag
from tests.adapters.interrupts import interrupt_at_checks
from tests.forks import every_fork, run_in_child


def test_stores_of_a_name_are_one() -> None:
    Memory("test-memory")["a"] = b"1"
    assert Memory("test-memory")["a"] == b"1"
    assert "a" not in Memory("test-memory/other")
    assert "a" not in Memory()
    assert "a" in holdall.open("memory://test-memory")
    assert "a" not in holdall.open("memory://")
    holdall.open("memory://")["a"] = b"1"
    assert "a" not in holdall.open("memory://")


@pytest.mark.parametrize("store", [Memory(), Memory(""), Memory(name="")])
def test_a_private_store_says_why_it_cannot_be_pickled(store: Memory) -> None:
    with pytest.raises(TypeError, match="give it a name"):
        pickle.dumps(store)


def test_a_named_store_is_found_by_its_pickle() -> None:
    store = Memory("test-memory-pickle")
    store["a"] = b"1"
    assert pickle.loads(pickle.dumps(store)).items() == store.items()


_USE = """
import pickle, sys
store = pickle.loads(bytes.fromhex(sys.argv[1]))
for use in (lambda: store["a"], lambda: store.get("a"), lambda: list(store), lambda: store.update(a=b"2")):
    try:
        use()
    except TypeError as error:
        print(error)
"""


def test_a_named_store_that_was_pickled_refuses_another_process() -> None:
    store = Memory("test-memory-elsewhere")
    store["a"] = b"1"
    command = [sys.executable, "-c", _USE, pickle.dumps(store).hex()]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(said) == 4
    assert all("memory://test-memory-elsewhere was pickled by another process" in line for line in said)


@every_fork
def test_a_child_has_a_copy_of_its_own(fork: Callable[[], int]) -> None:
    store = Memory("test-memory-fork")
    store["a"] = b"1"

    def look() -> bool:
        pickled = pickle.dumps(store)
        store["b"] = b"2"
        return dict(store) == dict(pickle.loads(pickled)) == {"a": b"1", "b": b"2"}

    assert run_in_child(look, fork) == 0
    assert dict(store) == {"a": b"1"}


class Compared(str):
    """A tag that is compared for as long as a test likes: the store is locked meanwhile."""

    def __init__(self, text: str) -> None:
        self.begun, self.done = threading.Event(), threading.Event()

    def __ne__(self, other: object) -> bool:
        self.begun.set()
        return self.done.wait(60)

    __hash__ = str.__hash__


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")  # what it is about
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_goes_on_where_another_thread_was_writing() -> None:
    store, tag = Memory(), Compared("another")
    with ThreadPoolExecutor(1) as pool:
        swap = pool.submit(store.swap, "a", b"1", Tag(tag))
        assert tag.begun.wait(60)
        pid = os.fork()
        if not pid:
            signal.alarm(60)
            store["a"] = b"2"
            os._exit(0)
        tag.done.set()
        assert os.waitpid(pid, 0)[1] == 0
        assert isinstance(swap.exception(), holdall.Conflict)


def test_an_address_with_parameters_is_refused() -> None:
    with pytest.raises(holdall.InvalidAddress, match="has no parameter 'table'"):
        holdall.open("memory://?table=t")


@pytest.mark.parametrize("address", ["memory://ann:hunter2@a", "memory://a:80"])
def test_an_address_with_a_user_or_port_is_refused(address: str) -> None:
    with pytest.raises(holdall.InvalidAddress, match="write memory://") as caught:
        holdall.open(address)
    assert "hunter2" not in str(caught.value)


def test_a_scan_is_of_what_was_there_less_what_was_deleted() -> None:
    store = Memory()
    store.update({"a": b"", "b": b"", "c": b""})
    scan = store.scan()
    assert next(scan) == "a"
    store["bb"] = b""
    del store["c"]
    assert list(scan) == ["b"]


def test_ticks_go_on_when_all_was_deleted() -> None:
    store = Memory()
    tags = set()
    for _ in range(3):
        store["a"] = b"same"
        tags.add(store.get_tagged("a").tag)
        store.clear()
    assert len(tags) == 3


def test_no_interrupt_leaves_a_part_of_a_transaction() -> None:
    store = Memory()
    store.update({"a": b"old", "b": b"old"})
    position = store.changes().position
    old, new = {"a": b"old", "b": b"old"}, {"a": b"new", "c": b"new"}
    interrupts = 0

    def change() -> None:
        store.transact([Put("a", b"new"), Delete("b"), Put("c", b"new")])

    for interrupts in interrupt_at_checks(change, "holdall.adapters.memory"):  # noqa: B007 - the last is looked at
        assert dict(store.scan_items()) in (old, new)
        store.transact([Put("a", b"old"), Put("b", b"old"), Delete("c")])
    assert interrupts > 20
    assert dict(store.scan_items()) == new
    assert {change.key for change in store.changes(position)} == {"a", "b", "c"}
