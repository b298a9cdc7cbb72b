"""Values of bytes in bounded memory: parts of them are read, and long bodies are written, as files."""

import io
import socket
import sys
import time
from functools import partial
from urllib.parse import urlsplit

import falcon.testing
import pytest

import holdall
from holdall import Conflict
from holdall.files import open_value
from holdall.ranges import ByteRange
from holdall.server import app
from holdall.store import Tag

LONG = bytes(range(256)) * (2 << 12)  # 2 MiB
PATH = "/v1/files/docs/a"


class Files(holdall.Memory):
    """Reads and writes values only as files; ``replaced`` says how often a file that reads finds another value."""

    replaced = 0

    def get_tagged(self, key, /):
        if not self.replaced:
            raise AssertionError("the whole value is read")
        return super().get_tagged(key)

    def swap(self, key, value, /, expected):
        raise AssertionError("the whole value is written")

    __getitem__ = __setitem__ = None

    def open(self, key, /, mode="rb", *, expected=None):
        if not self.replaced or mode != "rb":
            return super().open(key, mode, expected=expected)

        def read(part):
            raise Conflict(f"{key!r} changed", key=key)

        return open_value(super().size(key), read, tag=Tag("other"))


@pytest.fixture(scope="module")
def store():
    return Files()


@pytest.fixture(scope="module")
def http(serving, store):
    with serving({"files": store}, max_body=32 << 20) as client:
        yield client


@pytest.fixture(autouse=True)
def _fill(store):
    store.clear()
    store.replaced = 0


def fill(store, value):
    with store.open("a", "wb") as file:
        file.write(value)
    return f'"{file.tag}"'


def test_a_long_body_is_written_as_a_file(http, store):
    first = http("PUT", PATH, LONG)
    assert (first.status, first.headers["ETag"]) == (201, f'"{store.tag("a")}"')
    assert http("PUT", PATH, LONG[::-1]).status == 204
    tag = http("PUT", PATH, LONG, If_Match=f'"{store.tag("a")}"').headers["ETag"]
    assert http("PUT", PATH, LONG[::-1], If_Match=first.headers["ETag"]).status == 412
    assert http("PUT", PATH, LONG[::-1], If_None_Match="*").status == 412
    assert http("PUT", "/v1/files/docs/b", LONG, If_None_Match="*").status == 201
    assert http("PUT", PATH, bytes((32 << 20) + 1)).status == 413
    assert http("PUT", PATH, LONG, Content_Type="text/plain").status == 415
    with store.open("a") as file:
        assert (file.read(), f'"{file.tag}"') == (LONG, tag)


@pytest.mark.parametrize("size", [0, 1, 1 << 20, len(LONG) - 1])
def test_a_body_that_ends_early_changes_nothing(store, size):
    fill(store, b"old")
    client = falcon.testing.TestClient(app({"files": store}))
    extras = {
        "wsgi.input": io.BytesIO(LONG[:size]),
        "CONTENT_LENGTH": str(len(LONG)),
        "REMOTE_ADDR": "127.0.0.1",
    }
    answer = client.simulate_put(PATH, extras=extras, host="localhost", http_version="1.1")
    assert (answer.status_code, answer.json["detail"]) == (400, "the body is shorter than its Content-Length")
    assert (store.size("a"), list(store)) == (3, ["a"])


PARTS = {
    "bytes=0-0": (0, 1),
    "bytes=5-": (5, None),
    "bytes=-7": (len(LONG) - 7, None),
    "bytes=1-1048576": (1, 1 << 20),
    ByteRange(9, sys.maxsize).header: (9, None),
}


@pytest.mark.parametrize("asked", PARTS)
def test_a_part_is_read_from_a_file(http, store, asked):
    tag = fill(store, LONG)
    start, length = PARTS[asked]
    answer = http("GET", PATH, Range=asked)
    assert (answer.status, answer.headers["ETag"]) == (206, tag)
    assert answer.data == LONG[start:][:length]
    assert http("GET", PATH, Range=asked, If_None_Match=tag).status == 304
    assert http("GET", PATH, Range=asked, If_Match='"other"').status == 412


def test_a_large_part_is_a_stream(http, store):
    tag = fill(store, LONG * 10)
    answer = http("GET", PATH, Range="bytes=1-")
    assert (answer.status, answer.headers["ETag"], answer.headers["Content-Length"]) == (
        206,
        tag,
        str(len(answer.data)),
    )
    is_right = answer.data == (LONG * 10)[1:]
    assert is_right, "the part differs"


def test_the_head_of_a_value_needs_no_value(http, store):
    tag = fill(store, LONG)
    answer = http("HEAD", PATH)
    assert (answer.status, answer.headers["ETag"], answer.headers["Content-Length"]) == (
        200,
        tag,
        str(len(LONG)),
    )
    assert (answer.headers["Content-Type"], answer.data) == ("application/octet-stream", b"")
    assert (
        http("HEAD", "/v1/files/docs/none").status
        == http("GET", "/v1/files/docs/none", Range="bytes=0-").status
        == 404
    )


def test_a_value_that_is_replaced_while_a_part_is_read_is_read_again(http, store):
    tag = fill(store, LONG)
    store.replaced = 1
    answer = http("GET", PATH, Range="bytes=1-2")
    assert (answer.status, answer.data, answer.headers["ETag"]) == (206, LONG[1:3], tag)
    assert http("GET", PATH, Range="bytes=1-2", If_Match='"other"').status == 412


def ask_for_all(http):
    """A connection on which the answer with a large part comes."""
    address = urlsplit(http.url)
    connection = socket.create_connection((address.hostname, address.port))
    connection.sendall(f"GET {PATH} HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-\r\n\r\n".encode())
    assert connection.recv(12) == b"HTTP/1.1 206"
    return connection


def test_large_parts_leave_threads_for_other_requests(serving, store):
    fill(store, LONG * 20)
    with serving({"files": store}, max_long=1, threads=3) as http:
        with ask_for_all(http):
            refused = http("GET", PATH, Range="bytes=0-")
            assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
            assert http("GET", PATH, Range="bytes=0-9").data == LONG[:10]
            assert http("HEAD", PATH).status == 200
        until = time.monotonic() + 60
        while (answer := http("GET", PATH, Range="bytes=1-")).status == 503 and time.monotonic() < until:
            time.sleep(0.05)
        assert answer.status == 206


def test_a_large_part_that_takes_too_long_ends(serving, store):
    fill(store, LONG * 20)
    with serving({"files": store}, limits={"seconds": 0}.items()) as http, ask_for_all(http) as connection:
        parts = list(iter(partial(connection.recv, 1 << 20), b""))
    assert sum(map(len, parts)) < len(LONG) * 20
