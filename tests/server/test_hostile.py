"""Requests that no honest client sends, byte for byte, and bodies that lie about their length."""

import json
import socket
from urllib.parse import urlsplit

import pytest

import holdall
from tests.server.conftest import MAX_BODY

PATH = b"PUT /v1/b/docs/a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"


@pytest.fixture(scope="module")
def store():
    return holdall.Memory()


@pytest.fixture(scope="module")
def http(serving, store):
    with serving({"b": store}) as client:
        yield client


@pytest.fixture(autouse=True)
def _unchanged(http, store):
    """No request of these tests writes anything, and the service answers afterwards."""
    store["a"] = b"safe"
    yield
    assert http("GET", "/v1/b/docs/a").data == b"safe"
    assert dict(store) == {"a": b"safe"}


def status(answer):
    return int(answer.split()[1])


def chunked(*chunks):
    return PATH + b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(chunks)


REFUSED = {
    "both lengths": (PATH + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400, 501}),
    "two lengths": (PATH + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nbad!", {400}),
    "signed length": (PATH + b"Content-Length: +3\r\n\r\nbad", {400}),
    "negative length": (PATH + b"Content-Length: -3\r\n\r\nbad", {400}),
    "hexadecimal length": (PATH + b"Content-Length: 0x3\r\n\r\nbad", {400}),
    "huge length": (PATH + b"Content-Length: " + b"9" * 400 + b"\r\n\r\nbad", {400, 413}),
    "over the limit": (PATH + b"Content-Length: %d\r\n\r\n" % (MAX_BODY + 1) + b"x" * 100, {413}),
    "other coding": (PATH + b"Transfer-Encoding: gzip\r\n\r\nbad", {400, 501}),
    "length and coding in 1.0": (
        b"PUT /v1/b/docs/a HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nbad",
        {400},
    ),
    "garbage for a chunk": (chunked(b"zz\r\nbad\r\n0\r\n\r\n"), {400}),
    "negative chunk": (chunked(b"-3\r\nbad\r\n0\r\n\r\n"), {400}),
    "chunk without its end": (chunked(b"3\r\nbadd0\r\n\r\n"), {400}),
    "chunks over the limit": (
        chunked(b"%x\r\n" % (MAX_BODY + 1), b"x" * (MAX_BODY + 1), b"\r\n0\r\n\r\n"),
        {413},
    ),
    "many headers": (PATH + b"".join(b"X-%d: 1\r\n" % n for n in range(200)) + b"\r\n", {431}),
    "10,000 headers": (PATH + b"".join(b"X-%d: 1\r\n" % n for n in range(10_000)) + b"\r\n", {431}),
    "a header of spaces": (PATH + b"X:" + b" " * 50_000 + b"x\r\n\r\n", {400}),
    "a header of folded spaces": (PATH + b"X:" + b"\r\n \t" * 10_000 + b"x\r\n\r\n", {400}),
    "no host": (b"PUT /v1/b/docs/a HTTP/1.0\r\nContent-Length: 3\r\n\r\nbad", {421}),
    "other host": (b"PUT /v1/b/docs/a HTTP/1.0\r\nHost: evil.example\r\nContent-Length: 3\r\n\r\nbad", {421}),
    "host in a name": (b"PUT /v1/b/docs/a HTTP/1.0\r\nHost: localhost.evil.example\r\n\r\n", {421}),
    "login in a host": (b"PUT /v1/b/docs/a HTTP/1.0\r\nHost: localhost@evil.example\r\n\r\n", {421}),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", {400}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_request_that_is_not_sound_is_refused(http, name):
    data, expected = REFUSED[name]
    answer = http.raw(data, half_close=False)
    assert status(answer) in expected
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == status(answer)


@pytest.mark.parametrize(
    "data",
    [
        PATH + b"Content-Length: 100\r\n\r\nonly this",
        chunked(b"64\r\nonly this"),
        chunked(b"3\r\nbad\r\n"),
        PATH + b"Content-Length: 3\r\n",
    ],
)
def test_a_body_that_breaks_off_is_not_written(http, data):
    assert http.raw(data) == b"" or status(http.raw(data)) == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"X_Forwarded_For": "203.0.113.7"},
        {"X_Forwarded_Host": "books.example"},
        {"X_Forwarded_Proto": "https"},
        {"Forwarded": "for=203.0.113.7"},
    ],
)
def test_a_write_from_elsewhere_is_refused(http, headers):
    for method in ("PUT", "DELETE", "PATCH", "POST"):
        path = "/v1/b/docs/" if method == "POST" else "/v1/b/docs/a"
        assert http(method, path, b"bad", **headers).status == 403
    assert http("GET", "/v1/b/docs/a", **headers).status == 200


def test_a_write_of_http_1_0_is_refused_because_a_proxy_may_send_it(http):
    answer = http.raw(b"PUT /v1/b/docs/a HTTP/1.0\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nbad")
    assert status(answer) == 403


def test_every_answer_has_the_security_headers(http):
    for path in ("/v1/b/docs/a", "/v1/b/docs/none", "/v1/b/docs/%ff", "/", "/v1/b/docs"):
        headers = http("GET", path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "Access-Control-Allow-Origin" not in headers


def test_a_body_of_unknown_length_is_read_up_to_the_limit(http, store):
    def parts(size):
        yield from (b"x" * 1000 for _ in range(size // 1000))

    assert http("PUT", "/v1/b/docs/chunked", parts(MAX_BODY)).status == 201
    assert len(store.pop("chunked")) == MAX_BODY


def test_a_client_that_does_not_read_its_answers_occupies_no_thread(serving, monkeypatch):
    monkeypatch.setattr("holdall.server.serving.IDLE", 0.2)
    large = holdall.Memory()
    large["a"] = bytes(12 << 20)  # more than the buffers of the sockets keep
    with serving({"b": large}, threads=1) as http, socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 12)
        place = urlsplit(http.url)
        deaf.connect((place.hostname, place.port))
        deaf.sendall(b"GET /v1/b/docs/a HTTP/1.1\r\nHost: localhost\r\n\r\n" * 3)
        deaf.recv(1)
        assert http("GET", "/v1/b/docs").status == 200


def test_a_read_only_service_refuses_writes(serving, store):
    with serving({"b": store}, readonly=True) as http:
        assert http("PUT", "/v1/b/docs/a", b"bad").status == 403
        assert http("GET", "/v1/b/docs/a").status == 200


def test_further_hosts_are_allowed_by_name(serving, store):
    with serving({"b": store}, hosts=["books.example"]) as http:
        assert http("GET", "/v1/b/docs/a", Host="Books.example:8080").status == 200
        assert http("GET", "/v1/b/docs/a").status == 421
    with serving({"b": store}, hosts=["*"]) as http:
        assert http("GET", "/v1/b/docs/a", Host="any.example").status == 200
