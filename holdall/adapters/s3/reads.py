"""Bulk reads from a bucket, several at once."""

from collections.abc import Iterable, Iterator

from holdall.adapters._shared.throttle import map_ordered
from holdall.adapters.s3.bucket import S3Bucket

Result = tuple[str, bytes | None]


def read_many(bucket: S3Bucket, keys: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """``(key, value)`` for each of ``keys`` that exists, in the given order. Uses bounded memory."""

    def read(key: str) -> Result:
        try:
            return key, bucket.read(key)[1]
        except KeyError:
            return key, None

    for key, value in map_ordered(read, keys, bucket.pace, _size):
        if value is not None:
            yield str(key), value


def _size(found: Result) -> int:
    return len(found[1] or b"")
