"""Writes to a bucket, whole or in parts, conditional or not. No lost answer loses or repeats a write."""

from functools import cached_property

from holdall.adapters._objectstore.write_ids import State, Traces, unconditional, unknown
from holdall.adapters.s3 import multipart
from holdall.adapters.s3.bucket import Bucket
from holdall.adapters.s3.client import is_aws
from holdall.adapters.s3.errors import in_doubt
from holdall.errors import Conflict, Corrupt, Unavailable
from holdall.store import ABSENT, Feature, Tag, conflict


class Writes:
    """The changes to one ``bucket``."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._traces = Traces()
        self.seen = self._traces.seen

    def put(self, key: str, value: bytes) -> None:
        """Write ``value``, whether or not the key exists."""
        if len(value) <= multipart.THRESHOLD:
            self._bucket.write(key, value)
            return
        write = unconditional()
        try:
            multipart.upload(self._bucket, key, value, None, write.metadata)
        except Unavailable:
            if not write.happened(lambda: self._bucket.head(key)):
                raise

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
        write = self._traces.write(key, expected)
        in_parts = len(value) > multipart.THRESHOLD and self._parts_are_conditional
        send = self._in_parts if in_parts else self._bucket.write
        try:
            tag = send(key, value, expected, write.metadata)
        except (Conflict, KeyError, Unavailable, Corrupt) as error:
            if not in_doubt(error):
                raise conflict(key) from error
            return write.outcome(key, error, lambda: self._bucket.head(key))
        return self.seen(key, State(tag, write.metadata))

    def _in_parts(self, key: str, value: bytes, expected: Tag, metadata: dict[str, str]) -> Tag:
        return multipart.upload(self._bucket, key, value, expected, metadata)

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
            if in_doubt(error):
                unknown(key, error)
            raise conflict(key) from error
