"""Metrics: each operation is counted once, by what came of it, and nothing in the counts tells a secret."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from opentelemetry import metrics as api
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from holdall import Conflict, Json, Memory, Metrics, Unavailable, Unsupported
from holdall.middleware.metrics.measured import BOUNDS, Measured
from holdall.store import ABSENT, Delete, Put, Store
from tests.middleware.cache.flaky import Flaky


def counted(store: Metrics[Any]) -> dict[str, dict[str, int]]:
    """What is not 0 of each operation, but for times."""
    times = {"seconds", "latencies"}
    return {
        name: {what: count for what, count in measured._asdict().items() if count and what not in times}
        for name, measured in store.stats().items()
    }


@pytest.fixture
def store() -> Metrics[bytes]:
    return Metrics(Memory())


def test_reads_are_counted_with_their_bytes_and_misses(store: Metrics[bytes]) -> None:
    store.update(a=b"1", b=b"22")
    for key in "abx":
        store.get(key)
    with pytest.raises(KeyError):
        store["x"]
    assert "a" in store
    assert store.get_tagged("b").value == b"22"
    assert store.tag("x") == ABSENT
    assert list(store.get_many(["a", "x", "b"])) == list(store.scan_items()) == list(store.items())
    assert (list(store), len(store), bool(store), len(list(store.scan_tags()))) == (["a", "b"], 2, True, 2)
    assert counted(store) == {
        "set_many": {"calls": 1, "items": 2, "sent": 3},
        "get": {"calls": 4, "missing": 2, "received": 3},
        "contains": {"calls": 1},
        "get_tagged": {"calls": 1, "received": 2},
        "tag": {"calls": 1},
        "get_many": {"calls": 1, "items": 2, "received": 3},
        "scan_items": {"calls": 2, "items": 4, "received": 6},
        "scan": {"calls": 1, "items": 2},
        "scan_tags": {"calls": 1, "items": 2},
        "len": {"calls": 3},  # list() asks too
        "bool": {"calls": 1},
    }
    assert list(store.stats()) == sorted(store.stats())


def test_writes_are_counted_with_their_bytes_and_conflicts(store: Metrics[bytes]) -> None:
    store["a"] = b"123"
    tag = store.swap("b", b"12", ABSENT)
    for lose in (lambda: store.swap("b", b"1", ABSENT), lambda: store.remove("b", ABSENT)):
        with pytest.raises(Conflict):
            lose()
    store.remove("b", tag)
    with pytest.raises(KeyError):
        del store["b"]
    store.discard("b")
    store.transact([Put("c", b"1234"), Delete("a")])
    assert store.setdefault("c", b"1") == b"1234"
    assert store.modify("c", lambda held: held[:1]) == b"1"
    assert (store.pop("x", None), store.pop("c")) == (None, b"1")
    store.update(a=b"1", b=b"2")
    assert store.popitem() == ("a", b"1")
    store.delete_many(["b", "x"])
    store.clear()
    assert counted(store) == {
        "set": {"calls": 1, "sent": 3},
        "swap": {"calls": 2, "conflicts": 1, "sent": 2},
        "remove": {"calls": 2, "conflicts": 1},
        "delete": {"calls": 1, "missing": 1},
        "discard": {"calls": 1},
        "transact": {"calls": 1, "items": 2, "sent": 4},
        "setdefault": {"calls": 1, "sent": 1, "received": 4},
        "modify": {"calls": 1, "received": 1},
        "pop": {"calls": 2, "missing": 1, "received": 1},
        "set_many": {"calls": 1, "items": 2, "sent": 2},
        "popitem": {"calls": 1, "received": 1},
        "delete_many": {"calls": 1, "items": 2},
        "clear": {"calls": 1},
    }


def test_a_modify_that_loses_tries_again() -> None:
    below = Memory()
    store = Metrics(below)
    below["a"] = b"0"

    def function(held: bytes) -> bytes:
        if len(held) < 3:
            below["a"] = held + b"!"
        return held + b"."

    assert store.modify("a", function) == b"0!!."
    assert counted(store) == {"modify": {"calls": 1, "retries": 2, "received": 4}}


def test_failures_are_counted_as_errors() -> None:
    flaky = Flaky(Memory())
    store = Metrics(flaky)
    flaky.fails = "before"
    with pytest.raises(Unavailable):
        store["a"] = b"1"
    with pytest.raises(Unsupported):
        store.typed(int)
    assert counted(store) == {"set": {"calls": 1, "errors": 1}}


class Breaking(Memory):
    """A store whose scans break off."""

    def scan(self, *args: Any, **bounds: Any) -> Any:
        yield "a"
        raise Unavailable("gone")


def test_a_scan_is_counted_when_its_reader_ends() -> None:
    breaking = Metrics(Breaking())
    with pytest.raises(Unavailable):
        list(breaking.scan())
    assert counted(breaking) == {"scan": {"calls": 1, "errors": 1, "items": 1}}
    store = Metrics(Memory())
    store.update(a=b"1", b=b"2", c=b"3")
    reader = store.scan_items()
    next(reader)
    assert "scan_items" not in store.stats()
    reader.close()
    assert counted(store)["scan_items"] == {"calls": 1, "items": 1, "received": 1}


def test_documents_are_counted_and_their_parts_and_reserved_keys_are_too() -> None:
    store = Metrics(Json(Memory()))
    store["a"] = {"n": 1}
    assert store.typed(dict)["a"] == {"n": 1}
    store.raw(".holdall/")["x"] = b"1234"
    assert counted(store) == {"set": {"calls": 2, "sent": 4}, "get": {"calls": 1}}
    assert (
        repr(Metrics(Memory("m"), name="books").raw("a/")) == "Metrics(Raw(Memory('m'), 'a/'), name='books')"
    )


def test_latencies_fall_into_buckets(store: Metrics[bytes]) -> None:
    for _ in range(50):
        store.get("a")
    measured = store.stats()["get"]
    assert sum(measured.latencies) == measured.calls == 50
    assert len(measured.latencies) == len(BOUNDS) + 1
    assert 0 < measured.seconds < 50
    assert measured.within(0.01) <= measured.within(0.5) <= measured.within(1)
    assert measured.seconds / 50 <= measured.within(1)


def test_within_is_a_bound_that_the_share_keeps() -> None:
    latencies = [0] * (len(BOUNDS) + 1)
    latencies[0], latencies[10], latencies[-1] = 90, 9, 1
    measured = Measured(100, 0, 0, 0, 0, 0, 0, 0, 1.0, tuple(latencies))
    assert [measured.within(share) for share in (0.5, 0.9, 0.91, 0.99)] == [1e-6, 1e-6, 2e-3, 2e-3]
    assert measured.within(1) == float("inf")


def test_every_thread_counts_also_when_it_has_ended(store: Metrics[bytes]) -> None:
    for _ in range(3):
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda number: [store.get("a") for _ in range(500)], range(8)))
    assert store.stats()["get"].calls == 12_000


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_child_counts_on(store: Metrics[bytes]) -> None:
    store.get("a")
    child = os.fork()
    if not child:
        store.get("a")
        os._exit(store.stats()["get"].calls)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 2
    assert store.stats()["get"].calls == 1


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """What OpenTelemetry's own SDK has collected."""
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    monkeypatch.setattr(api, "get_meter", provider.get_meter)
    return reader.get_metrics_data


def test_opentelemetry_is_told_of_each_operation_and_of_no_secret(exported: Callable[[], Any]) -> None:
    store: Store[bytes] = Metrics(Memory("hunter2"), name="books")
    store["hunter2"] = b"hunter2"
    store.get("hunter2")
    with pytest.raises(Conflict):
        store.swap("hunter2", b"hunter2", ABSENT)
    data = exported()
    (metric,) = data.resource_metrics[0].scope_metrics[0].metrics
    assert (metric.name, metric.unit) == ("db.client.operation.duration", "s")
    common = {"db.system.name": "holdall", "db.namespace": "books"}
    assert [(dict(point.attributes), point.count) for point in metric.data.data_points] == [
        (common | {"db.operation.name": "set"}, 1),
        (common | {"db.operation.name": "get"}, 1),
        (common | {"db.operation.name": "swap", "error.type": "Conflict"}, 1),
    ]
    assert metric.data.data_points[0].explicit_bounds[:3] == (1e-6, 2e-6, 5e-6)
    assert "hunter2" not in data.to_json()
    assert "hunter2" not in str(store.stats())  # type: ignore[attr-defined]
