"""The amounts billed by accounting code: map-reduce over documents against SQL over rows."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

from benchmarks.invoices import invoices
from benchmarks.measure import OVER_WAITING, Row, Work, at_most, compare, memory_row
from benchmarks.orm import AGED_ON, ORM
from benchmarks.plan import Plan
from holdall import Json, MapReduce, SQLite, Store
from holdall.domain import maps
from holdall.domain.keys import invoice_key
from holdall.domain.model import Invoice
from holdall.domain.receivables import Receivables
from holdall.query.pool import processors

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

        reports = Receivables(books)
        group = f"{COUNT:,} invoices / ORM, GROUP BY without an index"
        for name, ask, theirs, goal in (
            ("billed by currency and code", reports.billed, peer.billed, at_most(1)),
            ("the same, against codes alone, from one table", reports.billed, peer.billed_by_code, None),
            (
                "billed and paid by code, in one pass / two queries",
                reports.by_code,
                peer.accounts,
                at_most(1),
            ),
            ("overview, in one pass / four queries", _overview(reports), peer.overview, at_most(1)),
        ):
            yield compare(group, name, _once(ask), theirs, rounds=ROUNDS, goal=goal)
        yield from _parallel(books, peer)
        yield _memory(folder / "ours.db")


def _parallel(books: Store[Invoice], peer: ORM) -> Iterator[Row]:
    """Two worker processes, which are running before the first round."""
    query = MapReduce(maps.billed, "sum", type=maps.Billed)

    def ask() -> object:
        return query.run(books, executor="processes")

    ask()
    group = f"{COUNT:,} invoices, {processors()} processes / ORM, GROUP BY without an index"
    name = "billed by currency and code"
    yield compare(group, name, _once(ask), peer.billed, rounds=ROUNDS, scale=OVER_WAITING, goal=at_most(0.55))


_ASK = r"""
import re, sys
from itertools import islice
from pathlib import Path
from holdall import Json, MapReduce, SQLite
from holdall.domain import maps
with SQLite(sys.argv[1]) as store:
    stop = next(islice(store.scan(), int(sys.argv[2]), None), None)
    MapReduce(maps.billed, "sum", type=maps.Billed).run(Json(store), stop=stop)
print(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])
"""


def _memory(path: Path) -> Row:
    """Compare the peak memory of two processes instead of times; one reads ten times as many documents."""
    few, many = _peak(path, COUNT // 10), _peak(path, COUNT)
    return memory_row(
        f"{COUNT:,} invoices",
        f"peak memory of billed over {COUNT:,} / over {COUNT // 10:,} ({many} KiB, {few} KiB)",
        many / few,
    )


def _peak(path: Path, count: int) -> int:
    """The greatest number of KiB that a process held while it asked, as Linux counts it."""
    command = [sys.executable, "-c", _ASK, str(path), str(count)]
    return int(subprocess.run(command, check=True, capture_output=True).stdout)


def _overview(reports: Receivables) -> Callable[[], object]:
    return lambda: reports.overview(AGED_ON)


def _once(ask: Callable[[], object]) -> Work:
    def work(round: int) -> int:
        ask()
        return 1

    return work


def _fill(books: Store[Invoice], peer: ORM) -> None:
    source = (invoice for _, invoice in invoices(COUNT))
    while batch := list(islice(source, BATCH)):
        books.update((invoice_key(each.seller.id, each.number), each) for each in batch)
        peer.write(batch)
