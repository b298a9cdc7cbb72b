"""The groups of contests: what is set against what, and how it should come out."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

from benchmarks.contests import contests
from benchmarks.file_by_hand import FileByHand
from benchmarks.measure import FASTER, Row, at_least, at_most
from benchmarks.ours import Ours
from benchmarks.plan import Plan
from benchmarks.sqlite_by_hand import SQLiteByHand
from holdall import File, SQLite

FILE = dict.fromkeys(("load", "insert", "get", "change", "scan"), at_most(1.2))
SQL = {
    "load": at_most(1.25),
    "insert": at_most(1.2),
    "get": at_most(1.15),
    "change": at_most(1.25),
    "scan": at_most(1.2),
}


def sqlite(folder: Path) -> Iterator[Row]:
    """SQLite without fsync, against the same written by hand."""
    plan = Plan(rounds=20, size=1000)
    with (
        SQLite(folder / "ours.db", durability="os") as store,
        closing(SQLiteByHand(folder / "hand.db", plan)) as peer,
    ):
        yield from contests("SQLite / by hand", Ours(store, plan), peer, SQL)


def sqlite_synced(folder: Path) -> Iterator[Row]:
    """SQLite with fsync at every commit, against the same written by hand."""
    plan = Plan(rounds=20, size=25)
    with (
        SQLite(folder / "ours.db") as store,
        closing(SQLiteByHand(folder / "hand.db", plan, "FULL")) as peer,
    ):
        yield from contests("SQLite, fsync / by hand", Ours(store, plan), peer, SQL)


def file(folder: Path) -> Iterator[Row]:
    """Files without fsync, against the same written by hand."""
    plan = Plan(rounds=20, size=200)
    store, peer = File(folder / "ours", durability="os"), FileByHand(folder / "hand", plan, synced=False)
    yield from contests("files / by hand", Ours(store, plan), peer, FILE)


def file_synced(folder: Path) -> Iterator[Row]:
    """Files with fsync of each and of its folder, against the same written by hand."""
    plan = Plan(rounds=20, size=10)
    store, peer = File(folder / "ours"), FileByHand(folder / "hand", plan, synced=True)
    yield from contests("files, fsync / by hand", Ours(store, plan), peer, FILE)


GROUPS: Mapping[str, Callable[[Path], Iterator[Row]]] = {
    "sqlite": sqlite,
    "sqlite-fsync": sqlite_synced,
    "file": file,
    "file-fsync": file_synced,
}
