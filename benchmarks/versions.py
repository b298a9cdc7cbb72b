"""The cost of versions: a store with and without versions, and a scan of the past against the present."""

from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from benchmarks.contests import contests
from benchmarks.invoices import invoices
from benchmarks.measure import OVER_WAITING, Row, at_most, compare
from benchmarks.ours import Ours, stack
from benchmarks.plan import Plan
from holdall import SQLite, Versions

READS = {"get": at_most(1.05), "scan": at_most(1.05)}
WRITES = {"load": at_most(2.2), "insert": at_most(2.2), "change": at_most(2.2), "pay": at_most(2.2)}
COUNT = 10_000
CHANGED = 10  # one key in ten changed after the load
ROUNDS = 15


def versions(folder: Path) -> Iterator[Row]:
    """Every contest that has a goal for versions on SQLite. Tests count the requests on S3."""
    yield from _processor(folder)
    yield from _disk(folder)
    yield _as_of(folder)


def _processor(folder: Path) -> Iterator[Row]:
    plan = Plan(rounds=50, size=400)
    with (
        SQLite(folder / "kept.db", durability="os") as kept,
        SQLite(folder / "plain.db", durability="os") as plain,
    ):
        ours, peer = Ours(Versions(kept), plan), Ours(plain, plan)
        group = "versions on SQLite / without"
        tasks = ("load", "insert", "get", "change", "pay", "scan")
        yield from contests(group, ours, peer, {task: (WRITES | READS)[task] for task in tasks})


def _disk(folder: Path) -> Iterator[Row]:
    plan = Plan(rounds=40, size=10)
    with SQLite(folder / "kept-synced.db") as kept, SQLite(folder / "plain-synced.db") as plain:
        ours, peer = Ours(Versions(kept), plan), Ours(plain, plan)
        yield from contests("versions on SQLite, fsync / without", ours, peer, WRITES, OVER_WAITING)


def _as_of(folder: Path) -> Row:
    """A scan of a past state, against a scan of the present state plus a listing of the history."""
    with SQLite(folder / "past.db", durability="os") as below:
        store = stack(Versions(below))
        documents = list(islice(invoices(COUNT), COUNT))
        store.update(documents)
        then = datetime.now(UTC)
        store.update(documents[::CHANGED])
        records = below.raw(".holdall/history/")

        def past(round: int) -> int:
            return sum(1 for _ in store.as_of(then).scan_items())

        def present(round: int) -> int:
            deque(records.scan(), maxlen=0)
            return sum(1 for _ in store.scan_items())

        name = f"scan of {COUNT:,} as of a time / scan and listing of the history"
        return compare("versions on SQLite / without", name, past, present, rounds=ROUNDS, goal=at_most(1.5))
