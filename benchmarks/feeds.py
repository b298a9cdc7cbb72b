"""``make bench-feeds``: a table of the change feeds: the cost of a write, of a read, and the delay of `watch`."""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from statistics import median, quantiles
from threading import Thread

import pytest

from benchmarks.measure import OVER, OVER_WAITING, Goal, Row, Scale, Work, at_most, compare
from holdall import LMDB, File, Memory, SQLite
from holdall.store import Feature, Store
from tests.servers import redis, sql
from tests.servers.daemons import folder as server_folder

VALUE = bytes(1000)
ROUNDS, SIZE = 21, 200
CHANGED = 100
READS = 15
SAMPLES = 200
PAUSE = 0.3  # seconds; longer than the time between two looks of any `watch`

Open = Callable[..., Store[bytes]]
"""Opens a new store. With ``feed=False`` it has no feed; a store that always has one raises TypeError."""


@dataclass(frozen=True)
class Contender:
    """A kind of store: ``open`` takes a new folder; ``scale`` compares its writes with and without a feed."""

    open: Open
    scale: Scale = OVER
    goal: Goal | None = None


@dataclass(frozen=True)
class Measured:
    """The times of a store in seconds. ``writes`` is empty if the store cannot be without a feed."""

    writes: tuple[Row, ...]
    changes: float
    listing: float
    delays: list[float]


def _memory(folder: Path, *, feed: bool = True) -> Memory:
    store = Memory()
    if feed:
        store.changes()  # a memory records its writes from the first use of its feed on
    return store


def _file(folder: Path, *, feed: bool = True) -> File:
    return File(folder / "store", durability="os", feed=feed)


LOCAL = {
    "memory": Contender(_memory, OVER, at_most(1.1)),
    "sqlite": Contender(
        lambda folder, **options: SQLite(folder / "store.db", durability="os", **options), OVER, at_most(1.1)
    ),
    "sqlite, fsync": Contender(
        lambda folder, **options: SQLite(folder / "store.db", **options), OVER_WAITING, at_most(1.1)
    ),
    "lmdb": Contender(
        lambda folder, **options: LMDB(folder / "store", durability="os", **options), OVER, at_most(1.3)
    ),
    "file": Contender(_file, OVER, at_most(1.3)),
}


@contextmanager
def _servers() -> Iterator[dict[str, Contender]]:
    """Yield the stores on servers, which run during the block."""
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for name, secret in (
            ("REDISCLI_AUTH", redis.PASSWORD),
            ("PGPASSWORD", sql.PASSWORD),
            ("MYSQL_PWD", sql.PASSWORD),
        ):
            patch.setenv(name, secret)
        made = {}
        for kind, start, user in (
            ("redis", redis.server_in, None),
            ("postgresql", sql.postgresql_in, "nobody"),
            ("mysql", sql.mariadb_in, "nobody"),
        ):
            server = start(stack.enter_context(server_folder(user)))
            stack.enter_context(server.daemon.running())
            made[kind] = Contender(
                lambda folder, server=server, **options: server.store(**options), OVER_WAITING
            )
        yield made


# ---- The measurements --------------------------------------------------------------------------------


def measure(name: str, contender: Contender, folder: Path, keys: int) -> Measured | None:
    """Return the times of a store, or None if it has no feed."""
    numbers = count()

    def new(*, feed: bool = True) -> Store[bytes]:
        made = folder / str(next(numbers))
        made.mkdir()
        try:
            return contender.open(made, feed=feed)
        except TypeError:
            if not feed:
                raise
            return contender.open(made)

    with new() as store:
        if Feature.CHANGES not in store.features:
            return None
        writes = tuple(_writes(name, store, new, contender))
    with new() as store:
        store.update((f"{number:09}", VALUE) for number in range(keys))
        return Measured(writes, *_reads(store, keys), _delays(store))


def _writes(name: str, store: Store[bytes], new: Open, contender: Contender) -> Iterator[Row]:
    """Compare the writes of ``store`` with those of a store without a feed."""
    store["x"] = VALUE
    store.changes()
    try:
        control = new(feed=False)
    except TypeError:
        return
    with control as peer:
        for task in (_insert, _update, _delete):
            yield compare(
                name,
                task.__name__.lstrip("_"),
                task(store),
                task(peer),
                rounds=ROUNDS,
                scale=contender.scale,
                goal=contender.goal,
            )


