"""Latencies for OpenTelemetry, where it is installed."""

from collections.abc import Callable
from functools import lru_cache

from holdall.middleware.measured import BOUNDS

Record = Callable[[str, int, BaseException | None], None]
"""Takes the name of an operation, the nanoseconds that it took, and what it raised."""


def recorder(name: str) -> Record | None:
    """What records operations on the store ``name`` in the histogram ``db.client.operation.duration``.

    Unit and attributes are those of OpenTelemetry's semantic conventions for database clients:
    db.system.name (``holdall``), db.operation.name, db.namespace (``name``, if there is one) and
    error.type. Nothing else is told: no key, no value, no address. None without OpenTelemetry's API;
    without its SDK set up, the API drops what is recorded.
    """
    try:
        from opentelemetry import metrics
    except ImportError:
        return None
    histogram = metrics.get_meter("holdall").create_histogram(
        "db.client.operation.duration",
        unit="s",
        description="Duration of database client operations.",
        explicit_bucket_boundaries_advisory=[bound / 1e9 for bound in BOUNDS],
    )
    common = {"db.system.name": "holdall"} | ({"db.namespace": name} if name else {})

    @lru_cache(1024)
    def attributes(operation: str, error: str | None) -> dict[str, str]:
        told = common | {"db.operation.name": operation}
        return told if error is None else told | {"error.type": error}

    def record(operation: str, nanoseconds: int, error: BaseException | None) -> None:
        kind = None if error is None else type(error).__name__
        histogram.record(nanoseconds / 1e9, attributes(operation, kind))

    return record
