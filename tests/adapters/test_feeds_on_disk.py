"""Change feeds of stores on disk: writers that are killed, epochs that are forgotten, and a disk that is read only."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import holdall
from holdall.adapters.file import journal
from holdall.adapters.lmdb import log
from holdall.adapters.sqlite import schema
from holdall.errors import Expired, PermissionDenied
from holdall.store import Store
from holdall.testing.follower import Follower
from tests.soak import SOAK

ADDRESSES = {
    "file": "file:{folder}/store?feed=on&durability=os",
    "lmdb": "lmdb:{folder}/store?durability=os",
    "sqlite": "sqlite:///{folder}/store.db?durability=os",
}
EPOCHS = {"file": (journal, 12), "lmdb": (log, 5), "sqlite": (schema, 5)}
"""Where the number of epochs is that a store keeps, and after how many of them it has forgotten the second one."""


@pytest.fixture(params=ADDRESSES)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def address(kind: str, tmp_path: Path) -> str:
    return ADDRESSES[kind].format(folder=tmp_path)


@pytest.fixture
def opened(address: str) -> Callable[[], Store[Any]]:
    return lambda: holdall.open(address)


def keys(store: Store[Any], since: str | None) -> list[str]:
    return sorted(change.key for change in store.changes(since))


def end(store: Store[Any]) -> str:
    changes = store.changes()
    assert [*changes]
    return changes.position


_WRITER = """
import sys
import holdall
store = holdall.open(sys.argv[1])
print("ready", flush=True)
for number in range(10**9):
    store[f"f{number % 7}/k{number % 50}"] = b"%d" % number
    store.discard(f"f{number % 5}/k{(number * 7) % 50}")
    if number % 5 == 0:
        store.update((f"many/{each}", b"%d" % number) for each in range(number % 30))
"""


@pytest.mark.timeout(1200)
def test_a_follower_misses_nothing_of_writers_that_are_killed(
    address: str, opened: Callable[[], Store[Any]]
) -> None:
    follower = Follower()
    with opened() as store:
        store["first"] = b""
        for _ in range(100 if SOAK else 2):
            with subprocess.Popen([sys.executable, "-c", _WRITER, address], stdout=subprocess.PIPE) as writer:
                assert writer.stdout is not None
                writer.stdout.readline()
                for _ in range(10):
                    follower.follow(store, 30)
                os.kill(writer.pid, signal.SIGKILL)
            follower.follow(store)
            assert follower.held == dict(store.scan_tags())
            store["between"] = b""


def test_a_position_expires_with_its_epoch(
    kind: str, opened: Callable[[], Store[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    where, openings = EPOCHS[kind]
    monkeypatch.setattr(where, "EPOCHS", 3)
    positions = []
    for number in range(openings):
        with opened() as store:
            store[f"k{number}"] = b""
            positions.append(end(store))
    with opened() as store:
        with pytest.raises(Expired, match="too old"):
            store.changes(positions[1])
        assert keys(store, positions[-3]) == [f"k{openings - 2}", f"k{openings - 1}"]


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="needs root on Linux, to mount a disk"
)
@pytest.mark.parametrize("kind", ["file", "lmdb"], indirect=True)
def test_the_feed_of_a_disk_that_may_only_be_read(opened: Callable[[], Store[Any]], tmp_path: Path) -> None:
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "holdall", tmp_path], check=False)
    if made.returncode:
        pytest.skip("this process may not mount a file system")
    try:
        with opened() as store:
            store["a"] = b"1"
            position = end(store)
            store["b"] = b"1"
        subprocess.run(["mount", "-o", "remount,ro", tmp_path], check=True)
        with opened() as store:
            assert keys(store, None) == ["a", "b"]
            assert keys(store, position) == ["b"]
            with pytest.raises(PermissionDenied):
                store["c"] = b"1"
    finally:
        subprocess.run(["umount", "--lazy", tmp_path], check=True)
