"""The SQLite store under kills, forks, threads and other processes."""

import contextlib
import itertools
import multiprocessing
import os
import random
import sqlite3
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import holdall
from holdall import ABSENT, Conflict, Delete, Expect, HoldallError, Operation, Put, SQLite, Tag
from tests.adapters.counting import count_in_sqlite
from tests.adapters.interrupts import interrupt
from tests.adapters.sqlite_attempts import ATTEMPTS

KILLS = int(os.environ.get("HOLDALL_KILLS", "10"))

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

_WRITER = """
import sys
from holdall import Put, SQLite

store = SQLite(sys.argv[1], durability=sys.argv[2])
number = int(sys.argv[3])
while True:
    number += 1
    value = b"%d" % number * 500
    store[f"one/{number:09}"] = value
    store.transact([Put("left", value), Put("right", value)])
    store.update((f"many/{number % 7}/{i}", value) for i in range(20))
    print(number, flush=True)
"""


def kill_in_the_midst(path: Path, durability: str, before: int, rounds: int) -> int:
    """Start a writer, kill it after about so many rounds; the last that it acknowledged."""
    command = [sys.executable, "-c", _WRITER, str(path), durability, str(before)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        assert writer.stdout
        for _ in range(rounds):
            before = int(writer.stdout.readline())
        writer.kill()  # while it is at work on the next rounds, wherever it has come to
        return max([before, *(int(line) for line in writer.stdout if line.endswith(b"\n"))])


@pytest.mark.parametrize("durability", ["full", "os"])
def test_what_was_acknowledged_survives_a_kill_and_nothing_is_there_by_halves(
    durability: str, tmp_path: Path
) -> None:
    path = tmp_path / "store.db"
    chance = random.Random(KILLS)
    done = 0
    for _ in range((KILLS + 1) // 2):
        done = kill_in_the_midst(path, durability, done, chance.randint(1, 20))
        with SQLite(path) as store:
            assert {f"one/{number:09}" for number in range(1, done + 1)} <= set(store.scan("one/"))
            assert store["left"] == store["right"]
            for key, value in store.scan_items("one/"):
                assert value == b"%d" % int(key[4:]) * 500
            done = max(done, int(list(store.scan("one/"))[-1][4:]))
        connection = sqlite3.connect(path)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()


@pytest.mark.parametrize("method", sorted({"fork", "spawn"} & {*multiprocessing.get_all_start_methods()}))
def test_processes_that_create_and_swap_at_once_lose_nothing(method: str, tmp_path: Path) -> None:
    context: Any = multiprocessing.get_context(method)  # its kinds have no Process in common
    go = context.Event()
    path = tmp_path / "store.db"
    count = 2 if method == "spawn" else 4
    workers = [context.Process(target=count_in_sqlite, args=(path, 100 // count, go)) for _ in range(count)]
    for worker in workers:
        worker.start()
    go.set()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0] * count
    assert SQLite(path)["counter"] == b"100"


@pytest.mark.parametrize("place", ["file", ":memory:"])
def test_threads_that_create_and_swap_at_once_lose_nothing(place: str, tmp_path: Path) -> None:
    store = SQLite(tmp_path / "store.db" if place == "file" else place, durability="os", timeout=60)
    barrier = threading.Barrier(6)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            barrier.wait(60)
            for _ in range(20):
                store.modify("counter", lambda value: b"%d" % (int(value) + 1), b"0")
                assert int(store["counter"]) > 0
                assert list(store.scan()) == ["counter"]
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert failures == []
    assert store["counter"] == b"120"
    store.close()


def test_transactions_that_read_before_they_write_wait_for_each_other(tmp_path: Path) -> None:
    store = SQLite(tmp_path / "store.db", durability="os", timeout=60)
    store.update({"left": b"100", "right": b"0"})
    failures: list[BaseException] = []

    def move_one() -> None:
        left, right = store.get_tagged("left"), store.get_tagged("right")
        store.transact(
            [
                Expect("left", left.tag),
                Expect("right", right.tag),
                Put("left", b"%d" % (int(left.value) - 1)),
                Put("right", b"%d" % (int(right.value) + 1)),
            ]
        )

    def work() -> None:
        moved = 0
        while moved < 25:
            try:
                move_one()
                moved += 1
            except Conflict:
                continue
            except BaseException as error:
                failures.append(error)
                return

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert failures == []
    assert dict(store) == {"left": b"0", "right": b"100"}
    store.close()


@needs_fork
def test_a_child_s_writes_outlive_the_close_of_its_parent(tmp_path: Path) -> None:
    # A child that inherits a connection thinks that it holds its parent's locks. The parent, when it
    # closes, then deletes the log that the child goes on writing to.
    path = tmp_path / "store.db"
    store = SQLite(path)
    store["parent"] = b"1"
    read, write = os.pipe()
    ready, told = os.pipe()
    pid = os.fork()
    if not pid:
        code = 1
        try:
            store["child/1"] = b"1"
            os.write(told, b"x")
            os.read(read, 1)
            store["child/2"] = b"2"
            code = 0
        finally:
            os._exit(code)
    os.read(ready, 1)
    assert store["child/1"] == b"1"
    store.close()
    os.write(write, b"x")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert list(SQLite(path)) == ["child/1", "child/2", "parent"]
    for end in (read, write, ready, told):
        os.close(end)


_TAKE_OUT = """
import sqlite3, sys
try:
    print(*sqlite3.connect(sys.argv[1], timeout=0).execute("PRAGMA journal_mode = DELETE").fetchone())
except sqlite3.OperationalError as error:
    print(error)
"""


@pytest.mark.parametrize("address", ["file:{}", "dbm:{}", "dbm:{}?flavor=dumb"])
def test_to_take_an_open_database_for_another_store_lets_go_of_no_lock(address: str, tmp_path: Path) -> None:
    # What closes a descriptor of its own of the file takes the locks of SQLite with it: others then think
    # that nobody has it open.
    path = tmp_path / "store.db"
    with SQLite(path) as store:
        store["a"] = b"1"
        with suppress(HoldallError), holdall.open(address.format(path)) as other:
            other.get("a")
        said = subprocess.check_output([sys.executable, "-c", _TAKE_OUT, str(path)], text=True)
        assert said == "database is locked\n"


def test_the_connection_of_a_thread_that_ended_is_closed(tmp_path: Path) -> None:
    store = SQLite(tmp_path / "store.db")
    store["a"] = b"1"
    store.close()
    thread = threading.Thread(target=lambda: store["a"])
    thread.start()
    thread.join()
    assert [file.name for file in tmp_path.iterdir()] == [
        "store.db"
    ]  # the last connection to close deletes the log


def test_a_slow_reader_stops_no_writer_and_a_writer_no_reader(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with SQLite(path, timeout=0) as store, SQLite(path, timeout=0) as other:
        store.update((f"k{i:03}", b"old") for i in range(200))
        scan = store.scan_items()
        next(scan)
        other["k100"] = b"new"

        def delete(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM holdall WHERE key = 'k150'")
            assert dict(scan)["k150"] == b"old"

        other._link.transact(delete)
        assert "k150" not in store


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_what_is_written_after_an_interrupt_is_kept(attempt: str, tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with SQLite(path, durability="os") as store, SQLite(path) as other:
        store["there"] = b"0"
        for call in itertools.count(1):
            try:
                with contextlib.suppress(Conflict, KeyError):
                    interrupt(lambda: ATTEMPTS[attempt](store), call)
            except KeyboardInterrupt:  # what is held by the exception is held meanwhile
                store["there"] = b"%d" % call
                assert other["there"] == b"%d" % call
            else:
                break


keys = st.sampled_from(["a", "b", "b/c", "é"])
values = st.binary(max_size=3)
changes = st.one_of(
    st.builds(Put, keys, values),
    st.builds(Delete, keys),
    st.tuples(keys, st.integers(0, 3)),  # an Expect of one of the tags that the key has had
)


def expect(history: dict[str, list[Tag]], key: str, back: int) -> Expect:
    """One of the tags that ``key`` has had, the current one first."""
    return Expect(key, history[key][-1 - back % len(history[key])])


@given(st.lists(st.lists(changes, max_size=6), max_size=8))
@settings(deadline=None)
def test_a_transaction_is_all_or_nothing(transactions: list[list[Any]]) -> None:
    with SQLite(":memory:") as store:
        held: dict[str, bytes] = {}
        history: dict[str, list[Tag]] = {key: [ABSENT] for key in ("a", "b", "b/c", "é")}
        for drawn in transactions:
            asked: list[Operation[bytes]] = [
                expect(history, *change) if type(change) is tuple else change for change in drawn
            ]
            before = {key: history[key][-1] for key in history}
            if all(before[c.key] == c.tag for c in asked if isinstance(c, Expect)):
                store.transact(asked)
                for change in asked:
                    if isinstance(change, Put):
                        held[change.key] = change.value
                    elif isinstance(change, Delete):
                        held.pop(change.key, None)
            else:
                with pytest.raises(Conflict):
                    store.transact(asked)
            assert dict(store) == held
            tags = dict(store.scan_tags())
            for key, had in history.items():
                now = tags.get(key, ABSENT)
                touched = any(c.key == key and not isinstance(c, Expect) for c in asked)
                assert touched or now == had[-1]
                assert now in (ABSENT, had[-1]) or now not in had
                if now != had[-1]:
                    had.append(now)
