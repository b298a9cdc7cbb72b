"""``make bench-views``: a table of what a view costs: a read, a refresh after changes, and a build."""

import argparse
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from itertools import islice
from pathlib import Path
from random import Random

from msgspec.structs import replace
from rich.console import Console

from benchmarks.invoices import invoices
from benchmarks.measure import EXTRA_MS, FASTER, OURS_MS, OVER, Row, Work, at_least, at_most, compare
from benchmarks.table import table
from holdall import Json, SQLite, Store
from holdall.domain import maps
from holdall.domain.keys import invoice_key
from holdall.domain.model import Invoice
from holdall.query import MapReduce, View

COUNTS = 10_000, 100_000
CHANGED = 100
BATCH = 5_000
ROUNDS = 9
BUILDS = 3
READS = 20
CENT = Decimal("0.01")

_CREATE = "CREATE TABLE splits (currency TEXT, code TEXT, cents INTEGER)"
_INDEX = "CREATE INDEX by_code ON splits (currency, code, cents)"
_GROUP = "SELECT currency, code, sum(cents) FROM splits GROUP BY currency, code"


def main() -> None:
    """Print the table of each number of invoices when it is ready."""
    parser = argparse.ArgumentParser(prog="benchmarks.views", description=__doc__)
    parser.add_argument("counts", nargs="*", type=int, metavar="INVOICES", help="10000 100000 by default")
    for count in parser.parse_args().counts or COUNTS:
        with tempfile.TemporaryDirectory(prefix="holdall-bench-") as folder:
            Console(width=120).print(table(list(views(Path(folder), count))))


def views(folder: Path, count: int) -> Iterator[Row]:
    """Compare a view of the amounts billed by code with a run of its query, and with SQL over rows."""
    with (
        SQLite(folder / "invoices.db", durability="os") as store,
        closing(sqlite3.connect(folder / "rows.db")) as rows,
    ):
        books = Json(store, type=Invoice)
        _fill(books, rows, count)
        query = MapReduce(maps.billed, "sum", type=maps.Billed)
        view = View(books, query)
        group = f"{count:,} invoices in SQLite, with the index in the same store"

        def build(round: int) -> int:
            view.drop()
            view.refresh()
            return 1

        def run(round: int) -> int:
            query.run(books)
            return 1

        yield compare(
            group, "build / run of the query", build, run, rounds=BUILDS, scale=OVER, goal=at_most(2.5)
        )
        change = _changes(books)

        def refresh(round: int) -> int:
            change(round)
            view.refresh()
            return 1

        name = f"refresh after {CHANGED} changes, and these changes / these changes alone"
        yield compare(group, name, refresh, change, rounds=ROUNDS, scale=EXTRA_MS, goal=at_most(30))

        def read(round: int) -> int:
            for _ in range(READS):
                view.rows()
            return READS

        def select(round: int) -> int:
            rows.execute(_GROUP).fetchall()
            return 1

        yield compare(group, "rows, fresh", read, select, rounds=ROUNDS, scale=OURS_MS, goal=at_most(1))
        name = "rows, fresh / GROUP BY with a covering index"
        yield compare(group, name, read, select, rounds=ROUNDS, scale=FASTER, goal=at_least(100))


def _changes(books: Store[Invoice]) -> Work:
    """Return work that changes an amount of each split of CHANGED invoices, anywhere."""
    random, keys = Random(7), list(books)

    def change(round: int) -> int:
        for key in random.sample(keys, CHANGED):
            invoice = books[key]
            lines = [
                replace(line, splits=[replace(split, amount=split.amount + CENT) for split in line.splits])
                for line in invoice.lines
            ]
            books[key] = replace(invoice, lines=lines)
        return 1

    return change


def _fill(books: Store[Invoice], rows: sqlite3.Connection, count: int) -> None:
    rows.execute(_CREATE)
    source = (invoice for _, invoice in invoices(count))
    while batch := list(islice(source, BATCH)):
        books.update((invoice_key(each.seller.id, each.number), each) for each in batch)
        splits = (
            (each.currency, split.code, int(split.amount * 100))
            for each in batch
            for line in each.lines
            for split in line.splits
        )
        rows.executemany("INSERT INTO splits VALUES (?, ?, ?)", splits)
    rows.execute(_INDEX)
    rows.commit()


if __name__ == "__main__":
    main()
