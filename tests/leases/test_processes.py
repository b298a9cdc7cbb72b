"""Leases between processes: each works alone, and a holder that was stopped or killed is replaced."""

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from holdall import Conflict, Expect, Fenced, Lease, Put, SQLite, Store
from holdall.testing.suite.processes import child

TIMES = 8
HOUR = 3600
SHORT = 0.2
PATIENCE = 60


def write(store: Store[bytes], lease: Lease, value: bytes) -> None:
    """Write ``value`` unless a holder with a higher token has written, as the guide shows."""
    tag = store.tag("last")
    if int(store.get("last", b"0")) > lease.token:
        raise Fenced("a later holder has written")
    store.transact([Expect("last", tag), Put("last", b"%d" % lease.token), Put("value", value)])


def count(store: Store[bytes]) -> None:
    """Count in a way that needs a lock."""
    for _ in range(TIMES):
        with Lease(store, "count", HOUR) as lease:
            number = int(store.get("number", b"0"))
            store[f"tokens/{lease.token:06}"] = b"%d" % number
            store["number"] = b"%d" % (number + 1)


def test_processes_count_together(tmp_path: Path) -> None:
    store = SQLite(tmp_path / "a.db", durability="os")
    with child(count, store, method="fork"):
        count(store)
    numbers = [int(number) for _, number in store.scan_items("tokens/")]
    assert numbers == list(range(2 * TIMES))


def hold(store: Store[bytes], pipe: Any) -> None:
    """Hold the lease, and do each deed that the pipe names."""
    lease = Lease(store, "work", SHORT)
    assert lease.acquire(timeout=PATIENCE)
    deeds: dict[str, Any] = {
        "token": lambda: lease.token,
        "check": lease.check,
        "renew": lease.renew,
        "release": lease.release,
        "write": lambda: write(store, lease, b"of the first"),
        "acquire": lease.acquire,
    }
    with contextlib.suppress(EOFError):
        while deed := pipe.recv():
            try:
                pipe.send(deeds[deed]())
            except Exception as error:
                pipe.send(type(error))


@pytest.fixture
def store(tmp_path: Path) -> Store[bytes]:
    return SQLite(tmp_path / "a.db")


class Holder:
    """Another process that holds the lease."""

    def __init__(self, pid: int, pipe: Any) -> None:
        self.pid = pid
        self.pipe = pipe

    def do(self, deed: str) -> Any:
        self.pipe.send(deed)
        assert self.pipe.poll(PATIENCE)
        return self.pipe.recv()


@pytest.fixture
def holder(store: Store[bytes]) -> Iterator[Holder]:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=hold, args=(store, there))
    process.start()
    try:
        assert process.pid
        yield Holder(process.pid, here)
    finally:
        process.kill()
        process.join()


def test_a_holder_that_was_stopped_is_fenced(store: Store[bytes], holder: Holder) -> None:
    assert holder.do("token") == 1
    assert holder.do("write") is None
    os.kill(holder.pid, signal.SIGSTOP)
    with Lease(store, "work", HOUR) as lease:
        assert lease.token == 2
        write(store, lease, b"of the second")
        os.kill(holder.pid, signal.SIGCONT)
        assert holder.do("check") is Fenced
        assert holder.do("write") in (Fenced, Conflict)
        assert holder.do("renew") is Fenced
        assert holder.do("release") is Fenced
        lease.check()
        assert store["value"] == b"of the second"
    assert holder.do("acquire") is True
    assert holder.do("token") == 3
    os.kill(holder.pid, signal.SIGKILL)
    assert Lease(store, "work", HOUR).acquire(timeout=PATIENCE)
