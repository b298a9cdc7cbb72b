"""The amounts billed by accounting code: map-reduce over documents against SQL over rows."""

from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

from benchmarks.invoices import invoices
from benchmarks.measure import Row, at_most, compare
from benchmarks.orm import ORM
from benchmarks.plan import Plan
from holdall import Json, SQLite, Store
from holdall.domain.keys import invoice_key
from holdall.domain.model import Invoice
from holdall.domain.receivables import Receivables

COUNT = 100_000
BATCH = 5_000
ROUNDS = 7


def queries(folder: Path) -> Iterator[Row]:
    """Over COUNT invoices, without an index on codes and without a view."""
    with (
        SQLite(folder / "ours.db", durability="os") as store,
        closing(ORM(folder / "orm.db", Plan(rounds=1, size=0))) as peer,
    ):
        books = Json(store, type=Invoice)
        _fill(books, peer)

        def billed(round: int) -> int:
            Receivables(books).billed()
            return 1

        group = f"{COUNT:,} invoices / ORM, GROUP BY without an index"
        name = "billed by currency and code"
        yield compare(group, name, billed, peer.billed, rounds=ROUNDS, goal=at_most(1))
        name = "the same, against codes alone, from one table"
        yield compare(group, name, billed, peer.billed_by_code, rounds=ROUNDS)


def _fill(books: Store[Invoice], peer: ORM) -> None:
    source = (invoice for _, invoice in invoices(COUNT))
    while batch := list(islice(source, BATCH)):
        books.update((invoice_key(each.seller.id, each.number), each) for each in batch)
        peer.write(batch)
