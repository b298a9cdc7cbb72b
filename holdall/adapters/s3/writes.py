"""Writes to a bucket: whole or in parts, conditional or not, none lost or doubled by a lost answer."""

import re
from typing import Any

from holdall.adapters.s3 import multipart
from holdall.adapters.s3.bucket import Bucket, state_of
from holdall.adapters.s3.errors import in_doubt
from holdall.adapters.traces import Traces, Write, unknown
from holdall.errors import Conflict, Unavailable
from holdall.store import ABSENT, Tag, conflict

_is_etag = re.compile(r"[!#-~]+").fullmatch  # RFC 9110, section 8.8.3, less what no header can carry


class Writes:
    """The changes to one ``bucket``."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._traces = Traces()
        self.seen = self._traces.seen

    def put(self, key: str, value: bytes) -> None:
        """Write ``value``, whatever is there."""
        if len(value) <= multipart.THRESHOLD:
            self._bucket.ask("put_object", key, Body=value)
            return
        write = self._traces.write(key, ABSENT)
        try:
            self._in_parts(key, value, write, {})
        except Unavailable as error:
            write.outcome(key, error, lambda: self._bucket.head(key))

    def swap(self, key: str, value: bytes, expected: Tag) -> Tag:
        """Write ``value`` if ``key`` is as ``expected``; the new tag, or Conflict."""
        condition = _condition(key, expected)
        write = self._traces.write(key, expected)
        in_parts = len(value) > multipart.THRESHOLD and self._bucket.multipart_conditions
        send = self._in_parts if in_parts else self._whole
        try:
            answer = send(key, value, write, condition)
        except (Conflict, KeyError, Unavailable) as error:
            if not in_doubt(error):
                raise conflict(key) from error
            return write.outcome(key, error, lambda: self._bucket.head(key))
        return self.seen(key, state_of({**answer, "Metadata": write.metadata}))

    def _whole(self, key: str, value: bytes, write: Write, condition: dict[str, str]) -> Any:
        return self._bucket.ask("put_object", key, Body=value, Metadata=write.metadata, **condition)

    def _in_parts(self, key: str, value: bytes, write: Write, condition: dict[str, str]) -> Any:
        bucket = self._bucket
        return multipart.upload(bucket.ask, key, value, bucket.pace, write.metadata, condition)

    def remove(self, key: str, expected: Tag) -> None:
        """Delete ``key`` if it is as ``expected``, or Conflict; Unavailable where nobody can know."""
        if expected == ABSENT:
            raise conflict(key)
        try:
            self._bucket.ask("delete_object", key, **_condition(key, expected))
        except (Conflict, KeyError) as error:
            if in_doubt(error):
                unknown(key, error)
            raise conflict(key) from error


def _condition(key: str, expected: Tag) -> dict[str, str]:
    """The parameter that makes a request conditional; Conflict where no object can be ``expected``."""
    if expected == ABSENT:
        return {"IfNoneMatch": "*"}
    if not _is_etag(expected):
        raise conflict(key)
    return {"IfMatch": f'"{expected}"'}
