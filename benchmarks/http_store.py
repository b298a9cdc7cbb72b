"""``python -m benchmarks.http_store``: what the store ``http://`` costs, compared with requests of bare urllib3."""

import tempfile
from pathlib import Path
from random import Random

import urllib3
from rich.console import Console

from benchmarks.http_apps import PATHS
from benchmarks.http_client import served
from benchmarks.measure import at_most, compare
from benchmarks.table import table
from holdall import HTTP, SQLite

COUNT = 1_000
ROUNDS = 15


def main() -> None:
    """Print a table."""
    with tempfile.TemporaryDirectory(prefix="holdall-bench-") as folder:
        books = Path(folder) / "books.db"
        with SQLite(books, durability="os") as store:
            store.update((f"k{number:04}", bytes(range(256)) * 4) for number in range(COUNT))
        with served("waitress", "service", books) as service:
            _compare(f"http://127.0.0.1:{service._port}{PATHS['bytes'].removesuffix('/docs')}")


def _compare(url: str) -> None:
    keys = [f"k{number:04}" for number in Random(7).sample(range(COUNT), COUNT)]
    with HTTP(url) as store, urllib3.PoolManager() as pool:

        def ours(round: int) -> int:
            for key in keys:
                _ = store[key]
            return len(keys)

        def peer(round: int) -> int:
            for key in keys:
                _ = pool.request("GET", f"{url}/docs/{key}").data
            return len(keys)

        row = compare(
            "1,000 values of 1 KB, waitress", "get / urllib3", ours, peer, rounds=ROUNDS, goal=at_most(1.25)
        )
        Console(width=120).print(table([row]))


if __name__ == "__main__":
    main()
