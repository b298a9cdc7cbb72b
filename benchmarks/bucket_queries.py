"""A query over documents in a bucket on a real server that speaks S3, against only listing and getting them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.buckets import environment
from benchmarks.buckets_by_hand import Obstore
from benchmarks.invoices import invoices
from benchmarks.measure import OVER_WAITING, Goal, Row, Work, at_most, compare
from holdall import Json, MapReduce, Store
from holdall.adapters.s3 import S3
from holdall.domain import maps
from holdall.domain.keys import invoice_key
from holdall.domain.model import Invoice
from holdall.query.options import Workers
from tests.servers.s3 import seaweedfs

COUNT = 10_000
ROUNDS = 5
EXECUTORS: tuple[tuple[Workers, Goal | None], ...] = (
    (None, None),
    ("threads", at_most(1.25)),
    ("processes", None),
)


def bucket_queries(folder: Path) -> Iterator[Row]:
    """One query with each executor, against a loop that lists and gets all objects by the same transport."""
    with pytest.MonkeyPatch.context() as patch, seaweedfs(folder) as endpoint:
        for name, value in environment().items():
            patch.setenv(name, value)
        with S3("bench", endpoint_url=endpoint, transport="rust", create=True) as store:
            books = Json(store, type=Invoice)
            books.update((invoice_key(each.seller.id, each.number), each) for _, each in invoices(COUNT))
            peer = Obstore(endpoint, "bench")
            for executor, goal in EXECUTORS:
                ours = _asking(books, executor)
                ours(0)  # starts the processes
                yield compare(
                    f"{COUNT:,} invoices on SeaweedFS / obstore by hand",
                    f"billed by currency and code, executor={executor!r} / list + get",
                    ours,
                    peer.read,
                    rounds=ROUNDS,
                    scale=OVER_WAITING,
                    goal=goal,
                )


def _asking(books: Store[Invoice], executor: Workers) -> Work:
    query = MapReduce(maps.billed, "sum", type=maps.Billed)

    def ask(round: int) -> int:
        query.run(books, executor=executor)
        return COUNT

    return ask
