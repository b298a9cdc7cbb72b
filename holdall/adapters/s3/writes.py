"""Writes to a bucket: whole or in parts, conditional or not, none lost or doubled by a lost answer."""

from functools import cached_property

from holdall.adapters.s3 import multipart
from holdall.adapters.s3.bucket import Bucket
from holdall.adapters.s3.client import is_aws
from holdall.adapters.s3.errors import in_doubt
from holdall.adapters.traces import State, Traces, unconditional, unknown
from holdall.errors import Conflict, Corrupt, Unavailable
from holdall.store import ABSENT, Feature, Tag, conflict


class Writes:
    """The changes to one ``bucket``."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._traces = Traces()
        self.seen = self._traces.seen

    def put(self, key: str, value: bytes) -> None:
        """Write ``value``, whatever is there."""
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
        """Delete ``key``; KeyError where it is missing, which S3 does not tell of a delete: so look first."""
        tag = self._bucket.head(key).tag
        if Feature.REMOVE not in self._bucket.conditions.features:
            self._bucket.discard(key)
            return
        try:
            self.remove(key, tag)
        except Conflict:
            self.delete(key)  # it changed: look whether it is still there

    def swap(self, key: str, value: bytes, expected: Tag) -> Tag:
        """Write ``value`` if ``key`` is as ``expected``; the new tag, or Conflict."""
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
        """Else even a large value goes whole."""
        return is_aws(self._bucket.connection.client) or multipart.honours_conditions(self._bucket)

    def remove(self, key: str, expected: Tag) -> None:
        """Delete ``key`` if it is as ``expected``, or Conflict; Unavailable where nobody can know."""
        if expected == ABSENT:
            raise conflict(key)
        try:
            self._bucket.delete(key, expected)
        except (Conflict, KeyError) as error:
            if in_doubt(error):
                unknown(key, error)
            raise conflict(key) from error
