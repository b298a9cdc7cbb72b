"""Tests of threads that share a store."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from holdall.store import Feature, Store
from holdall.testing.suite.case import StoreCase, needs

V = TypeVar("V")
THREADS = 4
TIMES = 25


def together(*calls: Callable[[], object]) -> None:
    """Run ``calls`` at the same time, each in a thread. If a call raises an error, raise it."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> None:
        barrier.wait()
        call()

    with ThreadPoolExecutor(len(calls)) as pool:
        for done in [pool.submit(run, call) for call in calls]:
            done.result()


class ThreadTests(StoreCase[V]):
    """Tests that any thread may use the store at any time."""

    @needs(Feature.TAGS | Feature.SWAP)
    def test_threads_count_together(self, store: Store[V]) -> None:
        def add() -> None:
            for _ in range(TIMES):
                store.modify("counter", self._next, default=self.values.of(0))

        together(*[add] * THREADS)
        assert self.values.number(store["counter"]) == THREADS * TIMES

    def _next(self, value: V) -> V:
        following: V = self.values.of(self.values.number(value) + 1)
        return following

    def test_threads_write_side_by_side(self, store: Store[V]) -> None:
        def writer(name: int) -> Callable[[], None]:
            def write() -> None:
                for number in range(TIMES):
                    store[f"{name}/{number}"] = self.values.of(number)
                store.set_many((f"{name}/many/{number}", self.values.of(number)) for number in range(TIMES))

            return write

        together(*(writer(name) for name in range(THREADS)))
        assert len(store) == 2 * THREADS * TIMES
        assert self.values.number(store[f"{THREADS - 1}/many/{TIMES - 1}"]) == TIMES - 1

    def test_a_reader_sees_whole_values(self, store: Store[V]) -> None:
        small = store["a"] = self.values.of(7)
        allowed = [small, self.values.large]

        def write() -> None:
            for _ in range(3):
                store["a"] = self.values.large
                store["a"] = small

        def read() -> None:
            for _ in range(6):
                assert store["a"] in allowed
                assert all(value in allowed for value in store.values())

        together(write, read, read)
        assert store["a"] == small

    def test_scans_run_beside_writes(self, store: Store[V]) -> None:
        staying = self.fill(store, self.make_keys(TIMES, "stay/{:03}"))

        def churn() -> None:
            for number in range(2 * TIMES):
                store[f"stay/{number % TIMES:03}x"] = self.values.of(number)
                store.discard(f"stay/{(number - 1) % TIMES:03}x")

        def scan() -> None:
            for _ in range(TIMES // 2):
                found = dict(store.scan_items("stay/"))
                assert {key: found[key] for key in staying} == staying
                assert list(found) == sorted(found)

        together(churn, churn, scan, scan)

    def test_a_scan_begun_in_one_thread_ends_in_another(self, store: Store[V]) -> None:
        held = self.fill(store, self.make_keys(self.many))
        scan = store.scan_items()
        found = [next(scan)]
        with ThreadPoolExecutor(1) as pool:
            found += pool.submit(list, scan).result()
        assert dict(found) == held
