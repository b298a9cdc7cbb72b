"""Tests of how a store is made, shown, closed and deleted."""

import gc
import pickle
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import holdall
from holdall.errors import InvalidKey
from holdall.store import Feature, Store
from holdall.testing.suite.case import StoreCase

V = TypeVar("V")
PATIENCE = 60  # seconds; a thread or socket that is still open after them was leaked


class LifetimeTests(StoreCase[V]):
    """Tests of repr, features and close, and of leaked files and threads."""

    def test_new_stores_share_no_data(self, open_store: Callable[[], Store[V]]) -> None:
        with open_store() as one, open_store() as two:
            one["a"] = self.values.of(1)
            assert "a" not in two

    def test_features_are_constant_and_consistent(self, store: Store[V]) -> None:
        before = store.features
        self.fill(store, ["a", "b"])
        store.clear()
        assert store.features == before
        assert Feature.TAGS in before or not before & (Feature.UNIQUE_TAGS | Feature.SWAP | Feature.REMOVE)

    def test_repr_rebuilds_the_store(self, store: Store[V]) -> None:
        again = eval(repr(store), self._names(store))  # noqa: S307 - the repr is the store's own
        assert type(again) is type(store)
        assert repr(again) == repr(store)
        again.close()

    def _names(self, store: Store[V]) -> dict[str, Any]:
        public = {
            "Memory": holdall.Memory,
            "Prefix": holdall.Prefix,
            "PosixPath": Path,
            "WindowsPath": Path,
        }
        return public | {type(store).__name__: type(store)} | self.names

    def test_secrets_are_hidden(self, store: Store[V]) -> None:
        shown = [repr(store), str(store)]
        for key in ("missing", "../refused"):
            try:
                store[key]
            except (KeyError, InvalidKey) as error:
                shown += [repr(error), str(vars(error))]
        if Feature.SHARED in store.features:
            shown.append(pickle.dumps(store).decode("latin-1"))
        assert len(shown) >= 6
        assert [text for text in shown for secret in self.secrets if secret in text] == []

    def test_close_may_be_called_twice(self, open_store: Callable[[], Store[V]]) -> None:
        store = open_store()
        with store as entered:
            assert entered is store
            store["a"] = self.values.of(1)
        store.close()
        store.close()
        open_store().close()

    def test_writes_do_not_wait_for_close(self, store: Store[V]) -> None:
        if Feature.SHARED not in store.features:
            self.check_private(store)
            return
        held = self.fill(store, ["a", "b"])
        held["c"] = store["c"] = self.values.of(3)
        with pickle.loads(pickle.dumps(store)) as other:
            assert other == held

    def test_a_closed_store_leaves_nothing_open(self, open_store: Callable[[], Store[V]]) -> None:
        self._use(open_store)  # after this, everything that a process opens once is open
        gc.collect()
        before = _count_handles()
        for _ in range(3):
            self._use(open_store)
        assert _has_settled(before), f"open files and threads were {before} and are {_count_handles()}"

    def _use(self, open_store: Callable[[], Store[V]]) -> None:
        with open_store() as store:
            self.fill(store, self.make_keys(20))
            with ThreadPoolExecutor(3) as pool:
                list(pool.map(store.__getitem__, store))
            scan = store.scan_items()
            next(scan)
            store.clear()


def _count_handles() -> tuple[int, int]:
    """Return the number of open files and sockets of this process (0 if unknown), and of its threads."""
    folder = next((path for path in (Path("/proc/self/fd"), Path("/dev/fd")) if path.is_dir()), None)
    return (sum(1 for _ in folder.iterdir()) if folder else 0), threading.active_count()


def _has_settled(before: tuple[int, int]) -> bool:
    """Return whether the numbers soon return to ``before``. The other end of a connection may close later."""
    deadline = time.monotonic() + PATIENCE
    while True:
        files, threads = _count_handles()
        if files <= before[0] and threads <= before[1]:
            return True
        if time.monotonic() > deadline:
            return False
        gc.collect()
        time.sleep(0.01)
