"""Processes that write the same keys and are killed where they stand, on real stores."""

import multiprocessing
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from holdall import File, SQLite, Versions
from holdall.store import Store
from tests.middleware.versions.writing import KEYS, work
from tests.soak import SOAK

ROUNDS = 2 if SOAK else 1
PATIENCE = (3, 8, 17)  # writes acknowledged before each process is killed


@pytest.fixture(params=["sqlite", "file"])
def below(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store[bytes]]:
    kind = {"sqlite": SQLite, "file": File}[request.param]
    with kind(str(tmp_path / "books"), durability="os") as store:
        yield store


def test_what_was_acknowledged_is_in_history_once(below: Store[bytes]):
    check(Versions(below), write_and_kill(below))


def test_what_a_server_acknowledged_is_in_history_once(seaweed):
    with seaweed.store() as below:
        acknowledged = write_and_kill(below)
        settle(below)
        check(Versions(below), acknowledged)


def settle(store: Store[bytes]) -> None:
    """Wait until the server has carried out the last requests of killed writers: nothing changes for a while."""
    before, now = None, dict(store.raw().scan_tags())
    while now != before:
        time.sleep(1)  # the server does not say when it has done so
        before, now = now, dict(store.raw().scan_tags())


def write_and_kill(below: Store[bytes]) -> list[str]:
    """Return the writes that were acknowledged."""
    context = multiprocessing.get_context("spawn")
    acknowledged: list[str] = []
    for turn in range(ROUNDS):
        pipes = [context.Pipe(duplex=False) for _ in PATIENCE]
        names = [f"{turn}.{number}" for number in range(len(PATIENCE))]
        workers = [
            context.Process(target=work, args=(below, name, here), daemon=True)
            for name, (_, here) in zip(names, pipes, strict=True)
        ]
        for worker, (_, here) in zip(workers, pipes, strict=True):
            worker.start()
            here.close()
        for worker, (pipe, _), patience in zip(workers, pipes, PATIENCE, strict=True):
            acknowledged += [pipe.recv() for _ in range(patience)]
            worker.kill()
        for worker, (pipe, _) in zip(workers, pipes, strict=True):
            acknowledged += rest(pipe)
            worker.join()
    return acknowledged


def rest(pipe: Connection) -> list[str]:
    """What was acknowledged before the kill and is not read yet; what was cut off was not."""
    told = []
    while True:
        try:
            told.append(pipe.recv())
        except (EOFError, OSError):
            return told


def check(store: Versions[bytes], acknowledged: list[str]) -> None:
    problems = list(store.fsck(mend=True))
    assert all(one.mended for one in problems), problems
    assert list(store.fsck()) == []
    written = []
    for key in KEYS:
        history = list(store.history(key))
        assert [one.number for one in history] == list(range(len(history), 0, -1))
        written += [one.message for one in history]
        newest = history[0]
        if newest.deleted:
            assert key not in store
        else:
            assert store[key] == store.at(key, newest.number)
            assert store[key].endswith(newest.message.encode())
    assert len(written) == len(set(written))
    assert set(acknowledged) <= set(written)
    assert len(written) - len(acknowledged) <= ROUNDS * len(PATIENCE)
    assert len(acknowledged) >= ROUNDS * sum(PATIENCE)
