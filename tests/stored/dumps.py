"""What lies in the store of a server, as JSON that can be put into another server of that kind."""

import base64
import subprocess
from collections.abc import Iterator
from contextlib import closing
from typing import Any, Protocol

import boto3
import pymysql
import redis as redis_client
import requests

from holdall import Store
from tests.servers import dynamodb, gcs, redis, s3, sql
from tests.servers.daemons import program

Dumped = list[Any]


def to_text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def to_data(text: str) -> bytes:
    return base64.b64decode(text)


class Dump(Protocol):
    """One store on a server: opened, dumped, and loaded from a dump."""

    def open(self) -> Store[bytes]:
        """The store. It is empty until it was loaded or written."""
        ...

    def dump(self) -> Dumped:
        """Everything that lies in it."""
        ...

    def load(self, dumped: Dumped) -> None:
        """Put ``dumped`` there, by the server's own interface."""
        ...


class Bucket:
    """Objects of S3: name, metadata and body."""

    name = "holdall-stored"

    def __init__(self, server: s3.Server) -> None:
        self._server = server
        self._client = boto3.client("s3", endpoint_url=server.endpoint)

    def open(self) -> Store[bytes]:
        return self._server.store(prefix="app", bucket=self.name)

    def dump(self) -> Dumped:
        listed = self._client.list_objects_v2(Bucket=self.name)
        return [self._object(each["Key"]) for each in listed["Contents"]]

    def _object(self, key: str) -> list[Any]:
        found = self._client.get_object(Bucket=self.name, Key=key)
        with found["Body"] as body:
            return [key, found["ContentType"], found["Metadata"], to_text(body.read())]

    def load(self, dumped: Dumped) -> None:
        self._client.create_bucket(Bucket=self.name)
        for key, kind, metadata, body in dumped:
            self._client.put_object(
                Bucket=self.name, Key=key, ContentType=kind, Metadata=metadata, Body=to_data(body)
            )


class GCSBucket:
    """Objects of Google Cloud Storage: name, metadata and body, by its JSON interface."""

    name = "holdall-stored"

    def __init__(self, server: gcs.Server) -> None:
        from google.auth.credentials import AnonymousCredentials
        from google.cloud.storage import Client

        self._server = server
        session = requests.Session()
        self._client = Client(
            "test", AnonymousCredentials(), session, client_options={"api_endpoint": server.endpoint}
        )
        self._bucket = self._client.bucket(self.name)

    def open(self) -> Store[bytes]:
        return self._server.store(prefix="app", bucket=self.name)

    def dump(self) -> Dumped:
        return [
            [blob.name, blob.content_type, blob.metadata, to_text(blob.download_as_bytes())]
            for blob in self._client.list_blobs(self._bucket)
        ]

    def load(self, dumped: Dumped) -> None:
        self._bucket.create()
        for name, kind, metadata, body in dumped:
            blob = self._bucket.blob(name)
            blob.metadata = metadata
            blob.upload_from_string(to_data(body), content_type=kind)


class AzureContainer:
    """Blobs of Azure: name, metadata and body."""

    def __init__(self, server: object) -> None:
        import os

        from azure.storage.blob import BlobServiceClient

        self._service = BlobServiceClient.from_connection_string(
            os.environ["AZURE_STORAGE_CONNECTION_STRING"]
        )
        self._container = self._service.get_container_client("tests")

    def open(self) -> Store[bytes]:
        from holdall.adapters.fsspec import Fsspec

        return Fsspec("az://tests/stored")

    def dump(self) -> Dumped:
        names = [name for name in self._container.list_blob_names() if name.startswith("stored/")]
        return [self._blob(name) for name in names]

    def _blob(self, name: str) -> list[Any]:
        found = self._container.download_blob(name)
        return [name, found.properties.metadata, to_text(found.readall())]

    def load(self, dumped: Dumped) -> None:
        for name, metadata, body in dumped:
            self._container.upload_blob(name, to_data(body), metadata=metadata, overwrite=True)


class RedisKeys:
    """The keys of a Redis server that begin with the store's prefix, by their type."""

    prefix = "stored"

    def __init__(self, server: redis.Server) -> None:
        self._server = server
        self._client = redis_client.Redis("127.0.0.1", server.port, password=redis.PASSWORD)

    def open(self) -> Store[bytes]:
        return self._server.store(prefix=self.prefix)

    def dump(self) -> Dumped:
        return [
            [to_text(key), self._client.type(key).decode(), self._content(key)]
            for key in self._client.scan_iter(f"{self.prefix}*")
        ]

    def _content(self, key: bytes) -> list[Any]:
        if self._client.type(key) == b"zset":
            return [
                [to_text(member), score] for member, score in self._client.zrange(key, 0, -1, withscores=True)
            ]
        if self._client.type(key) == b"list":
            return [to_text(element) for element in self._client.lrange(key, 0, -1)]
        return [[to_text(field), to_text(value)] for field, value in self._client.hgetall(key).items()]

    def load(self, dumped: Dumped) -> None:
        for key in [*self._client.scan_iter(f"{self.prefix}*")]:  # of another release, in an earlier test
            self._client.delete(key)
        for key, kind, content in dumped:
            if kind == "zset":
                self._client.zadd(to_data(key), {to_data(member): score for member, score in content})
            elif kind == "list":
                self._client.rpush(to_data(key), *map(to_data, content))
            else:
                fields = {to_data(field): to_data(value) for field, value in content}
                self._client.hset(to_data(key), mapping=fields)


