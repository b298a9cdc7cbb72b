"""Writes to a bucket, whole or in parts, conditional or not, and bulk deletes.

No lost answer loses or repeats a write. A bulk delete sends a thousand keys per request, or one per request if
the server has no bulk deletes.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from holdall.adapters._objectstore.write_ids import State, Write, WriteIds, unconditional, unknown
from holdall.adapters.s3 import multipart
from holdall.adapters.s3.bucket import S3Bucket
from holdall.adapters.s3.client import is_aws
from holdall.adapters.s3.errors import may_have_taken_effect
from holdall.errors import Conflict, Corrupt, Unavailable, Unsupported
from holdall.store import ABSENT, Feature, Tag, conflict

BATCH = 1000
"""The most objects that one request may delete ("DeleteObjects" in the Amazon S3 API reference)."""

_UNSAFE = ("\ufffe", "\uffff")  # not allowed in XML 1.0, the format of the request


class S3Writes:
    """The changes to one ``bucket``."""

    def __init__(self, bucket: S3Bucket) -> None:
        self._bucket = bucket
        self._write_ids = WriteIds()
        self.remember = self._write_ids.remember

    def put(self, key: str, value: bytes) -> None:
        """Write ``value``, whether or not the key exists."""
        if len(value) <= multipart.THRESHOLD:
            self._bucket.write(key, value)
            return
        write = unconditional()
        self.settle_put(key, write, lambda: multipart.upload(self._bucket, key, value, None, write.metadata))

    def settle_put(self, key: str, write: Write, send: Callable[[], Tag]) -> Tag | None:
        """Return the result of ``send``, which sends the unconditional ``write`` of ``key``.

        If its answer was lost, look whether the write happened, and return None if it did.
        """
        try:
            return send()
        except Unavailable:
            if not write.has_taken_effect(lambda: self._bucket.head(key)):
                raise
        return None

    def delete(self, key: str) -> None:
        """Delete ``key``; raises KeyError if it is missing.

        S3 does not report a missing key when it deletes, so a HEAD request comes first.
        """
        tag = self._bucket.head(key).tag
        if Feature.REMOVE not in self._bucket.conditions.features:
            self._bucket.discard(key)
            return
        try:
            self.remove(key, tag)
        except Conflict:
            self.delete(key)  # it changed: check again whether it exists

    def swap(self, key: str, value: bytes, expected: Tag) -> Tag:
        """Write ``value`` if ``key`` carries ``expected``, and return the new tag; otherwise raises Conflict.

        Raises Unavailable if it cannot be known whether the write happened.
        """
        write = self._write_ids.write(key, expected)
        in_parts = len(value) > multipart.THRESHOLD and self._parts_are_conditional
        send = self._in_parts if in_parts else self._bucket.write
        return self.settle_swap(key, write, lambda: send(key, value, expected, write.metadata))

    def settle_swap(self, key: str, write: Write, send: Callable[[], Tag]) -> Tag:
        """Return the tag that ``send`` returns, which sends the compare-and-swap ``write`` of ``key``.

        If its answer was lost, find the outcome. Raises the errors of `swap`.
        """
        try:
            tag = send()
        except (Conflict, KeyError, Unavailable, Corrupt) as error:
            if not may_have_taken_effect(error):
                raise conflict(key) from error
            return write.outcome(key, error, lambda: self._bucket.head(key))
        return self.remember(key, State(tag, write.metadata))

    def _in_parts(self, key: str, value: bytes, expected: Tag, metadata: dict[str, str]) -> Tag:
        return multipart.upload(self._bucket, key, value, expected, metadata)

    def begin_in_parts(self, key: str, expected: Tag | None) -> Write:
        """Return the write of ``key`` in parts. Raises Unsupported if the server ignores its condition."""
        if expected is None:
            return unconditional()
        if not self._parts_are_conditional:
            raise Unsupported(
                f"{key!r} cannot be swapped for a value of more than {multipart.PART:,} bytes by a file: its server "
                "ignores conditions on uploads in parts; use swap with the whole value",
                key=key,
            )
        return self._write_ids.write(key, expected)

    @cached_property
    def _parts_are_conditional(self) -> bool:
        """Whether an upload in parts can be conditional. If not, a large value is written in one request."""
        return is_aws(self._bucket.connection.client) or multipart.honours_conditions(self._bucket)

    def remove(self, key: str, expected: Tag) -> None:
        """Delete ``key`` if it carries ``expected``; otherwise raises Conflict.

        Raises Unavailable if it cannot be known whether the delete happened.
        """
        if expected == ABSENT:
            raise conflict(key)
        try:
            self._bucket.delete(key, expected)
        except (Conflict, KeyError) as error:
            if may_have_taken_effect(error):
                unknown(key, error)
            raise conflict(key) from error


def delete_batch(bucket: S3Bucket, keys: list[str]) -> None:
    """Delete up to BATCH ``keys``; missing keys are ignored.

    A key that the server reports as not deleted gets a request of its own, which retries or raises the
    reason.
    """
    unsafe = [key for key in keys if any(map(key.__contains__, _UNSAFE))]
    for key in unsafe + _try_batch(bucket, [key for key in keys if key not in unsafe]):
        bucket.discard(key)


def _try_batch(bucket: S3Bucket, keys: list[str]) -> list[str]:
    if not keys:
        return []
    objects = [{"Key": bucket.root + key} for key in keys]
    try:
        answer = bucket.ask("delete_objects", Delete={"Objects": objects, "Quiet": True})
    except Unsupported:
        return keys
    return [_key_in(bucket, error) for error in answer.get("Errors", ())]


def _key_in(bucket: S3Bucket, error: dict[str, Any]) -> str:
    return error["Key"][len(bucket.root) :]  # type: ignore[no-any-return]
