"""The metrics of the service, for Prometheus: ``GET /metrics``.

    holdall_http_requests_total{store, method, status}      requests that were answered
    holdall_http_request_seconds{store, method}             the time of the answers, without that of their streams
    holdall_http_requests_in_flight                         requests that are being answered
    holdall_http_long_requests                              requests that stream or wait, and hold a thread
    holdall_http_waiting_requests                           requests that wait for a change, and hold none
    holdall_http_received_bytes_total{store}                bytes of bodies, as their Content-Length says
    holdall_http_sent_bytes_total{store}                    bytes of answers, without streams
    holdall_store_operations_total{store, operation}        operations of a store with the layer `holdall.Metrics`
    holdall_store_errors_total{store, operation}            those that failed
    holdall_store_seconds_total{store, operation}           their time
    holdall_replica_lag_changes{store, replica}             keys that a replica lacks, if this can be told
    holdall_replica_lag_seconds{store, replica}             seconds since the replica was last known to lack none
    holdall_replica_refused_keys{store, replica}            keys that the replica refused
    holdall_replica_errors_total{store, replica}            deliveries that failed
    holdall_replica_state{store, replica, state}            1 for the state of the replica, see `Lag`

``store`` is empty for a request that names no store of this service. They count one process.
"""

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from holdall.extras import needs
from holdall.layer import layers
from holdall.middleware.metrics import Metrics
from holdall.middleware.metrics.counter import ThreadCounter
from holdall.middleware.metrics.measured import BOUNDS, bucket
from holdall.server.replicas import replica_metrics
from holdall.server.slots import Slots
from holdall.server.stores import Served, Stores

with needs("server"):
    import falcon
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
    from prometheus_client.exposition import CONTENT_TYPE_LATEST
    from prometheus_client.registry import Collector

_METHODS: Final = frozenset({"GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS"})


class Monitor(Collector):
    """Middleware of falcon, above all others, that counts requests; and the numbers that it collected."""

    def __init__(self, stores: Stores, slots: Slots, waiting: Slots) -> None:
        self._stores = {each.name: each for each in stores}
        self._slots = slots
        self._waiting = waiting
        self._counter: ThreadCounter[tuple[Any, ...]] = ThreadCounter()
        self._counts = self._counter.own

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Note when ``req`` began."""
        req.context.began = time.perf_counter_ns()
        self._counts()["began",] += 1

    def process_response(
        self, req: falcon.Request, resp: falcon.Response, resource: object, succeeded: bool
    ) -> None:
        """Count ``req``."""
        name = req.path[4:].partition("/")[0].partition(":")[0] if req.path.startswith("/v1/") else ""
        store = name if name in self._stores else ""
        method = req.method if req.method in _METHODS else "other"
        took = time.perf_counter_ns() - req.context.began
        counts = self._counts()
        counts["ended",] += 1
        counts[
            "requests", store, method, resp.status[:3] if isinstance(resp.status, str) else resp.status
        ] += 1
        counts["bucket", store, method, bucket(took)] += 1
        counts["nanoseconds", store, method] += took
        if length := req.env.get("CONTENT_LENGTH"):
            counts["received", store] += _length(length)
        if resp.data:
            counts["sent", store] += len(resp.data)

    def collect(self) -> Iterable[Any]:
        """Return the numbers, as prometheus_client wants them."""
        counts = self._counter.total()
        flight = counts["began",] - counts["ended",]
        for name, text, number in (
            ("requests_in_flight", "Requests that are being answered.", flight),
            ("long_requests", "Requests that stream or wait, and hold a thread.", self._slots.used),
            ("waiting_requests", "Requests that wait for a change, and hold none.", self._waiting.used),
        ):
            yield GaugeMetricFamily(f"holdall_http_{name}", text, number)
        labels = ("store", "method", "status")
        yield _counter("http_requests", "Requests that were answered.", labels, _of(counts, "requests"))
        yield _histogram(counts)
        yield _counter("http_received_bytes", "Bytes of bodies.", ("store",), _of(counts, "received"))
        yield _counter("http_sent_bytes", "Bytes of answers.", ("store",), _of(counts, "sent"))
        yield from _operations(self._stores.values())
        yield from replica_metrics(self._stores.values())


class MetricsPage:
    """The resource of the metrics. Only an administrator may read it."""

    def __init__(self, monitor: Monitor) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(monitor)

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Answer with the metrics as text."""
        req.context.access.check_admin()
        resp.content_type = CONTENT_TYPE_LATEST
        resp.data = generate_latest(self._registry)


def _length(given: str) -> int:
    """Return the length in a Content-Length, or 0 if it is not valid, or over any limit."""
    return int(given) if given.isdigit() and len(given) < 16 else 0


def _of(counts: Counter[tuple[Any, ...]], kind: str) -> Iterator[tuple[tuple[Any, ...], float]]:
    return ((name[1:], count) for name, count in counts.items() if name[0] == kind)


def _counter(
    name: str, text: str, labels: tuple[str, ...], numbers: Iterable[tuple[tuple[Any, ...], float]]
) -> CounterMetricFamily:
    family = CounterMetricFamily(f"holdall_{name}", text, labels=labels)
    for values, number in numbers:
        family.add_metric([str(each) for each in values], number)
    return family


def _histogram(counts: Counter[tuple[Any, ...]]) -> HistogramMetricFamily:
    family = HistogramMetricFamily(
        "holdall_http_request_seconds", "The time of the answers.", labels=("store", "method")
    )
    for (store, method), took in _of(counts, "nanoseconds"):
        total, buckets = 0, []
        for number, bound in enumerate([*BOUNDS, None]):
            total += counts["bucket", store, method, number]
            buckets.append(("+Inf" if bound is None else str(bound / 1e9), total))
        family.add_metric([store, method], buckets, took / 1e9)
    return family


def _operations(stores: Iterable[Served]) -> Iterator[CounterMetricFamily]:
    """Yield the numbers of the layers `Metrics`, of which a store may have several."""
    measured = [
        ((served.name, operation), found)
        for served in stores
        for layer in layers(served.store)
        if isinstance(layer, Metrics)
        for operation, found in layer.stats().items()
    ]
    sums: dict[str, Counter[tuple[str, str]]] = {
        "operations": Counter(),
        "errors": Counter(),
        "seconds": Counter(),
    }
    for labels, found in measured:
        sums["operations"][labels] += found.calls
        sums["errors"][labels] += found.errors
        sums["seconds"][labels] += found.seconds  # type: ignore[assignment]
    for name, numbers in sums.items():
        yield _counter(f"store_{name}", f"The {name} of a store.", ("store", "operation"), numbers.items())