class PostgreSQLTable:
    """The statements that make the table and its rows, as pg_dump writes them."""

    table = "stored"

    def __init__(self, server: sql.Server) -> None:
        self._server = server
        self._where = ["-h", "127.0.0.1", "-p", str(server.port), "-U", sql.USER, "holdall"]

    def open(self) -> Store[bytes]:
        return self._server.store(table=self.table)

    def dump(self) -> Dumped:
        command = [program("pg_dump", "postgresql"), *self._where, "--table", self.table, "--inserts"]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return [
            line for line in text.splitlines() if line and not line.startswith(("--", "\\", "SET", "SELECT"))
        ]

    def load(self, dumped: Dumped) -> None:
        import psycopg

        login = {"host": "127.0.0.1", "port": self._server.port, "user": sql.USER, "password": sql.PASSWORD}
        with psycopg.connect(**login, dbname="holdall", autocommit=True) as connection:
            connection.execute(f"DROP TABLE IF EXISTS {self.table}")
            connection.execute("\n".join(dumped))


class MySQLTable:
    """The statement that makes the table, and its rows."""

    table = "stored"

    def __init__(self, server: sql.Server) -> None:
        self._server = server

    def open(self) -> Store[bytes]:
        return self._server.store(table=self.table)

    def _run(self, statement: str, *values: Any) -> Any:
        login = {"host": "127.0.0.1", "port": self._server.port, "user": sql.USER, "password": sql.PASSWORD}
        with closing(pymysql.connect(**login, database="holdall", autocommit=True)) as connection:
            cursor = connection.cursor()
            cursor.execute(statement, values)
            return cursor.fetchall()

    def dump(self) -> Dumped:
        [(_, made)] = self._run(f"SHOW CREATE TABLE {self.table}")
        rows = self._run(f"SELECT * FROM {self.table}")
        return [made, *([_to_json(value) for value in row] for row in rows)]

    def load(self, dumped: Dumped) -> None:
        made, *rows = dumped
        self._run(f"DROP TABLE IF EXISTS {self.table}")
        self._run(made)
        for row in rows:
            places = ", ".join(["%s"] * len(row))
            self._run(f"INSERT INTO {self.table} VALUES ({places})", *map(_from_json, row))


def _to_json(value: Any) -> Any:
    return {"bytes": to_text(value)} if isinstance(value, bytes) else value


def _from_json(value: Any) -> Any:
    return to_data(value["bytes"]) if isinstance(value, dict) else value


class DynamoDBItems:
    """The items of a table."""

    name = "stored"

    def __init__(self, server: dynamodb.Server) -> None:
        self._server = server
        self._client = boto3.client("dynamodb", endpoint_url=server.endpoint)

    def open(self) -> Store[bytes]:
        return self._server.store(name=self.name)

    def dump(self) -> Dumped:
        return [
            {name: _typed(value, to_text) for name, value in item.items()}
            for item in self._items()
            if item["store"] == {"S": self.name}
        ]

    def _items(self) -> Iterator[dict[str, Any]]:
        for page in self._client.get_paginator("scan").paginate(TableName="holdall"):
            yield from page["Items"]

    def load(self, dumped: Dumped) -> None:
        self.open()["made"] = b"so that the table is there"
        self.open().clear()
        for item in dumped:
            loaded = {name: _typed(value, to_data) for name, value in item.items()}
            self._client.put_item(TableName="holdall", Item=loaded)


def _typed(value: dict[str, Any], convert: Any) -> dict[str, Any]:
    """An attribute with its bytes, which have the type B, converted."""
    return {kind: convert(content) if kind == "B" else content for kind, content in value.items()}


DUMPS: dict[str, Any] = {
    "moto": Bucket,
    "fake_gcs": GCSBucket,
    "azurite": AzureContainer,
    "redis_server": RedisKeys,
    "postgresql": PostgreSQLTable,
    "mysql": MySQLTable,
    "dynamodb": DynamoDBItems,
}
"""A `Dump` for the server of each fixture."""
