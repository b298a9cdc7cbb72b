"""A budget: what is beyond it does nothing, and what reads many keys at once costs little of it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from holdall import Budget, Json, Memory, OverBudget
from holdall.store import ABSENT, Put
from holdall.testing.recorder import Recorder

KEYS = [f"k{number:04}" for number in range(2500)]


@pytest.fixture
def below() -> Recorder[bytes]:
    below = Recorder(Memory())
    below.update(dict.fromkeys(KEYS, b"1"))
    below.calls.clear()
    return below


def test_a_loop_is_stopped_by_an_error_that_says_what_to_do(below: Recorder[bytes]) -> None:
    store = Budget(below, 100)
    with pytest.raises(OverBudget, match=r"get is request 101 of a budget of 100.*scan_items\(prefix\)"):
        [store[key] for key in KEYS]
    assert len(below.calls) == 100
    with pytest.raises(OverBudget):
        store["k0000"] = b"2"
    assert below["k0000"] == b"1"


USES: dict[str, tuple[int, Callable[[Any], object]]] = {
    "scan": (3, lambda store: list(store.scan())),
    "scan_items": (3, lambda store: list(store.scan_items())),
    "scan_tags": (3, lambda store: list(store.scan_tags())),
    "a scan of nothing": (1, lambda store: list(store.scan("x"))),
    "get_many": (3, lambda store: list(store.get_many(KEYS))),
    "update": (3, lambda store: store.update(dict.fromkeys(KEYS, b"2"))),
    "delete_many": (3, lambda store: store.delete_many(KEYS)),
    "transact": (3, lambda store: store.transact([Put(key, b"2") for key in KEYS])),
    "delete_prefix": (1, lambda store: store.delete_prefix("k")),
    "get": (1, lambda store: store.get("x")),
    "in": (1, lambda store: "x" in store),
    "len": (1, lambda store: len(store)),
    "swap": (1, lambda store: store.swap("x", b"2", ABSENT)),
    "raw": (1, lambda store: store.raw()["k0000"]),
}


@pytest.mark.parametrize(("cost", "use"), USES.values(), ids=USES)
def test_what_an_operation_costs(below: Recorder[bytes], cost: int, use: Callable[[Any], object]) -> None:
    use(Budget(below, cost))
    with pytest.raises(OverBudget):
        use(Budget(below, cost - 1))


def test_a_partial_view_spends_the_same_budget() -> None:
    store = Budget(Json(Memory()), 3)
    store["a"] = 1
    assert store.typed(int)["a"] == 1
    assert store.raw()["a"] == b"1"
    with pytest.raises(OverBudget):
        store["a"]


def test_threads_share_a_budget(below: Recorder[bytes]) -> None:
    store = Budget(below, 1000)

    def read(thread: int) -> int:
        refused = 0
        for key in KEYS[:500]:
            try:
                store[key]
            except OverBudget:
                refused += 1
        return refused

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(read, range(4))) == 1000
