"""``make bench-aio``: the asynchronous interface next to asyncio.to_thread, py-key-value and obstore."""

import argparse
import asyncio
import tempfile
from asyncio import to_thread
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from typing import Any

import obstore
import pytest
from key_value.aio.stores.disk import DiskStore
from rich.console import Console

from benchmarks.buckets import environment
from benchmarks.buckets_by_hand import Obstore
from benchmarks.measure import OVER_WAITING, Row, Work, compare
from benchmarks.table import markdown, table
from holdall import S3, SQLite
from holdall.aio import AsyncStore
from holdall.bridges.py_key_value import KeyValue
from tests.servers.s3 import seaweedfs

Step = Callable[[int], Awaitable[object]]

VALUE = bytes(1000)
ENTRY = {"text": "a" * 900}
KEYS = [f"{number:06}" for number in range(1000)]
ROUNDS = 9


def in_turn(loop: asyncio.Runner, step: Step, count: int) -> Work:
    """One call after another."""

    async def main() -> int:
        for number in range(count):
            await step(number % len(KEYS))
        return count

    return lambda round: loop.run(main())


def at_once(loop: asyncio.Runner, step: Step, count: int) -> Work:
    """All calls at the same time."""

    async def main() -> int:
        await asyncio.gather(*(step(number % len(KEYS)) for number in range(count)))
        return count

    return lambda round: loop.run(main())


def contests(
    group: str, name: str, loop: asyncio.Runner, ours: Step, peer: Step, count: int
) -> Iterator[Row]:
    """Compare the two, in turn and at once."""
    for how, make in (("one at a time", in_turn), (f"{count:,} at once", at_once)):
        works = make(loop, ours, count), make(loop, peer, count)
        yield compare(group, f"{name}, {how}", *works, rounds=ROUNDS, scale=OVER_WAITING)


def on_sqlite(loop: asyncio.Runner, folder: Path, count: int) -> Iterator[Row]:
    """The same store, in threads of asyncio."""
    with SQLite(folder / "store.db", durability="os") as store:
        store.update((key, VALUE) for key in KEYS)
        face = AsyncStore(store)
        group = "SQLite / asyncio.to_thread"
        pairs: list[tuple[str, Step, Step]] = [
            ("get", lambda n: face.get(KEYS[n]), lambda n: to_thread(store.get, KEYS[n])),
            (
                "set",
                lambda n: face.set(KEYS[n], VALUE),
                lambda n: to_thread(store.__setitem__, KEYS[n], VALUE),
            ),
        ]
        for name, ours, peer in pairs:
            yield from contests(group, name, loop, ours, peer, count)
        loop.run(face.aclose())


def on_disk(loop: asyncio.Runner, folder: Path, count: int) -> Iterator[Row]:
    """py-key-value's protocol on SQLite: by holdall, and by its own DiskStore (diskcache)."""
    entries = KeyValue(SQLite(folder / "entries.db", durability="os"))
    disk = DiskStore(directory=folder / "disk")
    for each in (entries, disk):
        loop.run(each.put_many(KEYS, [ENTRY] * len(KEYS)))
    group = "py-key-value on SQLite / its DiskStore"
    pairs: list[tuple[str, Step, Step]] = [
        ("get", lambda n: entries.get(KEYS[n]), lambda n: disk.get(KEYS[n])),
        ("put", lambda n: entries.put(KEYS[n], ENTRY), lambda n: disk.put(KEYS[n], ENTRY)),
    ]
    for name, ours, peer in pairs:
        yield from contests(group, name, loop, ours, peer, count)
    for each in (entries, disk):
        loop.run(each.close())


def on_s3(loop: asyncio.Runner, folder: Path, count: int) -> Iterator[Row]:
    """The same bucket by obstore's own asynchronous calls."""
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        endpoint = stack.enter_context(seaweedfs(folder))
        for name, value in environment().items():
            patch.setenv(name, value)
        bucket = S3("bench", endpoint_url=endpoint, create=True)
        bucket.update((key, VALUE) for key in KEYS)
        face = AsyncStore(bucket, threads=32)
        bare: Any = Obstore(endpoint, "bench")._store

        async def get_bare(number: int) -> object:
            return await (await obstore.get_async(bare, KEYS[number])).bytes_async()

        async def put_bare(number: int) -> object:
            return await obstore.put_async(bare, KEYS[number], VALUE)

        group = "S3 on SeaweedFS / obstore"
        yield from contests(group, "get", loop, lambda n: face.get(KEYS[n]), get_bare, count)
        yield from contests(group, "set", loop, lambda n: face.set(KEYS[n], VALUE), put_bare, count)
        loop.run(face.aclose())


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="calls of each round")
    parser.add_argument("--markdown", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, asyncio.Runner() as loop:
        folder, count = Path(name), given.count
        rows = [
            *on_sqlite(loop, folder, count),
            *on_disk(loop, folder, count),
            *on_s3(loop, folder, count // 2),
        ]
    if given.markdown:
        print(markdown(rows))
        return
    for _, group in groupby(rows, key=lambda row: row.group):
        Console().print(table(list(group)))


if __name__ == "__main__":
    main()
