"""Bulk deletes: a hundred objects per request, or one per request if the server has no batch requests."""

from typing import Any

from holdall.adapters._objectstore.names import exhaust
from holdall.adapters._shared.throttle import Pace, map_ordered
from holdall.adapters.gcs.bucket import GCSBucket
from holdall.adapters.gcs.client import Connection
from holdall.errors import HoldallError, Unavailable
from holdall.extras import needs

with needs("gcs"):
    from google.cloud.storage.batch import Batch

BATCH = 100
"""The most calls that one request may hold ("Batch requests" in the Cloud Storage guide)."""

_GONE = (200, 204, 404)

AT_ONCE = 4
"""Concurrent batches; the server counts each as a hundred deletes."""


def delete_batch(bucket: GCSBucket, keys: list[str]) -> None:
    """Delete up to BATCH ``keys``; missing keys are ignored.

    A key that the batch did not delete gets a request of its own, which retries or raises the reason.
    """
    left = _try_batch(bucket, keys) if bucket.batches else keys
    exhaust(map_ordered(bucket.discard, left, Pace(bucket.pace.most // AT_ONCE)))


def _try_batch(bucket: GCSBucket, keys: list[str]) -> list[str]:
    def send(connection: Connection, retry: Any) -> list[int]:
        return retry(_statuses)(connection, bucket, keys)  # type: ignore[no-any-return]

    bucket.check_exists()
    try:
        statuses = bucket.ask(send)
    except Unavailable:
        raise
    except (HoldallError, ValueError):  # the server refused the batch, or its answer cannot be parsed
        bucket.batches = False
        return keys
    return [key for key, status in zip(keys, statuses, strict=True) if status not in _GONE]


def _statuses(connection: Connection, bucket: GCSBucket, keys: list[str]) -> list[int]:
    client = connection.client
    try:
        with _Deletes(client) as batch:
            for key in keys:
                bucket.blob(connection, key).delete(timeout=bucket.options.timeout)
        return list(batch.statuses)
    finally:
        if client.current_batch is not None:  # an interrupt came before the block was entered
            client._pop_batch()


class _Deletes(Batch):  # type: ignore[misc]
    """A batch that keeps the status of each answer instead of raising an error for one of them."""

    statuses: list[int]

    def finish(self, raise_exception: bool = False) -> list[Any]:
        answers: list[Any] = super().finish(raise_exception=False)
        self.statuses = [answer.status_code for answer in answers]
        return answers