def _keys(round: int) -> Iterator[str]:
    return (f"{round:04}/{number:04}" for number in range(SIZE))


def _insert(store: Store[bytes]) -> Work:
    def work(round: int) -> int:
        for key in _keys(round):
            store[key] = VALUE
        return SIZE

    return work


def _update(store: Store[bytes]) -> Work:
    def work(round: int) -> int:
        for key in _keys(round):
            store[key] = VALUE + b"."
        return SIZE

    return work


def _delete(store: Store[bytes]) -> Work:
    def work(round: int) -> int:
        for key in _keys(round):
            del store[key]
        return SIZE

    return work


def _reads(store: Store[bytes], keys: int) -> tuple[float, float]:
    """Return the seconds for the last changes among ``keys`` keys, and for a listing of all keys and tags."""
    feed = store.changes()
    for _ in feed:
        pass
    for number in range(CHANGED):
        key = f"{number * (keys // CHANGED):09}"
        if number % 10:
            store[key] = VALUE + b"."
        else:
            del store[key]
    changes = [_timed(lambda: sum(1 for _ in store.changes(feed.position))) for _ in range(READS)]
    listings = [_timed(lambda: sum(1 for _ in store.scan_tags())) for _ in range(3)]
    return median(changes), median(listings)


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _delays(store: Store[bytes]) -> list[float]:
    """Return the seconds from the begin of a write, in another process if possible, to the end of `watch`."""
    ours, theirs = Pipe()
    shared = Feature.SHARED in store.features
    start = get_context("spawn").Process if shared else Thread
    writer = start(target=_write, args=(store, theirs))
    writer.start()
    feed = store.changes()
    found = []
    for _ in range(SAMPLES):
        for _ in feed:
            pass
        ours.send(True)
        store.watch(feed.position)
        found.append(time.monotonic() - float(store["delay"]))
        feed = store.changes(feed.position)
    ours.send(False)
    writer.join()
    return found


def _write(store: Store[bytes], told: Connection) -> None:
    random = Random(7)
    while told.recv():
        time.sleep(random.uniform(0, PAUSE))
        store["delay"] = repr(time.monotonic()).encode()


# ---- The table -----------------------------------------------------------------------------------------


def _table(lines: dict[str, Measured | None], keys: int) -> str:
    heads = [
        *("store", "feed", "insert", "update", "delete", f"{CHANGED} changes among {keys:,} keys"),
        *("listing of all", "`watch`: median", "99 of 100"),
    ]
    rows = [heads, ["---", "---", *["---:"] * 7], *([name, *_cells(line)] for name, line in lines.items())]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _cells(line: Measured | None) -> list[str]:
    if line is None:
        return ["none", *[""] * 7]
    ratios = [f"{row.value:.2f} ({row.low:.2f} - {row.high:.2f})" for row in line.writes] or [""] * 3
    last = quantiles(line.delays, n=100)[-1]
    times = (line.changes, line.listing, median(line.delays), last)
    return ["native", *ratios, *(f"{1000 * seconds:.2f} ms" for seconds in times)]


def main() -> None:
    """Measure the stores, and print the table."""
    parser = argparse.ArgumentParser(prog="benchmarks.feeds", description=__doc__)
    parser.add_argument("stores", nargs="*", metavar="STORE", help="only these; by default all")
    parser.add_argument(
        "--keys", type=int, default=100_000, metavar="NUMBER", help="of the store that is read"
    )
    parser.add_argument("--servers", action="store_true", help="start Redis, PostgreSQL and MariaDB too")
    parser.add_argument("--folder", metavar="FOLDER", help="make the stores in it, and so on its disk")
    options = parser.parse_args()
    lines: dict[str, Measured | None] = {}
    with ExitStack() as stack:
        contenders = LOCAL | (stack.enter_context(_servers()) if options.servers else {})
        for name in options.stores or contenders:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="holdall-", dir=options.folder))
            lines[name] = measure(name, contenders[name], Path(folder), options.keys)
            print(f"measured: {name}", flush=True)
    print(_table(lines, options.keys))


if __name__ == "__main__":
    main()
