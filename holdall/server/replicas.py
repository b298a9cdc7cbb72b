"""The replicas of the served stores: their metrics, and what a client may know of them."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from holdall.extras import needs
from holdall.replication.replicas import Lag, replicas_of
from holdall.server.stores import Served
from holdall.store import Store

with needs("server"):
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

_LABELS: Final = ("store", "replica")
_GAUGES: Final = (
    ("lag_changes", "Keys that a replica lacks.", "changes"),
    ("lag_seconds", "Seconds since a replica was last known to lack none.", "seconds"),
    ("refused_keys", "Keys that a replica refused.", "refused"),
)


def replica_metrics(stores: Iterable[Served]) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
    """Yield the metrics of the replicas of ``stores``. A number that cannot be told is left out."""
    lags = [((served.name, lag.name), lag) for served in stores for lag in lags_of(served.store)]
    for name, text, attribute in _GAUGES:
        gauge = GaugeMetricFamily(f"holdall_replica_{name}", text, labels=_LABELS)
        for labels, lag in lags:
            if (number := getattr(lag, attribute)) is not None:
                gauge.add_metric(labels, number)
        yield gauge
    errors = CounterMetricFamily("holdall_replica_errors", "Deliveries that failed.", labels=_LABELS)
    state = GaugeMetricFamily(
        "holdall_replica_state", "1 for the state that a replica is in.", labels=(*_LABELS, "state")
    )
    for labels, lag in lags:
        errors.add_metric(labels, lag.failures)
        state.add_metric((*labels, lag.state), 1)
    yield from (errors, state)


def describe_replicas(store: Store[Any]) -> list[dict[str, Any]]:
    """Return what a client that may read ``store`` may know of its replicas: not where they are."""
    return [
        {"state": lag.state, "changes": lag.changes, "seconds": lag.seconds, "refused": lag.refused}
        for lag in lags_of(store)
    ]


def lags_of(store: Store[Any]) -> tuple[Lag, ...]:
    """Return how far each replica of ``store`` is behind."""
    layer = replicas_of(store)
    return () if layer is None else layer.lag()
