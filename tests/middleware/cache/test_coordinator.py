"""Threads at one cache: one asks for all, and nothing that a write has outdated is kept."""

import contextlib
import itertools
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from holdall import Cache, Memory, Unavailable
from holdall.middleware.interceptor import Interceptor
from holdall.store import Delete, Put, Store
from holdall.testing.interleave import POINTS, interleave
from tests.adapters.interrupts import interrupt
from tests.middleware.cache.gate import PATIENCE, Gate

HOUR = 3600.0
OLD, NEW, NEWER = b"old", b"new", b"newer"
Submit = Callable[..., Future[Any]]


@pytest.fixture
def submit() -> Iterator[Submit]:
    with ThreadPoolExecutor(16) as threads:
        yield threads.submit


@pytest.fixture
def far() -> Memory:
    far = Memory()
    far["a"] = OLD
    return far


def done(future: Future[Any]) -> Any:
    return future.result(PATIENCE)


def test_of_many_readers_one_asks(far: Memory, submit: Submit) -> None:
    gate = Gate(far, "get_tagged")
    store = Cache(gate, HOUR)
    together = Barrier(12)

    def read() -> bytes:
        together.wait(PATIENCE)
        return store["a"]

    readers = [submit(read) for _ in range(12)]
    gate.arrived().set()
    assert [done(reader) for reader in readers] == [OLD] * 12
    assert gate.calls == ["get_tagged"]


def test_of_two_readers_one_asks_wherever_they_meet() -> None:
    far = Memory()
    far.update({f"k{number}": OLD for number in range(POINTS + 1)})
    asked = []

    class Asked(Interceptor[bytes]):
        def _call(self, name: str, call: Any, /, *args: Any) -> Any:
            asked.append(args[0])
            return call(*args)

    store = Cache(Asked(far), HOUR)
    rounds = 0
    for met in interleave(lambda number: store[f"k{number}"], lambda number: store[f"k{number}"]):
        assert met.first.result() == met.second.result() == OLD
        rounds += 1
    assert rounds > 10
    assert sorted(asked) == sorted(f"k{number}" for number in range(rounds))


def _write_file(store: Store[bytes]) -> None:
    with store.open("a", "wb") as file:
        file.write(NEW)


