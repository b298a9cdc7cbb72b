"""Latencies for OpenTelemetry, if it is installed."""

from collections.abc import Callable
from functools import lru_cache

from holdall.middleware.metrics.measured import BOUNDS

Record = Callable[[str, int, BaseException | None], None]
"""A function of the name of an operation, its duration in nanoseconds, and the exception that it raised."""


def recorder(name: str) -> Record | None:
    """A function that records operations on the store ``name`` in OpenTelemetry; None if it is not installed.

    They go into the histogram ``db.client.operation.duration``. Its unit and attributes are those of
    OpenTelemetry's semantic conventions for database clients: db.system.name (``holdall``),
    db.operation.name, db.namespace (``name``, if it is not empty) and error.type. Nothing else is recorded:
    no key, no value, no address. If OpenTelemetry's SDK is not set up, its API discards the records.
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
