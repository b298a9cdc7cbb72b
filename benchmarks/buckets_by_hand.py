"""Readers of a whole bucket, written by hand or with another library."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import boto3
import obstore
import s3fs
from botocore.config import Config
from obstore.auth.boto3 import Boto3CredentialProvider
from obstore.store import S3Store

AT_ONCE = 32


class Reader(Protocol):
    """Reads every object of a bucket."""

    def read(self, round: int) -> int:
        """List and get all objects, and return their number."""
        ...


def client(endpoint: str, threads: int = 1) -> Any:
    """A boto3 client with its defaults, except for as many connections as ``threads`` needs."""
    return boto3.client("s3", endpoint_url=endpoint, config=Config(max_pool_connections=threads))


class Boto3:
    """A paginator, with or without a pool of threads."""

    def __init__(self, endpoint: str, bucket: str, threads: int = 16) -> None:
        self._client = client(endpoint, threads)
        self._bucket = bucket
        self._threads = threads

    def _names(self) -> list[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket)
        return [each["Key"] for page in pages for each in page.get("Contents", ())]

    def count(self, round: int) -> int:
        """List all objects, and return their number."""
        return len(self._names())

    def get(self, name: str) -> bytes:
        body: bytes = self._client.get_object(Bucket=self._bucket, Key=name)["Body"].read()
        return body

    def read(self, round: int) -> int:
        names = self._names()
        if self._threads == 1:
            return sum(1 for value in map(self.get, names) if value)
        with ThreadPoolExecutor(self._threads) as pool:
            return sum(1 for value in pool.map(self.get, names) if value)


class Obstore:
    """A listing in chunks and a pool of threads."""

    def __init__(self, endpoint: str, bucket: str) -> None:
        self._store = S3Store(
            bucket,
            endpoint=endpoint,
            region="us-east-1",
            credential_provider=Boto3CredentialProvider(boto3.Session()),
            client_options={"allow_http": True},
        )

    def _names(self) -> list[str]:
        return [each["path"] for chunk in obstore.list(self._store, chunk_size=1000) for each in chunk]

    def count(self, round: int) -> int:
        """List all objects, and return their number."""
        return len(self._names())

    def get(self, name: str) -> bytes:
        return bytes(obstore.get(self._store, name).bytes())

    def read(self, round: int) -> int:
        names = self._names()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return sum(1 for value in pool.map(self.get, names) if value)

    def fill(self, count: int, size: int) -> None:
        """Put ``count`` objects of ``size`` bytes."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            put = pool.map(
                lambda n: obstore.put(self._store, f"{n:06}", b"%06d" % n * (size // 6)),
                range(count),
            )
            sum(1 for _ in put)


class S3fs:
    """The bulk ``cat`` of the file system that data libraries use."""

    def __init__(self, endpoint: str, bucket: str) -> None:
        self._files = s3fs.S3FileSystem(
            endpoint_url=endpoint, use_listings_cache=False, skip_instance_cache=True
        )
        self._bucket = bucket

    def read(self, round: int) -> int:
        return len(self._files.cat(self._files.find(self._bucket)))
