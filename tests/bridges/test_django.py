"""Django's cache interface: values, expiry, counters, versions, keys of any text, and serializers."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import CacheHandler
from django.core.cache.backends.base import CacheKeyWarning, InvalidCacheBackendError

import holdall
from holdall import Corrupt, Invalid, Unsupported
from holdall.bridges import _caches
from holdall.bridges.django import StoreCache
from tests.conformance.minimal import Minimal

PICKLE = {"serializer": "pickle"}
Make = Callable[..., StoreCache]


@pytest.fixture(autouse=True)
def _stores_of_the_test(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close the stores that the caches opened."""
    opened: dict[Any, _caches.Entries] = {}
    monkeypatch.setattr(_caches, "_opened", opened)
    yield
    for entries in opened.values():
        entries.values.close()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let the clock of all caches that are opened after this go on by some seconds."""
    passed = [0.0]
    expires = _caches.Expires
    monkeypatch.setattr(
        _caches, "Expires", lambda store: expires(store, clock=lambda: time.time() + passed[0])
    )

    def later(seconds: float) -> None:
        passed[0] += seconds

    return later


@pytest.fixture(params=["sqlite", "file"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a new store on the disk."""
    name = "cache.db" if request.param == "sqlite" else "cache"
    return f"{request.param}:///{tmp_path}/{name}?durability=os"


@pytest.fixture
def make(address: str) -> Make:
    """Make a cache over the store at ``address``."""

    def make(
        timeout: float | None = 300, *, options: dict[str, Any] | None = None, **params: Any
    ) -> StoreCache:
        return StoreCache(address, {"TIMEOUT": timeout, "OPTIONS": options or {}, **params})

    return make


def test_values_are_set_got_added_and_deleted(make: Make) -> None:
    cache = make()
    cache.set("a", {"b": [1, None, "ü\ud800"]})
    assert cache.get("a") == {"b": [1, None, "ü\ud800"]}
    assert cache.add("a", 2) is False
    assert cache.add("n", None) is True
    assert cache.get("n", "default") is None
    assert cache.get("missing", "default") == "default"
    assert "n" in cache
    assert cache.delete("a") is True
    assert cache.delete("a") is False
    assert "a" not in cache
    assert cache.get_or_set("a", lambda: 3) == cache.get_or_set("a", 4) == 3


def test_many_values_at_once(make: Make) -> None:
    cache = make()
    assert cache.set_many({"a": 1, "b": 2, "c": 3}) == cache.set_many({}) == []
    assert cache.get_many(["c", "missing", "a"]) == {"a": 1, "c": 3}
    cache.delete_many(["a", "missing", "b"])
    cache.delete_many([])
    assert cache.get_many(["a", "b", "c"]) == {"c": 3}


def test_a_value_expires_after_its_timeout_or_the_default_or_never(
    later: Callable[[float], None], make: Make
) -> None:
    cache = make(timeout=60)
    cache.set("default", 1)
    cache.set("longer", 1, 90.5)
    cache.set("never", 1, None)
    cache.add("touched", 1)
    cache.set_many({"x": 1, "y": 1}, 120)
    later(59)
    assert cache.touch("touched") is True
    assert cache.touch("x", None) is True
    later(2)
    assert cache.get_many(["default", "longer", "never", "touched"]) == {
        "longer": 1,
        "never": 1,
        "touched": 1,
    }
    assert cache.touch("default", 60) is False
    assert cache.add("default", 2, 10) is True
    later(100)
    assert [key for key in ("default", "longer", "never", "touched", "x", "y") if key in cache] == [
        "never",
        "x",
    ]
    assert cache.sweep() == 4
    assert cache.sweep() == 0


@pytest.mark.parametrize("timeout", [0, -1])
def test_a_value_without_time_is_not_kept(timeout: int, make: Make) -> None:
    cache = make()
    cache.set_many({"a": 1, "b": 1, "c": 1})
    cache.set("a", 2, timeout)
    cache.set_many({"b": 2}, timeout)
    assert cache.touch("c", timeout) is True
    assert cache.touch("c", timeout) is False
    assert cache.add("d", 1, timeout) is True
    assert cache.get_many("abcd") == {}
    cache.set("d", 1)
    assert cache.add("d", 2, timeout) is False
    assert cache.get("d") == 1


def test_a_counter_keeps_the_time_at_which_it_expires(later: Callable[[float], None], make: Make) -> None:
    cache = make(timeout=300)
    cache.set("n", 41, 60)
    later(50)
    assert cache.incr("n") == 42
    assert cache.decr("n", 10) == 32
    later(11)
    with pytest.raises(ValueError, match="'n' not found"):
        cache.incr("n")
    cache.set("text", "a")
    with pytest.raises(TypeError):
        cache.incr("text")


def test_no_increment_is_lost_and_one_of_many_adds_a_key(make: Make) -> None:
    cache = make()
    cache.set("n", 0)
    start = threading.Barrier(4)

    def work(number: int) -> bool:
        start.wait(60)
        for _ in range(5):
            cache.incr("n")
        return cache.add("first", number)

    with ThreadPoolExecutor(4) as pool:
        added = list(pool.map(work, range(4)))
    assert cache.get("n") == 20
    assert added.count(True) == 1
    assert cache.get("first") == added.index(True)


