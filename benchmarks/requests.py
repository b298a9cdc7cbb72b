"""Counts the requests that tasks make to a bucket, by a proxy before an emulator, and adds up their prices."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from holdall import MapReduce, Memory, SnapshotFeed, Store
from holdall.adapters.gcs import GCS
from holdall.adapters.s3 import S3
from holdall.query import View
from holdall.testing import emulators
from tests.faults.proxy import Exchange, Proxy
from tests.servers.s3 import VARIABLES, serve_moto

FEW, MANY, MILLION = 2_000, 4_000, 1_000_000  # documents; the requests of a million follow from the others
CHANGED = 100

DOLLARS = {"list": 0.005 / 1000, "write": 0.005 / 1000, "read": 0.0004 / 1000}
"""The price of a request, on S3 and on Google Cloud Storage. docs/explanation/scale.md names the sources."""

Count = Mapping[str, float]
"""Requests, by kind."""


def prices() -> str:
    """Return the requests for a million documents and their price, as a table in Markdown."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            **VARIABLES,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }.items():
            patch.setenv(name, value)
        with serve_moto() as endpoint:
            s3 = count(S3, endpoint)
        with emulators.gcs_server() as endpoint:
            gcs = count(GCS, endpoint)
    heads = ["task", "", *DOLLARS, "dollars"]
    rows = [heads, ["---", "---", *["---:"] * (len(heads) - 2)]]
    for name in s3:
        for server, counts in ("S3", s3[name]), ("GCS", gcs[name]):
            dollars = sum(counts[kind] * price for kind, price in DOLLARS.items())
            rows.append([name, server, *(f"{counts[kind]:,.0f}" for kind in DOLLARS), f"{dollars:.3f}"])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def count(open: Callable[..., Store[bytes]], endpoint: str) -> dict[str, Count]:
    """Return the requests of each task for a million documents, which grow by equal steps."""
    found: dict[str, list[Count]] = {}
    with ThreadPoolExecutor(4) as executor, _counted(endpoint) as (address, counts):
        for number in (FEW, MANY):
            with open(f"bucket-{number}", endpoint_url=address, create=True) as store:
                for name, task in _tasks(store, number, executor):
                    counts.clear()
                    task()
                    found.setdefault(name, []).append(counts.copy())
    return {name: _for_a_million(few, many) for name, (few, many) in found.items()}


def _for_a_million(few: Count, many: Count) -> Count:
    steps = (MILLION - MANY) / (MANY - FEW)
    return {kind: many.get(kind, 0) + steps * (many.get(kind, 0) - few.get(kind, 0)) for kind in DOLLARS}


def _tasks(
    store: Store[bytes], number: int, executor: Executor
) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield the tasks for ``number`` documents, in their order. ``executor`` gets the same tasks as Dask."""
    query = MapReduce(_one, "count")
    yield "write", lambda: store.update(_documents(number, b"1"))
    yield "list the keys", lambda: sum(1 for _ in store.scan())
    yield "query in one process", lambda: query.run(store)
    yield "query in 8 threads", lambda: query.run(store, executor="threads")
    yield "query on Dask", lambda: query.run(store, executor=executor)
    view = View(SnapshotFeed(store, state=Memory()), query, Memory(), name="count")
    yield "view: build", view.refresh
    store.update(_documents(CHANGED, b"2"))
    yield f"view: refresh after {CHANGED} changes", view.refresh


def _documents(count: int, byte: bytes) -> Iterator[tuple[str, bytes]]:
    return ((f"invoices/{number:09}", byte * 1000) for number in range(count))


def _one(key: str, value: bytes) -> list[tuple[None, int]]:
    return [(None, 1)]


@contextmanager
def _counted(endpoint: str) -> Iterator[tuple[str, Counter[str]]]:
    """Yield the address of a proxy before ``endpoint``, and the requests that it gets, by kind."""
    counts: Counter[str] = Counter()
    with Proxy(endpoint) as proxy:

        def pass_on(exchange: Exchange) -> None:
            counts[_kind(exchange.command, exchange.path)] += 1
            exchange.reply(exchange.forward())

        proxy.always = pass_on
        yield proxy.endpoint, counts


def _kind(method: str, target: str) -> str:
    if method not in ("GET", "HEAD"):
        return "write"
    address = urlsplit(target)
    listing = "list-type=2" in address.query or address.path.endswith("/o")  # of S3; of Google
    return "list" if listing else "read"
