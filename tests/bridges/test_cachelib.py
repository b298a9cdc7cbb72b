"""cachelib's interface: values, expiry, counters, keys of any text, and serializers."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import holdall
from holdall import Corrupt
from holdall.bridges import _caches
from holdall.bridges.cachelib import StoreCache


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """The address of a new store, which is closed after the test."""
    opened: dict[Any, _caches.Entries] = {}
    monkeypatch.setattr(_caches, "_opened", opened)
    yield f"sqlite:///{tmp_path}/cache.db?durability=os"
    for entries in opened.values():
        entries.values.close()


def test_values_are_set_got_added_and_deleted(address: str) -> None:
    cache = StoreCache(address)
    assert cache.set("a", {"b": [1, None, "ü"]}) is True
    assert cache.get("a") == {"b": [1, None, "ü"]}
    assert cache.add("a", 2) is False
    assert cache.add("b", False) is True
    assert cache.has("b")
    assert cache.set_many({"c": 3, "a/../.holdall": 4}) == ["c", "a/../.holdall"]
    assert cache.get_many("c", "missing", "b", "a/../.holdall", "c") == [3, None, False, 4, 3]
    assert cache.get_dict("c", "missing") == {"c": 3, "missing": None}
    assert cache.delete("c") is True
    assert cache.delete("c") is False
    assert cache.get("c") is None


def test_a_value_lasts_for_its_timeout_or_the_default_or_for_ever(address: str) -> None:
    day = 86_400
    cache = StoreCache(address, default_timeout=day)
    cache.set("default", 1)
    cache.set("longer", 1, timeout=9 * day)
    cache.set_many({"span": 1}, timedelta(days=30))
    cache.add("never", 1, timeout=0)
    with holdall.open(address) as store:
        data = holdall.Expires(holdall.Prefix(store, "cachelib"))
        left = {key: data.remaining(key) for key in data}
    assert left.pop("never") is None
    days = {key: round(seconds / day) for key, seconds in left.items() if seconds}
    assert days == {"default": 1, "longer": 9, "span": 30}


def test_no_increment_is_lost(address: str) -> None:
    cache = StoreCache(address)
    start = threading.Barrier(4)

    def count(_: int) -> list[int]:
        start.wait(60)
        return [cache.inc("n") for _ in range(5)]

    with ThreadPoolExecutor(4) as pool:
        counts = [number for numbers in pool.map(count, range(4)) for number in numbers]
    assert sorted(counts) == list(range(1, 21))
    assert cache.dec("n", 10) == cache.get("n") == 10
    assert cache.dec("other", 2) == -2


def test_clearing_leaves_the_other_data_of_the_store_alone(address: str) -> None:
    with holdall.open(address) as store:
        store["orders/1"] = b"..."
        cache = StoreCache(address)
        cache.set("a", 1)
        assert cache.clear() is True
        assert list(store) == ["orders/1"]
        assert cache.sweep() == 0


def test_tuples_need_pickle_and_a_cache_of_json_never_loads_one(address: str) -> None:
    with pytest.raises(TypeError, match="serializer pickle"):
        StoreCache(address).set("a", (1, 2))
    cache = StoreCache(address, serializer="pickle")
    cache.set("a", (1, 2))
    assert cache.get("a") == (1, 2)
    with pytest.raises(Corrupt):
        StoreCache(address).get("a")