WRITES: dict[str, Callable[[Store[bytes]], object]] = {
    "set": lambda store: store.__setitem__("a", NEW),
    "set_many": lambda store: store.update(a=NEW),
    "transact": lambda store: store.transact([Put("a", NEW)]),
    "swap": lambda store: store.swap("a", NEW, store.tag("a")),
    "modify": lambda store: store.modify("a", lambda held: NEW),
    "delete": lambda store: store.__delitem__("a"),
    "open": lambda store: _write_file(store),
    "discard": lambda store: store.discard("a"),
    "delete_many": lambda store: store.delete_many(["a"]),
    "delete_prefix": lambda store: store.delete_prefix("a"),
    "clear": lambda store: store.clear(),
    "pop": lambda store: store.pop("a"),
    "remove": lambda store: store.remove("a", store.tag("a")),
    "delete in transact": lambda store: store.transact([Delete("a")]),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_read_from_before_a_write_is_not_kept_after_it(far: Memory, submit: Submit, write: Any) -> None:
    gate = Gate(far, "get_tagged")
    store = Cache(gate, HOUR, misses=True)
    early = submit(store.get, "a")
    arrived = gate.arrived()  # it has read the old value
    gate.name = ""
    write(store)
    late = submit(store.get, "a")  # it does not wait for the early one
    assert done(late) == far.get("a") != OLD
    arrived.set()
    assert done(early) == OLD
    assert store.get("a") == far.get("a")


class Late(Gate):
    """Holds ``name`` before it happens below."""

    def _call(self, name: str, call: Any, /, *args: Any) -> Any:
        if name != self.name:
            return super()._call(name, call, *args)
        super()._call(name, lambda *args: None, *args)
        return call(*args)


LATE = [
    *("set", "set_many", "transact", "swap", "modify"),
    *("delete", "discard", "delete_many", "delete_prefix", "clear", "pop"),
]


@pytest.mark.parametrize("name", LATE)
def test_a_read_in_the_midst_of_a_write_is_not_kept_after_it(far: Memory, submit: Submit, name: str) -> None:
    gate = Late(far, name)
    reads = Gate(gate, "get_tagged")
    store = Cache(reads, HOUR, misses=True)
    writer = submit(WRITES[name], store)
    arrived = gate.arrived()
    reader = submit(store.get, "a")
    read = reads.arrived()  # it has read the old value
    arrived.set()
    done(writer)
    read.set()
    assert done(reader) == OLD
    reads.name = ""
    assert store.get("a") == far.get("a") != OLD


@pytest.mark.parametrize("name", LATE)
def test_a_read_that_ends_before_the_write_happens_is_not_kept(
    far: Memory, submit: Submit, name: str
) -> None:
    gate = Late(far, name)
    store = Cache(gate, HOUR, misses=True)
    writer = submit(WRITES[name], store)
    arrived = gate.arrived()
    assert (store["a"], dict(store.get_many("a"))) == (OLD, {"a": OLD})
    arrived.set()
    done(writer)
    assert store.get("a") == far.get("a") != OLD


def test_of_writes_that_overlap_none_is_kept(far: Memory, submit: Submit) -> None:
    gate = Gate(far, "set")
    store = Cache(gate, HOUR)
    first = submit(store.__setitem__, "a", NEW)
    one = gate.arrived()
    second = submit(store.__setitem__, "a", NEWER)
    two = gate.arrived()
    for arrived, writer in ((two, second), (one, first)):
        arrived.set()
        done(writer)
    assert store["a"] == NEWER
    assert gate.calls == ["set", "set", "get_tagged"]


def test_a_write_that_met_a_batch_is_not_kept(far: Memory, submit: Submit) -> None:
    gate = Gate(far, "set")
    store = Cache(gate, HOUR)
    writer = submit(store.__setitem__, "a", NEW)
    arrived = gate.arrived()
    store.update(a=NEWER)
    arrived.set()
    done(writer)
    assert store["a"] == NEWER


def test_an_error_is_that_of_all_who_wait_and_is_not_kept(far: Memory, submit: Submit) -> None:
    class Failing(Gate):
        def _call(self, name: str, call: Any, /, *args: Any) -> Any:
            super()._call(name, call, *args)
            raise Unavailable("not now")

    gate = Failing(far, "get_tagged")
    store = Cache(gate, HOUR)
    leader = submit(store.get, "a")
    arrived = gate.arrived()
    waiting = submit(store.get, "a")
    while not _waits(store):
        pass
    arrived.set()
    for reader in (leader, waiting):
        with pytest.raises(Unavailable):
            done(reader)
    assert gate.calls == ["get_tagged"]
    assert Cache(far, HOUR)["a"] == OLD


def _waits(store: Cache) -> bool:
    (load,) = store._here()._loads.values()
    return bool(load._condition._waiters)


def test_who_waited_for_an_interrupted_read_asks_again(far: Memory, submit: Submit) -> None:
    class Interrupted(Gate):
        def _call(self, name: str, call: Any, /, *args: Any) -> Any:
            result = super()._call(name, call, *args)
            if len(self.calls) == 1:
                raise KeyboardInterrupt
            return result

    gate = Interrupted(far, "get_tagged")
    store = Cache(gate, HOUR)
    leader = submit(store.get, "a")
    arrived = gate.arrived()
    waiting = submit(store.get, "a")
    arrived.set()
    with pytest.raises(KeyboardInterrupt):
        done(leader)
    gate.arrived().set()
    assert done(waiting) == OLD


@pytest.mark.parametrize("read", [lambda store: store["a"], lambda store: dict(store.get_many("a"))["a"]])
def test_nobody_waits_for_a_read_that_was_interrupted_anywhere(
    far: Memory, submit: Submit, read: Any
) -> None:
    for call in itertools.count(1):
        store = Cache(far, HOUR)
        with contextlib.suppress(KeyboardInterrupt):
            interrupt(lambda store=store: read(store), call)
            break
        assert done(submit(store.get, "a")) == OLD
    assert call > 10


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_child_waits_for_no_thread_of_its_parent(far: Memory, submit: Submit) -> None:
    gate = Gate(far, "get_tagged")
    store = Cache(gate, HOUR)
    reader = submit(store.get, "a")
    arrived = gate.arrived()
    child = os.fork()
    if not child:
        gate.name = ""
        os._exit(0 if store["a"] == OLD else 1)
    assert os.waitpid(child, 0)[1] == 0
    arrived.set()
    assert done(reader) == OLD


def test_threads_that_read_and_write_see_their_own_writes(submit: Submit) -> None:
    store = Cache(Interceptor(Memory()), HOUR, items=3)

    def work(thread: int) -> None:
        for turn in range(300):
            key = f"{thread}-{turn % 5}"
            store[key] = b"%d" % turn
            assert store[key] == store.get(key) == b"%d" % turn
            assert key in store

    for worker in [submit(work, thread) for thread in range(8)]:
        done(worker)
