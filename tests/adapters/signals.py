"""Exceptions that a signal handler raises at any moment of a store's work, and what must hold after each."""

import gc
import os
import random
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from holdall import Feature, HoldallError, Store
from holdall.store import Expect, Put
from tests.soak import SOAK

INTERRUPTS = 1000 if SOAK else 25
_VALUES = {f"folder {number % 3}/{number}": b"value %d " % number * 50 for number in range(9)}


class Stopped(BaseException):
    """As an exception that ends a task."""


class OutOfTime(Exception):
    """As the time limit of a task queue, which the task may catch."""


KINDS = (KeyboardInterrupt, Stopped, OutOfTime)


@contextmanager
def ignore_unraisable(*kinds: type[BaseException]) -> Iterator[None]:
    """Inside, pytest does not see exceptions of ``kinds`` that Python can pass on to nobody.

    A signal handler may raise in a finalizer, or in a callback of the garbage collector: Hypothesis leaves one there
    for the rest of the process.
    """
    hook = sys.unraisablehook
    sys.unraisablehook = lambda seen: isinstance(seen.exc_value, kinds) or hook(seen)
    try:
        yield
    finally:
        sys.unraisablehook = hook


class Signals:
    """A thread that sends signals to the main thread; each raises one of KINDS there, once per `armed` block."""

    def __init__(self, longest: float) -> None:
        self._chance = random.Random(7)
        self._longest = longest
        self._armed = False
        self._begun = threading.Semaphore(0)
        self.sent = 0

    def _raise(self, number: int, frame: FrameType | None) -> None:
        if self._armed:
            self._armed = False
            self.sent += 1
            raise self._chance.choice(KINDS)

    def _send(self) -> None:
        main = threading.main_thread().ident
        ended = threading.Event()
        while not self._over:
            ended.wait(self._chance.uniform(0, self._longest))
            signal.pthread_kill(main, signal.SIGUSR1)

    @contextmanager
    def running(self) -> Iterator["Signals"]:
        self._over = False
        before = signal.signal(signal.SIGUSR1, self._raise)
        sender = threading.Thread(target=self._send)
        with ignore_unraisable(*KINDS):
            sender.start()
            try:
                yield self
            finally:
                self._armed, self._over = False, True
                sender.join()
                signal.signal(signal.SIGUSR1, before)

    def strike(self, work: Any) -> None:
        """Do ``work`` again and again, until an exception stops it, or was raised where nothing can pass it on."""
        self._armed = True
        try:
            while self._armed:
                work()
        except KINDS:
            pass
        except HoldallError:
            if self._armed:  # else a library took the exception for a failure of its own
                raise
        finally:
            self._armed = False


class Reader:
    """Another thread that reads in the meantime, and is never interrupted."""

    def __init__(self, store: Store[bytes]) -> None:
        self._store = store
        self._over = False
        self.wrong: list[object] = []
        self._thread = threading.Thread(target=self._read, daemon=True)

    def _read(self) -> None:
        chance = random.Random(1)
        while not self._over:
            key = chance.choice(list(_VALUES))
            try:
                value = self._store[key]
            except Exception as error:
                self.wrong.append(error)
            else:
                if value != _VALUES[key]:
                    self.wrong.append((key, value))

    @contextmanager
    def running(self) -> Iterator["Reader"]:
        self._thread.start()
        try:
            yield self
        finally:
            self._over = True
            self._thread.join(60)
            assert not self._thread.is_alive(), "the other thread hangs"


def check_interrupts(
    store: Store[bytes], count: int = INTERRUPTS, *, longest: float = 0.01, spare: int = 12
) -> None:
    """After each of ``count`` interrupts each key has its own value, nothing hangs, and no connection is left.

    ``longest``: seconds between two signals. ``spare``: open files that may come to those before. They are idle
    connections, and both ends of each if the server is in this process.
    """
    chance = random.Random(3)
    store.update(_VALUES)
    _work(store, chance, all_of_it=True)
    wrong: list[object] = []
    most = count_open_files() + spare
    with Signals(longest).running() as signals, Reader(store).running() as reader:
        while signals.sent < count:
            signals.strike(lambda: _work(store, chance))
            wrong += _mistakes(store)
    wrong += reader.wrong
    print(f"\n{store!r}: {signals.sent} interrupts, {len(wrong)} wrong answers, 0 hangs")  # noqa: T201
    assert wrong == [], wrong[:3]
    for _ in range(1200):  # servers notice the end of a connection in their own time
        gc.collect()
        if count_open_files() <= most:
            break
        threading.Event().wait(0.05)
    assert count_open_files() <= most


def _work(store: Store[bytes], chance: random.Random, *, all_of_it: bool = False) -> None:
    """Something that leaves every value as it is."""
    key = chance.choice(list(_VALUES))
    value = _VALUES[key]
    choices = [
        lambda: store[key],
        lambda: store.get("missing"),
        lambda: store.__setitem__(key, value),
        lambda: list(store.get_many(_VALUES)),
        lambda: list(store.scan_items("folder")),
        lambda: store.update(_VALUES),
        lambda: store.delete_many(["missing", "folder 1/missing"]),
    ]
    if Feature.SWAP in store.features:
        choices.append(lambda: store.modify(key, lambda held: held))
    if Feature.ATOMIC in store.features:
        choices.append(lambda: store.transact([Expect(key, store.tag(key)), Put(key, value)]))
    for choice in choices if all_of_it else [chance.choice(choices)]:
        choice()


def _mistakes(store: Store[bytes]) -> list[object]:
    found: list[object] = []
    for key, value in _VALUES.items():
        try:
            held = store[key]
        except Exception as error:
            found.append((key, error))
        else:
            if held != value:
                found.append((key, held))
    return found


def count_open_files() -> int:
    return len(list(Path(f"/proc/{os.getpid()}/fd").iterdir()))
