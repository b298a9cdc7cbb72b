"""The cost of a read that a cache answers from memory, in one thread and in threads that contend."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cachetools import LRUCache

from benchmarks.measure import EXTRA_NS, OURS_US, Row, Work, at_most, compare
from holdall import Cache, Memory, Metrics

HOUR = 3600.0
THREADS = 8
KEYS = [f"2026-{index:06}" for index in range(1000)]


class ByHand:
    """A cache written by hand: cachetools' LRUCache under a lock, as its documentation asks."""

    def __init__(self) -> None:
        self._kept: LRUCache[str, bytes] = LRUCache(len(KEYS))
        self._lock = threading.Lock()

    def __getitem__(self, key: str) -> bytes:
        with self._lock:
            return self._kept[key]

    def __setitem__(self, key: str, value: bytes) -> None:
        with self._lock:
            self._kept[key] = value


def caches(folder: Path) -> Iterator[Row]:
    """Hits of `Cache` and of a cache written by hand, and reads that `Metrics` counts."""
    far, hand = Memory(), ByHand()
    store = Cache(far, HOUR)
    for key in KEYS:
        store[key] = hand[key] = b"value"
    reads: list[tuple[str, Callable[[Cache | ByHand], Work]]] = [
        ("hit, one thread", _reads),
        (f"hit, {THREADS} threads", _contended),
        (f"hit, {THREADS} threads and a writer", _written),
    ]
    for name, work in reads:
        yield compare(
            "cache / cachetools with a lock",
            name,
            work(store),
            work(hand),
            rounds=21,
            scale=OURS_US,
            goal=at_most(2),
        )
    counted = Metrics(far)
    yield compare(
        "one layer that counts",
        "read through Metrics",
        _reads(counted),
        _reads(far),
        rounds=21,
        scale=EXTRA_NS,
    )


Readable = Cache | ByHand | Memory | Metrics[bytes]


def _reads(store: Readable) -> Work:
    def work(round: int) -> int:
        for _ in range(10):
            for key in KEYS:
                store[key]
        return 10 * len(KEYS)

    return work


def _contended(store: Readable) -> Work:
    read = _reads(store)

    def work(round: int) -> int:
        with ThreadPoolExecutor(THREADS) as threads:
            return sum(threads.map(read, [round] * THREADS))

    return work


def _written(store: Cache | ByHand) -> Work:
    contended = _contended(store)

    def work(round: int) -> int:
        ended = threading.Event()
        writer = threading.Thread(target=_write, args=(store, ended))
        writer.start()
        try:
            return contended(round)
        finally:
            ended.set()
            writer.join()

    return work


def _write(store: Cache | ByHand, ended: threading.Event) -> None:
    while not ended.wait(0.001):
        store[KEYS[0]] = b"value"
