"""Handles: one a thread, disposed of once, and parted with before a fork."""

import gc
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import holdall.handles
from holdall.handles import PerProcess, PerThread, delays_fork
from tests.forks import every_fork, needs_fork, run_in_child


class Handle:
    """What a library would give: it knows whether it was disposed of."""

    def __init__(self) -> None:
        self.disposals = 0

    def dispose(self) -> None:
        self.disposals += 1


@pytest.fixture
def handles() -> Iterator[PerThread[Handle]]:
    made = PerThread(Handle, Handle.dispose)
    yield made
    made.close()


def in_thread(function: Callable[[], object]) -> None:
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()


def told(script: str) -> list[str]:
    """The lines that ``script`` prints in a process where no other library has a say in forks."""
    run = [sys.executable, "-W", "ignore", "-c", script]
    return subprocess.run(run, stdout=subprocess.PIPE, text=True, timeout=60, check=True).stdout.splitlines()


def test_a_thread_keeps_its_handle_and_shares_it_with_none(handles: PerThread[Handle]) -> None:
    mine = handles()
    others: list[Handle] = []
    in_thread(lambda: others.extend([handles(), handles()]))
    assert handles() is mine
    assert others[0] is others[1]
    assert others[0] is not mine


def test_the_handle_of_a_thread_that_ended_is_disposed_of_once(handles: PerThread[Handle]) -> None:
    mine = handles()
    others: list[Handle] = []
    in_thread(lambda: others.append(handles()))
    gc.collect()
    assert (others[0].disposals, mine.disposals) == (1, 0)
    handles.close()
    assert (others[0].disposals, mine.disposals) == (1, 1)


def test_close_disposes_of_every_thread_s_and_a_new_one_is_made(handles: PerThread[Handle]) -> None:
    first = handles()
    there, done = threading.Event(), threading.Event()
    found: list[Handle] = []

    def other() -> None:
        found.append(handles())
        there.set()
        done.wait(60)
        found.append(handles())

    thread = threading.Thread(target=other)
    thread.start()
    assert there.wait(60)
    handles.close()
    handles.close()
    assert (first.disposals, found[0].disposals) == (1, 1)
    done.set()
    thread.join()
    assert found[1] is not found[0]
    assert handles() is not first


def test_a_handle_that_cannot_be_made_is_tried_again() -> None:
    answers = iter([OSError("not yet"), None])

    def make() -> Handle:
        if answer := next(answers):
            raise answer
        return Handle()

    handles = PerThread(make, Handle.dispose)
    with pytest.raises(OSError, match="not yet"):
        handles()
    assert handles() is handles()
    handles.close()


FOREIGN = """
import ctypes, sys, holdall
store = holdall.open(f"sqlite:///{sys.argv[1]}")

@ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)
def write(_):
    store[f"{len(store)}"] = b""

libc = ctypes.CDLL(None)
for _ in range(5):
    thread = ctypes.c_ulong()
    libc.pthread_create(ctypes.byref(thread), None, write, None)
    libc.pthread_join(thread, None)
assert len(store) == 5
store.close()
"""


def test_a_thread_that_python_did_not_start_may_use_a_store(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", FOREIGN, str(tmp_path / "a.db")], check=True)


def test_a_store_that_is_dropped_disposes_of_its_handle() -> None:
    handles = PerThread(Handle, Handle.dispose)
    handle = handles()
    del handles
    gc.collect()
    assert handle.disposals == 1


@needs_fork
def test_a_fork_parts_with_the_forking_thread_s_handle_before_it(
    handles: PerThread[Handle],
) -> None:
    before = handles()
    assert run_in_child(lambda: before.disposals == 1 and handles() is not before) == 0
    assert before.disposals == 1
    assert handles() is not before
    assert handles().disposals == 0


@every_fork
@pytest.mark.parametrize("make", [threading.Lock, threading.RLock])
def test_a_lock_that_a_thread_held_is_free_in_a_child(
    make: Callable[[], Any], fork: Callable[[], int]
) -> None:
    lock = PerProcess(make)
    in_thread(lock().acquire)
    assert run_in_child(lambda: lock().acquire(timeout=1), fork) == 0
    assert not lock().acquire(blocking=False)


@every_fork
def test_a_child_makes_its_own_handles_and_disposes_of_none_of_its_parent_s(fork: Callable[[], int]) -> None:
    shared = PerProcess(Handle)
    handles = PerThread(Handle, Handle.dispose)
    inherited, common = handles(), shared()

    def look() -> bool:
        disposals = inherited.disposals  # one, in the parent, if Python saw the fork
        own = handles() is handles() is not inherited and shared() is shared() is not common
        handles.close()
        return own and inherited.disposals == disposals

    assert run_in_child(look, fork) == 0
    assert shared() is common
    handles.close()
    assert inherited.disposals == 1


@every_fork
def test_a_child_takes_no_handle_of_its_parent(fork: Callable[[], int]) -> None:
    shared = PerProcess(Handle)
    common = shared()
    assert run_in_child(lambda: shared.take() is None, fork) == 0
    assert shared.take() is common
    assert shared.take() is None


class Slow:
    """Has a marked function that runs until it is let go."""

    def __init__(self) -> None:
        self.handles = PerThread(Handle, Handle.dispose, delayed=True)
        self.running, self.go = threading.Event(), threading.Event()

    @delays_fork
    def work(self) -> int:
        handle = self.handles()
        self.running.set()
        assert self.go.wait(60)
        return handle.disposals


def test_close_waits_for_the_call_that_another_thread_runs_and_for_no_later_one() -> None:
    slow, slower = Slow(), Slow()
    found: list[Handle | int] = []
    thread = threading.Thread(target=lambda: found.extend([slow.handles(), slow.work(), slower.work()]))
    thread.start()
    assert slow.running.wait(60)
    threading.Timer(0.05, slow.go.set).start()
    slow.handles.close()
    assert slow.go.is_set()
    slower.go.set()
    thread.join()
    handle, *disposals = found
    assert disposals == [0, 0]
    assert isinstance(handle, Handle)
    assert handle.disposals == 1
    slower.handles.close()


def test_close_disposes_of_no_handle_in_use_if_it_cannot_wait_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holdall.handles, "_PATIENCE", 0)
    slow = Slow()
    found: list[int] = []
    thread = threading.Thread(target=lambda: found.append(slow.work()))
    thread.start()
    assert slow.running.wait(60)
    slow.handles.close()
    slow.go.set()
    thread.join()
    assert found == [0]


