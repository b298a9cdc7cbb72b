"""``make bench-http``: a table of the costs of the HTTP service, by the processor time of the server."""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import msgspec
from rich.console import Console

from benchmarks.http_apps import PATHS
from benchmarks.http_client import Served, served
from benchmarks.invoices import invoices
from benchmarks.measure import FASTER, OVER, Row, Scale, at_least, at_most, compare, own_cpu
from benchmarks.table import table
from holdall import Json, SQLite, Store
from holdall.domain.keys import invoice_key
from holdall.domain.model import Invoice

COUNT = 20_000
GETS = 2_000
PUTS = 1_000
ROUNDS = 9
SHARE = Scale("of its rate", lambda ours, peer: peer / ours)

_encode = msgspec.json.encode


def main() -> None:
    """Print a table for each server when it is ready."""
    parser = argparse.ArgumentParser(prog="benchmarks.http", description=__doc__)
    parser.add_argument("servers", nargs="*", metavar="SERVER", help="waitress granian by default")
    for server in parser.parse_args().servers or ("waitress", "granian"):
        with tempfile.TemporaryDirectory(prefix="holdall-bench-") as folder:
            Console(width=120).print(table(list(http(server, Path(folder)))))


def http(server: str, folder: Path) -> Iterator[Row]:
    """Compare the service under ``server`` with an application that says hello, and with the store alone."""
    books = folder / "books.db"
    with ExitStack() as last:
        store = last.enter_context(SQLite(books, durability="os"))
        Json(store, type=Invoice).update(
            (invoice_key(each.seller.id, each.number), each) for _, each in invoices(COUNT)
        )
        service = last.enter_context(served(server, "service", books))
        hello = last.enter_context(served(server, "hello", books))
        group = f"{server}, {COUNT:,} invoices in SQLite"
        yield from _gets(group, service, hello, list(store))
        yield from _streams(group, service, store)
        yield _puts(group, service, store)


def _gets(group: str, service: Served, hello: Served, keys: list[str]) -> Iterator[Row]:
    chosen = Random(7).sample(keys, GETS)
    for name, path in PATHS.items():
        paths = [f"{path}/{key}" for key in chosen]

        def ours(round: int, paths: Sequence[str] = paths) -> int:
            return service.get(paths)

        def peer(round: int, paths: Sequence[str] = paths) -> int:
            return hello.get(paths)

        yield compare(
            group,
            f"GET of {name} / hello",
            ours,
            peer,
            rounds=ROUNDS,
            scale=SHARE,
            goal=at_least(0.6) if name == "documents" else None,
            clocks=(service.cpu, hello.cpu),
        )


def _streams(group: str, service: Served, store: Store[bytes]) -> Iterator[Row]:
    for name, kind in {"documents": Json(store), "typed": Json(store, type=Invoice)}.items():
        path = f"{PATHS[name]}?include=values"

        def ours(round: int, path: str = path) -> int:
            return service.stream(path)

        def peer(round: int, kind: Store[Any] = kind) -> int:
            return sum(1 for key, value in kind.scan_items() if _encode({"key": key, "value": value}))

        yield compare(
            group,
            f"stream of {name} / scan + encode",
            ours,
            peer,
            rounds=ROUNDS,
            scale=OVER,
            goal=at_most(1.3),
            clocks=(service.cpu, own_cpu),
        )


def _puts(group: str, service: Served, store: Store[bytes]) -> Row:
    """One batch against as many single requests."""
    documents = list(islice(store.scan_items(), PUTS))
    singles = [(f"{PATHS['documents']}/batch/{key}", value) for key, value in documents]
    operations = [
        {"op": "put", "key": f"batch/{key}", "value": msgspec.Raw(value)} for key, value in documents
    ]
    body = _encode({"operations": operations})

    def ours(round: int) -> int:
        service.post("/v1/documents:batch", body)
        return PUTS

    return compare(
        group,
        f"batch put of {PUTS:,} / single puts",
        ours,
        lambda round: service.put(singles),
        rounds=ROUNDS,
        scale=FASTER,
        goal=at_least(20),
        clocks=(service.cpu, service.cpu),
    )


if __name__ == "__main__":
    main()