def test_a_version_and_a_prefix_keep_keys_apart(make: Make) -> None:
    cache, second, prefixed = make(), make(VERSION=2), make(KEY_PREFIX="other")
    cache.set("a", 1)
    assert second.get("a") is prefixed.get("a") is None
    assert second.get("a", version=1) == 1
    assert cache.incr_version("a") == 2
    assert (cache.get("a"), second.get("a")) == (None, 1)


KEYS = ["", ".", "..", ".holdall", "a/b", "%", "%~", "é" * 80, "\ud800"]


def test_a_key_may_be_any_text(make: Make) -> None:
    cache = make(KEY_FUNCTION=lambda key, prefix, version: key)
    for number, key in enumerate(KEYS):
        cache.set(key, number)
    assert cache.get_many(KEYS) == {key: number for number, key in enumerate(KEYS)}
    for key in ("a b", "\0", "long" * 100):
        with pytest.warns(CacheKeyWarning):  # as every cache of Django warns, for the sake of Memcached
            cache.set(key, key)
        with pytest.warns(CacheKeyWarning):
            assert cache.get(key) == key


def test_clearing_leaves_the_other_data_of_the_store_alone(address: str, make: Make) -> None:
    with holdall.open(address) as store:
        store["orders/1"] = b"..."
        cache = make()
        cache.set_many({"a": 1, "b": 2})
        assert list(store.scan("django-cache/")) == ["django-cache/:1:a", "django-cache/:1:b"]
        cache.clear()
        assert list(store) == ["orders/1"]


def test_clearing_frees_the_space_of_expired_values(
    address: str, later: Callable[[float], None], make: Make
) -> None:
    cache = make()
    cache.set("a", 1, 60)
    later(61)
    cache.clear()
    with holdall.open(address) as store:
        assert list(store) == []


class Point:
    """An object of an app."""

    def __init__(self, x: int) -> None:
        self.x = x


@pytest.mark.parametrize("value", [(1, 2), {1: "a"}, b"a", Point(1), float("nan"), {"deep": [{"er": ()}]}])
def test_a_value_that_json_would_change_needs_pickle(value: object, make: Make) -> None:
    cache = make()
    cache.set("a", "before")
    for write in (cache.set, cache.add):
        with pytest.raises(TypeError, match=r"JSON.*serializer pickle"):
            write("a", value)
    with pytest.raises(TypeError, match=r"JSON.*serializer pickle"):
        cache.set_many({"b": 1, "a": value})
    assert cache.get_many(["a", "b"]) == {"a": "before"}


def test_pickle_keeps_objects_and_a_cache_of_json_never_loads_them(make: Make) -> None:
    cache = make(options=PICKLE)
    cache.set("a", (1, {2: b"3"}, Point(4)))
    first, second, point = cache.get("a")
    assert (first, second, point.x) == (1, {2: b"3"}, 4)
    cache.set("n", 1)
    assert cache.incr("n") == 2
    with pytest.raises(Corrupt):
        make().get("a")


def test_a_signed_pickle_is_not_loaded_if_another_key_signed_it(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONE_KEY", uuid4().hex)
    monkeypatch.setenv("OTHER_KEY", uuid4().hex)
    cache, other = (make(options={**PICKLE, "sign": f"env:{name}_KEY"}) for name in ("ONE", "OTHER"))
    cache.set("a", (1,))
    cache.clear()  # the id of the store, to which values are bound, stays
    cache.set("a", (2,))
    assert cache.get("a") == (2,)
    for reader in (other, make(options=PICKLE)):
        with pytest.raises(Corrupt):
            reader.get("a")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"MAX_ENTRIES": 100}, InvalidCacheBackendError, "'MAX_ENTRIES' is not an option"),
        ({"serializer": "yaml"}, Invalid, "'yaml' is not a serializer"),
        ({"sign": "env:KEY"}, Invalid, "json does not sign"),
    ],
    ids=["unbounded", "serializer", "sign"],
)
def test_a_wrong_option_is_refused(
    options: dict[str, str], error: type[Exception], message: str, make: Make
) -> None:
    with pytest.raises(error, match=message):
        make(options=options)


def test_all_threads_share_one_store_and_it_stays_open() -> None:
    settings = {"default": {"BACKEND": "holdall.bridges.django.StoreCache", "LOCATION": "memory://"}}
    handler = CacheHandler(settings)

    def read() -> object:
        cache = handler["default"]
        return cache, cache.get("a")

    handler["default"].set("a", 1)
    handler.close_all()  # as Django does at the end of each request
    with ThreadPoolExecutor(1) as pool:
        cache, value = pool.submit(read).result()
    assert cache is not handler["default"]
    assert value == 1


def test_adding_needs_compare_and_swap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_caches.registry, "open", lambda address: Minimal())
    cache = StoreCache("memory://", {})
    cache.set("a", 1)
    assert cache.get("a") == 1
    with pytest.raises(Unsupported):
        cache.add("b", 1)
