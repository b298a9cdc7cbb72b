"""Bulk deletes: a thousand objects per request, or one per request if the server has no bulk delete."""

from typing import Any

from holdall.adapters.s3.bucket import Bucket
from holdall.errors import Unsupported

BATCH = 1000
"""The most objects that one request may delete ("DeleteObjects" in the Amazon S3 API reference)."""

_UNSAFE = ("\ufffe", "\uffff")  # not allowed in XML 1.0, the format of the request


def delete_batch(bucket: Bucket, keys: list[str]) -> None:
    """Delete up to BATCH ``keys``; missing keys are ignored.

    A key that the server reports as not deleted gets a request of its own, which retries or raises the
    reason.
    """
    unsafe = [key for key in keys if any(map(key.__contains__, _UNSAFE))]
    for key in unsafe + _left(bucket, [key for key in keys if key not in unsafe]):
        bucket.discard(key)


def _left(bucket: Bucket, keys: list[str]) -> list[str]:
    if not keys:
        return []
    objects = [{"Key": bucket.root + key} for key in keys]
    try:
        answer = bucket.ask("delete_objects", Delete={"Objects": objects, "Quiet": True})
    except Unsupported:
        return keys
    return [_named(bucket, error) for error in answer.get("Errors", ())]


def _named(bucket: Bucket, error: dict[str, Any]) -> str:
    return error["Key"][len(bucket.root) :]  # type: ignore[no-any-return]
