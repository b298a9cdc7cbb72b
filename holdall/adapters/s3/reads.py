"""Bulk reads from a bucket, several at once, with the fastest client that can be used."""

from collections.abc import Callable, Iterable, Iterator

from holdall.adapters._shared.throttle import map_ordered
from holdall.adapters.s3.bucket import S3Bucket
from holdall.adapters.s3.errors import RAISED, translate

Result = tuple[str, bytes | None]


def read_many(bucket: S3Bucket, keys: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """``(key, value)`` for each of ``keys`` that exists, in the given order. Uses bounded memory."""
    read_value = _reader(bucket)

    def read(key: str) -> Result:
        try:
            return key, read_value(key)
        except KeyError:
            return key, None

    for key, value in map_ordered(read, keys, bucket.pace, _size):
        if value is not None:
            yield str(key), value


def _reader(bucket: S3Bucket) -> Callable[[str], bytes]:
    """A function that returns the value of a key."""
    read_fast = bucket.transport.find_reader()
    if read_fast is None:
        return lambda key: bucket.read(key)[1]

    def read(key: str) -> bytes:
        try:
            value = read_fast(bucket.root + key)
        except RAISED as error:
            raise translate(error, bucket.name, key) from error
        return bucket.read(key)[1] if value is None else value

    return read


def _size(found: Result) -> int:
    return len(found[1] or b"")
