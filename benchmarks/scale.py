"""``make bench-scale``: how the time of a query grows with the number of documents, and its requests to a bucket.

The documents are in SQLite. A round runs the query in every way, one after the other, so that a slow moment of the
machine slows all of them.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from itertools import cycle, islice, pairwise
from multiprocessing import active_children
from pathlib import Path
from statistics import median
from typing import NamedTuple

import duckdb
from distributed import Client
from msgspec.structs import replace

from benchmarks.chart import Line, chart
from benchmarks.invoices import invoices
from benchmarks.requests import prices
from holdall import Json, MapReduce, SQLite
from holdall.domain import maps
from holdall.domain.model import Invoice
from holdall.query import View, arrow
from holdall.query.dask import on_dask
from holdall.query.pool import processors
from tests.servers.dask import dask_cluster

ROUNDS = {1_000: 9, 10_000: 5, 100_000: 3, 1_000_000: 1}
FURTHER = 100 * max(ROUNDS)  # documents to which the times are extrapolated
CHANGED = 100  # documents before each refresh of the view
DIFFERENT = 10_000  # invoices, which are stored again and again under other keys
REFRESH, READ = "view: refresh", "view: read"  # ways whose cost does not follow the number of documents
TITLE = "The time of a query grows with the number of documents"


class Way(NamedTuple):
    """A way to get the result, the other processes that work for it, and the writes before each run."""

    name: str
    run: Callable[[], object]
    processes: Callable[[], list[int]] = list
    before: Callable[[int], object] = lambda size: None


class Time(NamedTuple):
    """The seconds of a run by the clock on the wall, and the processor seconds of its busiest process.

    Other work on the machine makes the first longer. The second is how long the run would take without it.
    """

    wall: float
    cpu: float


Times = dict[str, dict[int, list[Time]]]
"""The times of all rounds, by way and by number of documents."""


@contextmanager
def ways(books: Json[Invoice], folder: Path) -> Iterator[Sequence[Way]]:
    """Yield the ways to add up the amounts billed by currency and accounting code."""
    query = MapReduce(maps.billed, "sum", type=maps.Billed)
    view, number = View(books, query), processors()
    with dask_cluster(folder, number) as cluster, Client(cluster.address) as client:  # type: ignore[no-untyped-call]
        yield (
            Way("one process", lambda: query.run(books)),
            Way(
                f"{number} processes",
                lambda: query.run(books, executor="processes"),
                lambda: [each.pid or 0 for each in active_children()],
            ),
            Way(
                f"Dask, {number} workers",
                lambda: query.run(books, executor=on_dask(client)),
                lambda: [cluster.scheduler, *cluster.workers],
            ),
            Way("SQL by DuckDB", lambda: sql(books)),
            Way(REFRESH, view.refresh, before=lambda size: _change(books, view, size)),
            Way(READ, view.rows),
        )


def sql(books: Json[Invoice]) -> object:
    """Return the amounts by SQL. DuckDB finds ``reader`` by its name."""
    reader = arrow(books, maps.Billed, decimal=(18, 2))
    lines = "(select currency, unnest(lines) as line from reader)"
    splits = f"(select currency, unnest(line.splits) as split from {lines})"
    found = duckdb.execute(f"select currency, split.code, sum(split.amount) from {splits} group by all")
    del reader
    return found.fetchall()


def _change(books: Json[Invoice], view: View[Decimal], size: int) -> None:
    """Bring ``view`` up to date, and then change an amount in each of CHANGED documents, spread over all."""
    view.refresh()
    for number in range(0, size, size // CHANGED):
        books.modify(f"{number:09}", _dearer)


def _dearer(invoice: Invoice) -> Invoice:
    line, *lines = invoice.lines
    split, *splits = line.splits
    split = replace(split, amount=split.amount + Decimal("0.01"))
    return replace(invoice, lines=(replace(line, splits=(split, *splits)), *lines))


# ---- The measurement ---------------------------------------------------------------------------------


def measure(folder: Path, sizes: Sequence[int]) -> Times:
    """Return the times of each way for each of ``sizes``, which ascend."""
    times: Times = {}
    with SQLite(folder / "books.db", durability="os") as store, ExitStack() as stack:
        books = Json(store, type=Invoice)
        found = stack.enter_context(ways(books, folder))
        source = _documents(books)
        for held, size in pairwise([0, *sizes]):
            store.update(islice(source, size - held))
            if not held:
                for way in found:
                    way.run()  # starts the worker processes
            for _ in range(ROUNDS.get(size, 3)):
                for way in found:
                    times.setdefault(way.name, {}).setdefault(size, []).append(_time(way, size))
            print(f"{size:,} documents, at a load of {os.getloadavg()[0]:.1f}:", flush=True)
            print(*(f"{name}: {_cell(found[size])}" for name, found in times.items()), sep="; ", flush=True)
    return times


def _documents(books: Json[Invoice]) -> Iterator[tuple[str, bytes]]:
    different = [books.encode(number, invoice) for number, invoice in invoices(DIFFERENT)]
    return ((f"{number:09}", document) for number, document in enumerate(cycle(different)))


def _time(way: Way, size: int) -> Time:
    way.before(size)
    processes = [os.getpid(), *way.processes()]
    wall, cpu = time.perf_counter(), list(map(_cpu, processes))
    way.run()
    wall = time.perf_counter() - wall
    return Time(wall, max(_cpu(each) - before for each, before in zip(processes, cpu, strict=True)))


def _cpu(process: int) -> float:
    """Return the processor seconds that ``process`` has used: another process as Linux counts its threads."""
    if process == os.getpid():
        return time.process_time()
    threads = Path(f"/proc/{process}/task").glob("*/schedstat")
    return sum(int(each.read_text().split()[0]) for each in threads) / 1e9


# ---- The tables and the picture ------------------------------------------------------------------------


def busiest(times: Sequence[Time]) -> float:
    """Return the median of the processor times."""
    return median(each.cpu for each in times)


def further(times: dict[int, list[Time]]) -> tuple[float, float]:
    """Return the seconds per run and per document, of a line through the two largest sizes."""
    few, many = sorted(times)[-2:]
    each = max((busiest(times[many]) - busiest(times[few])) / (many - few), 0)
    return busiest(times[many]) - each * many, each


def line(name: str, times: dict[int, list[Time]]) -> Line:
    """Return the line of one way in the picture."""
    measured = [(float(size), busiest(found)) for size, found in times.items()]
    if name in (REFRESH, READ):
        return Line(name, measured, [])
    start, each = further(times)
    return Line(name, measured, [measured[-1], (FURTHER, start + each * FURTHER)])


def table(times: Times) -> str:
    """Return the processor times, and the quickest times on the wall, as a table in Markdown."""
    sizes = list(next(iter(times.values())))
    heads = ["documents", *(f"{size:,}" for size in sizes), f"{FURTHER:,}, extrapolated"]
    rows = [heads, ["---", *["---:"] * (len(heads) - 1)]]
    for name, found in times.items():
        cells = [_cell(found[size]) for size in sizes]
        start, each = further(found)
        rows.append([name, *cells, "" if name in (REFRESH, READ) else _text(start + each * FURTHER)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _cell(times: Sequence[Time]) -> str:
    return f"{_text(busiest(times))} ({_text(min(each.wall for each in times))})"


def _text(seconds: float) -> str:
    if seconds >= 120:
        return f"{seconds / 60:,.0f} min"
    return f"{seconds:.1f} s" if seconds >= 1 else f"{1000 * seconds:.3g} ms"


def main() -> None:
    """Print the tables, and draw the picture."""
    parser = argparse.ArgumentParser(prog="benchmarks.scale", description=__doc__)
    parser.add_argument("--sizes", nargs="+", type=int, default=list(ROUNDS), metavar="NUMBER")
    parser.add_argument("--folder", metavar="FOLDER", help="make the store in it, and so on its disk")
    parser.add_argument("--requests", action="store_true", help="count the requests to a bucket, too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the times of all rounds there")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw the times there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="holdall-", dir=options.folder) as folder:
        times = measure(Path(folder), sorted(options.sizes))
    if options.json:
        options.json.write_text(json.dumps(times) + "\n")
    if options.picture:
        options.picture.write_text(chart(TITLE, [line(*each) for each in times.items()]))
    if options.requests:
        print(prices())


if __name__ == "__main__":
    main()
