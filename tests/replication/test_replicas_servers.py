"""Replicas over real links that are cut and slow, and writers and deliverers that are killed."""

import itertools
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

import holdall
from holdall import File, Replicas, SQLite
from holdall.replication import stale_reads
from holdall.replication.replicas import follower
from holdall.store import Store
from tests.faults.proxy import Proxy, answer, drop, late, reset_in_body
from tests.servers import s3
from tests.soak import SOAK

pytestmark = pytest.mark.servers

FAULTS = [drop, reset_in_body, answer(503, "SlowDown"), late(0.01)]


def until(holds: Callable[[], object]) -> None:
    """Wait until ``holds()``, and fail after two minutes."""
    deadline = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def change(store: Store[bytes], chance: random.Random, count: int) -> None:
    for _ in range(count):
        key = f"invoices/{chance.randrange(20):05}"
        if chance.random() < 0.3:
            store.discard(key)
        else:
            store[key] = chance.randbytes(8)


@pytest.mark.parametrize("acks", [1, 2])
def test_a_bucket_behind_a_link_that_is_cut(
    seaweed: s3.Server, tmp_path: Path, acks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "_PAUSES", (0.01, 0.1))
    chance = random.Random(acks)
    with Proxy(str(seaweed.endpoint)) as proxy:
        name = f"b{uuid4().hex}"
        bucket = seaweed.store("cut", name)
        through = seaweed.store("cut", name, endpoint_url=proxy.endpoint)
        shop = SQLite(tmp_path / "a.db", durability="os")
        with Replicas(shop, through, acks=acks, timeout=60) as store:
            for _ in range(4):
                for _ in range(8):
                    proxy.inject(chance.choice(FAULTS), on=chance.choice(["GET", "PUT", "HEAD", "DELETE"]))
                change(store, chance, 20)
                if acks == 2:
                    assert dict(bucket) == dict(shop)
            proxy.calm()
            until(lambda: dict(bucket) == dict(shop))
            assert store.lag()[0].error == "" or store.lag()[0].state == "failed"


def test_a_bucket_as_the_primary(seaweed: s3.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no feed, so its outbox is in the bucket; reads go to the file while the link is cut."""
    monkeypatch.setattr(follower, "_PAUSES", (0.01, 0.1))
    chance = random.Random(3)
    with Proxy(str(seaweed.endpoint)) as proxy:
        name = f"b{uuid4().hex}"
        bucket = seaweed.store("cut", name)
        through = seaweed.store("cut", name, endpoint_url=proxy.endpoint)
        folder = File(tmp_path / "b", durability="os")
        with Replicas(through, folder, timeout=60) as store:
            for _ in range(3):
                for _ in range(6):
                    proxy.inject(chance.choice(FAULTS), on=chance.choice(["GET", "PUT", "HEAD", "DELETE"]))
                for _ in range(15):
                    try:
                        change(store, chance, 1)
                    except holdall.Unavailable:
                        continue
            proxy.calm()
            until(lambda: [lag.changes for lag in store.lag()] == [0])
            assert dict(folder) == dict(bucket)
            store["last"] = b"1"
            until(lambda: "last" in folder)
            proxy.always = answer(503, "SlowDown")
            with stale_reads() as reads:
                assert store["last"] == b"1"
            assert len(reads) == 1
            proxy.calm()


_WRITER = """
import sys, itertools, holdall
from holdall import Replicas
store = Replicas(*map(holdall.open, sys.argv[1:3]), deliver=sys.argv[3] == "True")
for number in itertools.count(int(sys.argv[4])):
    store[f"k{number % 50}"] = b"%d" % number
    print(number, flush=True)
"""
_DELIVERER = """
import sys, holdall
from holdall import Replicas
store = Replicas(*map(holdall.open, sys.argv[1:3]), deliver=False)
while True:
    print(store.deliver(), flush=True)
"""


def start(script: str, *arguments: Any) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", script, *map(str, arguments)], stdout=subprocess.PIPE)


@pytest.mark.parametrize(
    ("primary", "delivers"),
    list(itertools.product(["sqlite", "file"], [True, False])) if SOAK else [("file", False)],
)
def test_the_writer_and_the_deliverer_are_killed(primary: str, delivers: bool, tmp_path: Path) -> None:
    """A file has no feed here, so it has an outbox."""
    chance = random.Random(5)
    here = f"sqlite:///{tmp_path}/a.db" if primary == "sqlite" else f"file:{tmp_path}/a"
    stores = f"{here}?durability=os", f"sqlite:///{tmp_path}/b.db?durability=os"
    last = 0
    for _ in range(20 if SOAK else 1):
        with start(_WRITER, *stores, delivers, last + 1) as writer, start(_DELIVERER, *stores) as deliverer:
            assert writer.stdout
            assert deliverer.stdout
            deliverer.stdout.readline()
            for _ in range(chance.randrange(1, 40)):
                last = int(writer.stdout.readline())
            for process in chance.sample([writer, deliverer], 2):
                process.kill()
    with holdall.open(stores[0]) as one, holdall.open(stores[1]) as two:
        assert int(one[f"k{last % 50}"]) >= last  # it was acknowledged
        with Replicas(one, two, deliver=False) as store:
            lag = store.deliver()[0]
            assert (lag.state, lag.changes, lag.error) == ("following", 0, "")
            assert dict(one) == dict(two)
