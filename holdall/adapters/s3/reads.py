"""Bulk reads from a bucket, several at once, with the fastest client that can be used."""

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import Any

from holdall.adapters._shared.throttle import map_ordered
from holdall.adapters.s3.bucket import S3Bucket
from holdall.adapters.s3.errors import RAISED, translate
from holdall.errors import MissingExtra
from holdall.handles import PerProcess

Reader = Callable[[str], bytes | None]
Result = tuple[str, bytes | None]


class Reads:
    """Bulk reads from ``bucket`` by ``transport``: ``boto3``, ``rust``, or ``auto``.

    With ``rust`` and ``auto``, rust is used if it is installed and `holdall.adapters.s3.rust.may_read`; otherwise
    boto3 is used. Raises MissingExtra if ``transport`` is ``rust`` and rust is not installed.
    """

    def __init__(self, bucket: S3Bucket, transport: str) -> None:
        self._bucket = bucket
        self._rust = _rust(transport)
        self._rust_reader = PerProcess(self._connect)

    def _connect(self) -> Reader:
        bucket = self._bucket
        try:
            read: Reader = self._rust.reader(bucket.connection, bucket.name, bucket.options)
        except RAISED as error:
            raise translate(error, bucket.name) from error
        return read

    def many(self, keys: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """``(key, value)`` for each of ``keys`` that exists, in the given order. Uses bounded memory."""
        fast = self._rust is not None and self._rust.may_read(self._bucket.connection.client)
        read = self._by_rust if fast else self._by_boto3
        for key, value in map_ordered(read, keys, self._bucket.pace, _size):
            if value is not None:
                yield str(key), value

    def _by_boto3(self, key: str) -> Result:
        try:
            return key, self._bucket.read(key)[1]
        except KeyError:
            return key, None

    def _by_rust(self, key: str) -> Result:
        value = self._rust_reader()(self._bucket.root + key)
        if value is None:  # missing, throttled or refused: the boto3 client finds out
            return self._by_boto3(key)
        self._bucket.pace.faster()
        return key, value

    def close(self) -> None:
        """Drop the rust client and its connections."""
        self._rust_reader.take()


def _rust(transport: str) -> Any:
    if transport == "boto3":
        return None
    try:
        return import_module("holdall.adapters.s3.rust")
    except MissingExtra:
        if transport == "rust":
            raise
        return None


def _size(found: Result) -> int:
    return len(found[1] or b"")
