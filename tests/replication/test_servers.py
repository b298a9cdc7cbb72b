"""Syncs between real servers: with links that are cut, a process that is killed, and a full target."""

import random
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

import holdall
from holdall import LMDB, File, HoldallError, Json, Memory, SQLite, StoreFull, Versions, Zstd
from holdall.keys import RawKey
from holdall.replication import back_up, conflicts, restore, sync, sync_both
from holdall.replication.policies import Policy
from holdall.replication.revisions.kept import TREES
from holdall.replication.revisions.tree import Record
from holdall.store import MISSING, Store
from tests.faults.proxy import Proxy, answer, drop, late, reset_in_body
from tests.servers import gcs, s3
from tests.soak import SOAK

pytestmark = pytest.mark.servers


def fill(store: Store[bytes], count: int) -> None:
    store.update({f"invoices/{number:05}": b"%d" % number for number in range(count)})


def change(store: Store[bytes], chance: random.Random, count: int) -> None:
    """Write or delete a fifth of the keys."""
    for _ in range(count // 5):
        key = f"invoices/{chance.randrange(count):05}"
        if chance.random() < 0.3:
            store.discard(key)
        else:
            store[key] = chance.randbytes(8)


def test_around_a_database_two_buckets_and_a_folder(
    seaweed: s3.Server, fake_gcs: gcs.Server, tmp_path: Path
) -> None:
    chance = random.Random(1)
    with (
        SQLite(tmp_path / "a.db", durability="os") as database,
        File(tmp_path / "b", durability="os") as folder,
    ):
        fill(database, 60)
        ring = [database, seaweed.store("ring"), Zstd(fake_gcs.store("ring")), folder]
        for _ in range(3):
            for source, target in pairwise(ring):
                sync(source, target)
                assert dict(target) == dict(database)
                assert sync(source, target).changed == 0
            change(database, chance, 60)


def test_both_ways_with_a_bucket(seaweed: s3.Server, tmp_path: Path) -> None:
    chance = random.Random(2)
    with SQLite(tmp_path / "a.db", durability="os") as shop:
        cloud = seaweed.store("both")
        fill(shop, 40)
        sync_both(shop, cloud)
        for _ in range(3):
            change(shop, chance, 40)
            change(cloud, chance, 40)
            sync_both(shop, cloud, conflict="ours")
            assert dict(shop) == dict(cloud)
            assert sync_both(shop, cloud).changed == 0


def test_a_ring_of_stores_with_versions_ends_equal(
    seaweed: s3.Server, fake_gcs: gcs.Server, tmp_path: Path
) -> None:
    chance = random.Random(5)
    with (
        SQLite(tmp_path / "a.db", durability="os") as database,
        File(tmp_path / "b", durability="os") as folder,
        LMDB(tmp_path / "c", durability="os") as mapped,
    ):
        lowest = [database, seaweed.store("ring"), folder, fake_gcs.store("ring"), mapped]
        ring = [Versions(store) for store in lowest]
        pairs = [*pairwise([*ring, ring[0]])]
        policies: list[Policy] = ["keep", "ours", "newest", merge_lines, "keep"]
        for _ in range(30 if SOAK else 3):
            for store in ring:
                change(store, chance, 10)
            for (source, target), policy in zip(pairs, policies, strict=True):
                if chance.random() < 0.7:  # the others are parted
                    sync_both(source, target, conflict=policy)
        for source, target in [*pairs[:-1], *pairs[-2::-1]] * 2:
            sync_both(source, target, conflict="keep")
        found = [state_of(store) for store in ring]
        assert all(each == found[0] for each in found)
        for source, target in pairs:
            sync_both(source, target, conflict="ours")
        for source, target in pairs:
            report = sync_both(source, target)
            assert report.left == 0
        assert all(dict(store) == dict(ring[0]) for store in ring)
        assert not any(list(conflicts(store)) for store in ring)


def merge_lines(base: Any, ours: Any, theirs: Any) -> Any:
    lines = {line for value in (ours, theirs) if value is not MISSING for line in value.split(b"\n")}
    return b"\n".join(sorted(lines)) if lines else MISSING


def state_of(store: Store[bytes]) -> dict[str, list[tuple[str, Any]]]:
    found: dict[str, list[tuple[str, Any]]] = {key: [("", value)] for key, value in store.items()}
    for each in conflicts(store):
        found[each.key] = [(one.revision, one.value) for one in each.siblings]
    return found


def test_a_backup_in_a_bucket_goes_back(seaweed: s3.Server, tmp_path: Path) -> None:
    with Json(SQLite(tmp_path / "a.db", durability="os")) as books:
        bucket = Json(seaweed.store("backup"))
        books.update({"a": 1, "b": 2})
        back_up(books, bucket)
        noon = next(Versions(bucket).history("b")).time
        books["a"] = 9
        del books["b"]
        back_up(books, bucket)
        restore(bucket, books, noon)
        assert dict(books) == {"a": 1, "b": 2}


def test_a_link_that_is_cut_and_delayed(seaweed: s3.Server, tmp_path: Path) -> None:
    chance = random.Random(3)
    faults = [drop, reset_in_body, answer(503, "SlowDown"), late(0.01)]
    with SQLite(tmp_path / "a.db", durability="os") as source, Proxy(str(seaweed.endpoint)) as proxy:
        name = f"b{uuid4().hex}"
        bucket = seaweed.store("cut", name)
        through = seaweed.store("cut", name, endpoint_url=proxy.endpoint)
        fill(source, 40)
        for _ in range(4):
            for _ in range(6):
                proxy.inject(chance.choice(faults), on=chance.choice(["GET", "PUT", "HEAD", "DELETE"]))
            for _ in range(20):
                try:
                    sync(source, through)
                    break
                except HoldallError:
                    continue
            proxy.calm()
            sync(source, through)
            assert dict(bucket) == dict(source)
            change(source, chance, 40)


_SYNC = """
import sys, holdall
source, target = map(holdall.open, sys.argv[1:])
holdall.sync(source, target, workers=2, tell=lambda count: print(count, flush=True))
"""


@pytest.mark.parametrize("kind", ["file", "sqlite"])
def test_the_syncing_process_is_killed(kind: str, tmp_path: Path) -> None:
    count, chance = 2_000, random.Random(4)
    source = f"sqlite:///{tmp_path}/a.db?durability=os"
    target = (
        f"file:{tmp_path}/b?durability=os" if kind == "file" else f"sqlite:///{tmp_path}/b.db?durability=os"
    )
    with holdall.open(source) as here, holdall.open(target) as there:
        fill(here, count)
        for _ in range(30 if SOAK else 5):
            with subprocess.Popen(
                [sys.executable, "-c", _SYNC, source, target], stdout=subprocess.PIPE
            ) as process:
                assert process.stdout
                for _ in range(chance.randrange(5)):
                    process.stdout.readline()
                process.kill()
            change(here, chance, count)
        sync(here, there)
        assert dict(there) == dict(here)
        assert sync(here, there, full=True).changed == 0


_BOTH = """
import sys, holdall
from holdall.replication import sync_both
source, target = map(holdall.open, sys.argv[1:])
sync_both(source, target, conflict="keep", workers=4, tell=lambda count: print(count, flush=True))
"""


@pytest.mark.parametrize("kind", ["file", "sqlite"])
def test_the_process_that_syncs_both_ways_is_killed(kind: str, tmp_path: Path) -> None:
    """Every revision that was written is in the trees of both stores in the end, and both are equal."""
    chance, written = random.Random(6), set[tuple[str, str]]()
    end = "b?durability=os&history=on" if kind == "file" else "b.db?durability=os&history=on"
    addresses = (
        f"sqlite:///{tmp_path}/a.db?durability=os&history=on",
        f"{'file:' if kind == 'file' else 'sqlite:///'}{tmp_path}/{end}",
    )
    with holdall.open(addresses[0]) as here, holdall.open(addresses[1]) as there:
        fill(here, 60)
        sync_both(here, there)
        for _ in range(30 if SOAK else 6):
            for store in here, there:
                for number in chance.sample(range(60), 25):
                    key = f"invoices/{number:05}"
                    store[key] = chance.randbytes(8)
                    written.add((key, next(store.history(key)).id))
            with subprocess.Popen(
                [sys.executable, "-c", _BOTH, *addresses], stdout=subprocess.PIPE
            ) as process:
                assert process.stdout
                for _ in range(chance.randrange(8)):
                    process.stdout.readline()
                process.kill()
        assert sync_both(here, there, conflict="keep").left == 0
        assert state_of(here) == state_of(there)
        for store in here, there:
            raw = store.raw(TREES)
            known = {(key, hash) for key in store for hash in Record.load(key, raw[RawKey(key)]).tree}
            assert written <= known
        assert sync_both(here, there, conflict="keep", full=True).changed == 0


def test_a_full_target_loses_nothing(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "holdall", small], check=False)
    if mounted.returncode:
        pytest.skip("a file system of its own needs root")
    try:
        source = Memory()
        source.update({f"k{number:03}": bytes(5_000) for number in range(100)})
        with File(small / "store", durability="os") as target:
            with pytest.raises(StoreFull):
                sync(source, target)
            assert all(value == source[key] for key, value in target.items())
            source.clear()
            source["one"] = b"1"
            subprocess.run(["mount", "-o", "remount,size=8m", small], check=True)
            sync(source, target)
            assert dict(target) == {"one": b"1"}
    finally:
        subprocess.run(["umount", small], check=True)
