"""Tests of processes: a pickle reopens the store, others see writes, and a kill loses no finished write."""

import contextlib
import multiprocessing
import os
import pickle
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

import pytest

from holdall.errors import Unsupported
from holdall.store import Feature, Store
from holdall.testing.suite.case import StoreCase, needs

V = TypeVar("V")
TIMES = 20
PATIENCE = 60  # seconds; a child that still runs after them is a failure
NEW = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
"""How to start a process that inherits nothing of a store. A fork server imports this module once for all of them."""


class ProcessTests(StoreCase[V]):
    """Tests of a store in several processes."""

    def test_a_pickle_reopens_the_store(self, store: Store[V]) -> None:
        if Feature.SHARED not in store.features:
            self.check_private(store)
            return
        store["a"] = self.values.of(1)
        with pickle.loads(pickle.dumps(store)) as other:
            assert type(other) is type(store)
            assert other["a"] == self.values.of(1)
            other["b"] = self.values.of(2)
            store["a"] = self.values.of(3)
            assert store == other == {"a": self.values.of(3), "b": self.values.of(2)}

    @needs(Feature.SHARED)
    def test_a_used_store_pickles_as_a_new_one(self, store: Store[V]) -> None:
        before = pickle.dumps(store)
        self.fill(store, self.make_keys(self.many))
        scan = store.scan_items()
        next(scan)
        assert pickle.dumps(store) == before

    @needs(Feature.SHARED)
    def test_processes_see_each_other(self, store: Store[V]) -> None:
        store["here"] = self.values.of(1)
        with child(_answer, store, self.values.of(2)):
            pass
        assert dict(store.items()) == {"here": self.values.of(1), "there": self.values.of(2)}

    @needs(Feature.SHARED | Feature.TAGS | Feature.SWAP)
    def test_processes_count_together(self, store: Store[V]) -> None:
        store["counter"] = self.values.of(0)
        work = (store, self.values.of, self.values.number)
        with child(_count, *work), child(_count, *work):
            _count(*work)
        assert self.values.number(store["counter"]) == 3 * TIMES

    @needs(Feature.SHARED | Feature.DURABLE)
    def test_a_finished_write_survives_a_kill(self, store: Store[V]) -> None:
        with child(_write_and_die, store, self.values.of):
            pass
        assert [self.values.number(value) for value in store.values()] == list(range(2 * TIMES))

    def test_a_store_works_on_both_sides_of_a_fork(self, store: Store[V]) -> None:
        if "fork" not in multiprocessing.get_all_start_methods():
            pytest.skip("this platform does not fork")
        store["here"] = self.values.of(1)
        scan = store.scan_items()
        work = _answer if Feature.SHARED in store.features else _answer_or_refuse
        with child(work, store, self.values.of(2), method="fork"):
            store["more"] = self.values.of(3)
        assert dict(store.get_many(["here", "more"])) == {
            "here": self.values.of(1),
            "more": self.values.of(3),
        }
        assert ("there" in store) == (Feature.SHARED in store.features)
        assert ("here", self.values.of(1)) in list(scan)


@contextmanager
def child(work: Callable[..., object], *arguments: Any, method: str = NEW) -> Iterator[BaseProcess]:
    """Run ``work`` in another process, which is yielded, during the block; fail if ``work`` fails."""
    process = _prepare(method, work, arguments)
    with warnings.catch_warnings():
        # Python 3.12 warns of a fork while other threads run. This is tested here.
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()
    try:
        yield process
        process.join(PATIENCE)
        assert process.exitcode == 0, f"the other process ended with {process.exitcode}"
    finally:
        process.kill()
        process.join()
        process.close()


def _prepare(method: str, work: Callable[..., object], arguments: tuple[object, ...]) -> BaseProcess:
    context: Any = multiprocessing.get_context(method)  # its kinds have no Process in common
    if method != "fork":
        context.set_forkserver_preload([__name__])
        work, arguments = _enter, (dict(os.environ), pickle.dumps((work, arguments)))
    process: BaseProcess = context.Process(target=work, args=arguments)
    return process


def _enter(environment: dict[str, str], call: bytes) -> None:
    """Make a call in a process of a fork server, whose environment is older than that of its client."""
    os.environ.clear()
    os.environ.update(environment)
    work, arguments = pickle.loads(call)
    work(*arguments)


def _answer(store: Store[Any], value: Any) -> None:
    assert "here" in store
    assert len(list(store.scan_items())) >= 1
    store["there"] = value
    assert store["there"] == value


def _answer_or_refuse(store: Store[Any], value: Any) -> None:
    with contextlib.suppress(Unsupported):
        _answer(store, value)


def _count(store: Store[Any], of: Callable[[int], Any], number: Callable[[Any], int]) -> None:
    for _ in range(TIMES):
        store.modify("counter", lambda value: of(number(value) + 1))


def _write_and_die(store: Store[Any], of: Callable[[int], Any]) -> None:
    for turn in range(TIMES):
        store[f"k{turn:04}"] = of(turn)
    store.set_many((f"k{turn:04}", of(turn)) for turn in range(TIMES, 2 * TIMES))
    os._exit(0)  # nothing is closed, flushed or collected
