"""``make bench-sync``: a sync of equal stores next to their listings, and a first sync next to an upload by hand.

It also shows writes with a slow replica next to writes without one.
"""

import argparse
import sqlite3
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from rich.console import Console

from benchmarks.buckets_by_hand import client
from benchmarks.measure import OVER_WAITING, Row, Work, at_most, compare
from benchmarks.table import table
from holdall import S3, File, Replicas, SQLite, Versions, sync
from holdall.middleware.interceptor import Interceptor
from holdall.replication import sync_both
from holdall.replication.revisions.kept import TREES
from holdall.store import Store
from tests.servers.s3 import VARIABLES, seaweedfs

T = TypeVar("T")

THREADS = 16
VALUE = bytes(1000)


def rows(keys: int, objects: int) -> Iterator[Row]:
    """Yield the results for equal stores of ``keys`` keys, and for a bucket of ``objects`` objects."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield _equal("sqlite", folder, keys, feed=False)
        yield _equal("file", folder, keys // 10, feed=False)
        yield _equal("sqlite", folder, keys, feed=True)
        yield _revised(folder, keys // 10)
        yield _upload(folder, objects)
        yield _replica(folder, keys // 50)


def _open(kind: str, path: Path, *, feed: bool) -> Store[bytes]:
    if kind == "file":
        return File(path, durability="os", feed=feed)
    return SQLite(path, durability="os", feed=feed)


def _equal(kind: str, folder: Path, keys: int, *, feed: bool) -> Row:
    """Compare a sync of equal stores with the listings of both."""
    paths = (folder / f"{kind}.{feed}.{side}" for side in "ab")
    with ExitStack() as stack:
        source, target = (stack.enter_context(_open(kind, path, feed=feed)) for path in paths)
        source.update((f"invoices/{number:08}", b"%d" % number) for number in range(keys))
        sync(source, target)

        def ours(round: int) -> int:
            assert sync(source, target).changed == 0
            return 1

        name = f"{keys:,} equal keys, {kind} with{'' if feed else 'out'} a feed"
        goal = None if feed else at_most(1.2)
        return compare("sync", name, ours, _list(source, target), rounds=7, scale=OVER_WAITING, goal=goal)


def _revised(folder: Path, keys: int) -> Row:
    """Compare a sync by revisions of equal stores with the listings of the keys and their records at both."""
    with ExitStack() as stack:
        opened = (stack.enter_context(_open("sqlite", folder / side, feed=False)) for side in ("c", "d"))
        source, target = map(Versions, opened)
        source.update((f"invoices/{number:08}", b"%d" % number) for number in range(keys))
        sync_both(source, target)

        def ours(round: int) -> int:
            assert sync_both(source, target).changed == 0
            return 1

        listed = _list(source, target, source.raw(TREES), target.raw(TREES))
        name = f"{keys:,} equal keys by revisions, sqlite without a feed"
        return compare("sync", name, ours, listed, rounds=7, scale=OVER_WAITING, goal=None)


def _list(*stores: Store[bytes]) -> Work:
    def work(round: int) -> int:
        for store in stores:
            deque(store.scan_tags(), maxlen=0)
        return 1

    return work


def _upload(folder: Path, objects: int) -> Row:
    """Compare the first sync of a database to a bucket with a pool of threads that puts its rows."""
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for name, value in VARIABLES.items():
            patch.setenv(name, value)
        weed = folder / "weed"
        weed.mkdir()
        endpoint = stack.enter_context(seaweedfs(weed))
        file = folder / "upload.db"
        source = stack.enter_context(SQLite(file, durability="os"))
        source.update((f"invoices/{number:08}", VALUE) for number in range(objects))
        bucket = f"b{uuid4().hex}"
        s3 = client(endpoint, THREADS)
        s3.create_bucket(Bucket=bucket)

        def ours(round: int) -> int:
            with S3(bucket, f"ours/{round}", endpoint_url=endpoint) as target:
                assert sync(source, target, workers=THREADS).copied == objects
            return objects

        def by_hand(round: int) -> int:
            def put(row: tuple[str, bytes]) -> None:
                s3.put_object(Bucket=bucket, Key=f"hand/{round}/{row[0]}", Body=row[1])

            with closing(sqlite3.connect(file)) as database, ThreadPoolExecutor(THREADS) as pool:
                found = database.execute(f"SELECT key, value FROM {source._table.name}").fetchall()
                deque(pool.map(put, found), maxlen=0)
            return objects

        return compare(
            "sync",
            "first sync, SQLite to S3",
            ours,
            by_hand,
            rounds=5,
            scale=OVER_WAITING,
            goal=at_most(1.25),
        )


class _Slow(Interceptor[bytes]):
    """Answers each request after 20 ms, as a bucket far away does."""

    def _call(self, name: str, call: Callable[..., T], /, *args: Any) -> T:
        time.sleep(0.02)
        return call(*args)


def _replica(folder: Path, writes: int) -> Row:
    """Compare writes to a database that has a slow replica with writes to one that has none."""
    with ExitStack() as stack:
        plain, primary, replica = (
            stack.enter_context(SQLite(folder / f"{name}.db")) for name in ("plain", "primary", "replica")
        )
        store = stack.enter_context(Replicas(primary, _Slow(replica), timeout=0.1))

        def write(store: Store[bytes], round: int) -> int:
            for number in range(writes):
                store[f"invoices/{number:08}"] = b"%d" % (number + round)
            return writes

        return compare(
            "sync",
            "a write with a slow replica",
            partial(write, store),
            partial(write, plain),
            rounds=7,
            scale=OVER_WAITING,
            goal=at_most(1.1),
        )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=100_000)
    parser.add_argument("--objects", type=int, default=2_000)
    given = parser.parse_args()
    Console().print(table(list(rows(given.keys, given.objects))))


if __name__ == "__main__":
    main()
