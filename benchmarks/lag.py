"""``make bench-lag``: how far a replica in a bucket is behind a database, under load and while its link is cut.

The primary is SQLite. The replica is a bucket of SeaweedFS behind a proxy that makes each answer 20 ms later. ``--draw
FILE`` writes the picture of docs/how-to/keep-replicas.md.
"""

import argparse
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple
from uuid import uuid4

import pytest
from rich.console import Console
from rich.table import Table

from benchmarks.lag_chart import Panel, Phase, Series, chart
from holdall import S3, Replicas, SQLite
from tests.faults.proxy import Exchange, Proxy, late
from tests.servers.s3 import VARIABLES, seaweedfs

LATENCY: Final = 0.02  # seconds
PHASES: Final = (
    Phase("10 writes/s", 10, 10),
    Phase("100 writes/s", 10, 100),
    Phase("10 writes/s", 20, 10),
    Phase("link cut", 12, 10),
    Phase("10 writes/s", 28, 10),
)
_EVERY: Final = 0.25  # seconds between two looks


class Sample(NamedTuple):
    """The lag at a time, in seconds since the beginning, and how long the last write took."""

    at: float
    changes: int
    seconds: float
    write: float


def measure(folder: Path) -> list[Sample]:
    """Return the lag over the phases."""
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for name, value in VARIABLES.items():
            patch.setenv(name, value)
        (folder / "weed").mkdir()
        proxy = stack.enter_context(Proxy(stack.enter_context(seaweedfs(folder / "weed"))))
        proxy.always = late(LATENCY)
        replica = S3(f"b{uuid4().hex}", endpoint_url=proxy.endpoint, create=True, retries=0)
        primary = SQLite(folder / "primary.db")
        store = stack.enter_context(Replicas(primary, replica))
        store["warm"] = b"1"
        store.deliver()
        return list(_samples(store, proxy))


def _samples(store: Replicas[bytes], proxy: Proxy) -> Iterator[Sample]:
    began = time.perf_counter()
    writer = _Writer(store)
    for phase in PHASES:
        proxy.always = _cut if "cut" in phase.name else late(LATENCY)
        writer.rate = phase.rate
        ends = time.perf_counter() + phase.seconds
        while time.perf_counter() < ends:
            [lag] = store.lag()
            yield Sample(time.perf_counter() - began, lag.changes or 0, lag.seconds or 0.0, writer.took)
            time.sleep(_EVERY)
    writer.stop()


def _cut(exchange: Exchange) -> None:
    exchange.reset()


class _Writer:
    """Writes ``rate`` keys a second in a thread, and notes how long the last write took."""

    def __init__(self, store: Replicas[bytes]) -> None:
        self.rate = 1.0
        self.took = 0.0
        self._store = store
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        number, due = 0, time.perf_counter()
        while not self._stopped.wait(max(0, due - time.perf_counter())):
            began = time.perf_counter()
            self._store[f"invoices/{number:06}"] = b"%0500d" % number
            self.took = time.perf_counter() - began
            number, due = number + 1, max(due, began - 1) + 1 / self.rate

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()


def draw(samples: list[Sample]) -> str:
    """Return the picture."""
    panels = [
        Panel("changes behind", [Series("", [(each.at, each.changes) for each in samples])]),
        Panel("seconds behind", [Series("", [(each.at, each.seconds) for each in samples])]),
        Panel("a write, ms", [Series("", [(each.at, each.write * 1000) for each in samples])]),
    ]
    return chart("The lag of a replica under load, and while its link is cut", panels, PHASES)


def main() -> None:
    """Print the greatest lag of each phase, and draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draw", metavar="FILE", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        samples = measure(Path(name))
    table = Table(
        "phase", "greatest lag, changes", "greatest lag, seconds", "lag at its end", "median write, ms"
    )
    ends = 0.0
    for phase in PHASES:
        here = [each for each in samples if ends <= each.at < ends + phase.seconds]
        ends += phase.seconds
        writes = sorted(each.write for each in here)
        table.add_row(
            phase.name,
            f"{max(each.changes for each in here):,}",
            f"{max(each.seconds for each in here):.1f}",
            f"{here[-1].changes:,}",
            f"{writes[len(writes) // 2] * 1000:.1f}",
        )
    Console().print(table)
    if given.draw:
        given.draw.write_text(draw(samples))


if __name__ == "__main__":
    main()