@needs_fork
def test_a_fork_waits_for_the_calls_of_other_threads_and_disposes_of_their_handles() -> None:
    slow = Slow()
    found: list[Handle | int] = []
    thread = threading.Thread(target=lambda: found.extend([slow.work(), slow.handles()]))
    thread.start()
    assert slow.running.wait(60)
    forks = threading.Thread(target=lambda: found.insert(0, run_in_child(lambda: not slow.go.is_set())))
    threading.Timer(0.05, slow.go.set).start()
    forks.start()
    forks.join()
    thread.join()
    assert [found[0], found[1]] == [1, 0]  # let go before the fork; not disposed of during the call
    slow.handles.close()


@needs_fork
def test_a_fork_disposes_of_the_handles_of_threads_that_make_no_call() -> None:
    handles = PerThread(Handle, Handle.dispose, delayed=True)
    found: list[Handle] = []
    made, forked = threading.Event(), threading.Event()

    def idle() -> None:
        found.append(handles())
        made.set()
        assert forked.wait(60)

    thread = threading.Thread(target=idle)
    thread.start()
    assert made.wait(60)
    try:
        assert run_in_child(lambda: True) == 0
        assert found[0].disposals == 1
    finally:
        forked.set()
        thread.join()
    handles.close()


@needs_fork
def test_a_call_that_begins_during_a_fork_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    handles = PerThread(Handle, Handle.dispose, delayed=True)
    asked = threading.Event()
    found: list[int] = []

    @delays_fork
    def ask() -> None:
        asked.set()
        found.append(handles().disposals)

    asks = threading.Thread(target=ask)
    wait = holdall.handles._wait_for_calls

    def ask_in_the_meantime() -> bool:
        asks.start()
        assert asked.wait(60)
        return wait()

    monkeypatch.setattr(holdall.handles, "_wait_for_calls", ask_in_the_meantime)
    assert run_in_child(lambda: not found) == 0
    asks.join()
    assert found == [0]
    handles.close()


@needs_fork
def test_a_fork_waits_no_longer_than_its_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holdall.handles, "_PATIENCE", 0)
    slow = Slow()
    found: list[int] = []
    thread = threading.Thread(target=lambda: found.append(slow.work()))
    thread.start()
    assert slow.running.wait(60)
    assert run_in_child(lambda: not slow.go.is_set()) == 0
    slow.go.set()
    thread.join()
    assert found == [0]  # the handle in use was left alone
    slow.handles.close()


_CHILD_THAT_ENDS_BY_ITSELF = """
import os, sys, threading
from holdall.handles import PerThread

class Telling:
    def dispose(self):
        print("disposed of in", who, flush=True)
    def __del__(self):
        print("deallocated in", who, flush=True)

who = "parent"
handles = PerThread(Telling, Telling.dispose)
there, done = threading.Event(), threading.Event()

def other():
    handles()
    there.set()
    done.wait(60)

thread = threading.Thread(target=other)
thread.start()
there.wait(60)
pid = os.fork()
if not pid:
    who = "child"
    handles.close()
    sys.exit()
os.waitpid(pid, 0)
done.set()
thread.join()
"""


@needs_fork
def test_a_child_never_touches_the_handles_of_other_threads_not_even_when_it_ends() -> None:
    assert told(_CHILD_THAT_ENDS_BY_ITSELF) == ["disposed of in parent", "deallocated in parent"]


_FORKS_IN_MANY_THREADS = """
import os, threading
from holdall.handles import PerThread

handles = PerThread(list, list.clear)
handles()
codes = []

def fork():
    for _ in range(5):
        pid = os.fork()
        if not pid:
            os._exit(0 if handles() is handles() else 1)
        codes.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))

threads = [threading.Thread(target=fork) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(codes)
"""


@needs_fork
def test_forks_in_many_threads_at_once_do_not_block() -> None:
    assert told(_FORKS_IN_MANY_THREADS) == [str([0] * 15)]
