"""The groups of contests: their contenders and their goals."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

from benchmarks.bucket_queries import bucket_queries
from benchmarks.buckets import buckets
from benchmarks.caches import caches
from benchmarks.contests import contests
from benchmarks.file_by_hand import FileByHand
from benchmarks.gcs import gcs
from benchmarks.layers import layers
from benchmarks.lmdb_by_hand import LMDBByHand
from benchmarks.measure import FASTER, OVER_WAITING, Row, at_least, at_most
from benchmarks.orm import ORM
from benchmarks.ours import Ours
from benchmarks.plan import Plan
from benchmarks.queries import queries
from benchmarks.sqlite_by_hand import SQLiteByHand
from benchmarks.stack import stack
from benchmarks.startup import startup
from benchmarks.versions import versions
from holdall import DBM, LMDB, File, SQLite

HAND_SQLITE = {
    "load": at_most(1.25),
    "insert": at_most(1.2),
    "get": at_most(1.15),
    "change": at_most(1.25),
    "pay": None,
    "scan": at_most(1.2),
}
HAND_FILE = dict.fromkeys(HAND_SQLITE, at_most(1.2)) | {"pay": None}
HAND_LMDB = dict.fromkeys(HAND_SQLITE, at_most(1.5)) | {"pay": None}
HAND_DBM = dict.fromkeys(HAND_SQLITE, at_most(3)) | {"get": at_most(2), "pay": None, "scan": at_most(2)}
TUNED_ORM = {
    "load": at_least(9),
    "insert": at_least(50),
    "get": at_least(130),
    "pay": at_least(12),
    "scan": at_least(35),
}


def sqlite(folder: Path) -> Iterator[Row]:
    """SQLite without fsync, against a loop written by hand."""
    plan = Plan(rounds=50, size=400)
    with (
        SQLite(folder / "ours.db", durability="os") as store,
        closing(SQLiteByHand(folder / "hand.db", plan)) as peer,
    ):
        yield from contests("SQLite / by hand", Ours(store, plan), peer, HAND_SQLITE)


def sqlite_synced(folder: Path) -> Iterator[Row]:
    """SQLite with an fsync at every commit, against a loop written by hand."""
    plan = Plan(rounds=40, size=10)
    with (
        SQLite(folder / "ours.db") as store,
        closing(SQLiteByHand(folder / "hand.db", plan, "FULL")) as peer,
    ):
        yield from contests("SQLite, fsync / by hand", Ours(store, plan), peer, HAND_SQLITE, OVER_WAITING)


def file(folder: Path) -> Iterator[Row]:
    """Files without fsync, against a loop written by hand."""
    plan = Plan(rounds=50, size=200)
    store = File(folder / "ours", durability="os")
    with closing(FileByHand(folder / "hand", plan, synced=False)) as peer:
        yield from contests("files / by hand", Ours(store, plan), peer, HAND_FILE)


def file_synced(folder: Path) -> Iterator[Row]:
    """Files with an fsync of each file and of its folder, against a loop written by hand."""
    plan = Plan(rounds=40, size=5, bulk=50)
    store = File(folder / "ours")
    with closing(FileByHand(folder / "hand", plan, synced=True)) as peer:
        yield from contests("files, fsync / by hand", Ours(store, plan), peer, HAND_FILE, OVER_WAITING)


def embedded(folder: Path) -> Iterator[Row]:
    """LMDB without fsync, and Berkeley DB, each against a loop by hand, which does not survive a kill."""
    plan = Plan(rounds=50, size=200)
    with (
        LMDB(folder / "ours", durability="os") as store,
        closing(LMDBByHand(folder / "hand", plan)) as peer,
    ):
        yield from contests("LMDB / by hand", Ours(store, plan), peer, HAND_LMDB)
    from benchmarks.dbm_by_hand import DBMByHand  # needs the extra bsd, which does not install everywhere

    plan = Plan(rounds=20, size=5)
    with (
        DBM(folder / "ours.bsd", flavor="bsd", durability="os") as store,
        closing(DBMByHand(folder / "hand.bsd", plan)) as peer,
    ):
        yield from contests("Berkeley DB / by hand", Ours(store, plan), peer, HAND_DBM, OVER_WAITING)


def orm(folder: Path) -> Iterator[Row]:
    """SQLite without fsync, against SQLAlchemy's ORM on SQLite without fsync."""
    with (
        SQLite(folder / "ours.db", durability="os") as store,
        closing(ORM(folder / "orm.db", Plan(rounds=40, size=10))) as peer,
    ):
        ours = Ours(store, Plan(rounds=40, size=250))  # rounds as long as the ORM's, so caches are as warm
        yield from contests("SQLite / ORM", ours, peer, TUNED_ORM, FASTER, scans=3)


GROUPS: Mapping[str, Callable[[Path], Iterator[Row]]] = {
    "sqlite": sqlite,
    "sqlite-fsync": sqlite_synced,
    "file": file,
    "file-fsync": file_synced,
    "embedded": embedded,
    "orm": orm,
    "query": queries,
    "query-s3": bucket_queries,
    "layer": layers,
    "stack": stack,
    "cache": caches,
    "start": startup,
    "s3": buckets,
    "gcs": gcs,
    "versions": versions,
}
