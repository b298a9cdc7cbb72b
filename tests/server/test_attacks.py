"""Clients that attack: slow ones, many at once, and bodies that nobody should keep, under both servers."""

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

import holdall
from holdall.server.serving import Server
from tests.server.test_hostile import REFUSED
from tests.server.test_limits import SERVERS

pytestmark = pytest.mark.servers
LATER = 60  # seconds; the most that a test waits for a server to act


@pytest.fixture(params=SERVERS)
def server(request):
    return request.param


@pytest.fixture
def store():
    store = holdall.Memory()
    store["a"] = b"safe"
    return store


def connect(http):
    place = urlsplit(http.url)
    return socket.create_connection((place.hostname, place.port), timeout=LATER)


def head(method, length, path="/v1/b/docs/a"):
    return f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n".encode()


HARMLESS = {"a header of spaces"}  # under granian, which reads it in linear time


@pytest.mark.parametrize("name", REFUSED)
def test_a_request_that_is_not_sound_writes_nothing(serving, server, store, name):
    data, expected = REFUSED[name]
    with serving({"b": store}, server=server) as http:
        answer = http.raw(data, half_close=False)
        status = int(answer.split()[1]) if answer else None
        if server is Server or name not in HARMLESS:
            assert status in expected | {None, 400, 411, 413, 431}
            assert http("GET", "/v1/b/docs/a").data == b"safe"
        assert http("GET", "/healthz").status == 200


def test_headers_that_never_end_hold_no_thread_and_are_cut_off(serving, server, store, monkeypatch):
    for module in ("serving", "granian"):
        monkeypatch.setattr(f"holdall.server.{module}.IDLE", 1)
    with serving({"b": store}, server=server) as http, ExitStack() as last:
        slow = [last.enter_context(connect(http)) for _ in range(100)]
        for each in slow:
            each.sendall(b"GET /v1/b/docs/a HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        assert http("GET", "/v1/b/docs/a").data == b"safe"
        for each in slow:
            assert each.recv(1000).partition(b" ")[2][:3] in (b"", b"400", b"408")


def test_a_header_that_drips_is_cut_off(serving, server, store, monkeypatch):
    for module in ("serving", "granian"):
        monkeypatch.setattr(f"holdall.server.{module}.IDLE", 1)
    with serving({"b": store}, server=server) as http, connect(http) as sock:
        sock.sendall(b"GET /v1/b/docs/a HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        sock.settimeout(0.1)
        for _ in range(LATER * 10):
            try:
                sock.sendall(b"x")
                if not sock.recv(1000):
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        else:
            pytest.fail("the connection stays open")


def test_bodies_that_never_come_leave_threads_for_others(serving, server, store, monkeypatch):
    monkeypatch.setattr("holdall.server.receiving._PATIENCE", 0)
    with serving({"b": store}, server=server, threads=8, limits={"bodies": 2}) as http, ExitStack() as last:
        for _ in range(20):
            last.enter_context(connect(http)).sendall(head("PUT", 5) + b"ba")
        for _ in range(20):
            assert http("GET", "/v1/b/docs/a").data == b"safe"
    assert dict(store) == {"a": b"safe"}


def test_bodies_that_break_off_are_not_written(serving, server, store):
    with serving({"b": store}, server=server) as http:
        for _ in range(20):
            with connect(http) as sock:
                sock.sendall(head("PUT", 50_000) + b"bad" * 1000)
        assert http("PUT", "/v1/b/docs/b", b"x" * 50_000).status == 201
    assert dict(store) == {"a": b"safe", "b": b"x" * 50_000}


def test_one_of_many_conditional_writes_wins(serving, server):
    store = holdall.Memory()
    store["a"] = b"0"
    with serving({"b": store}, server=server, threads=16) as http, ThreadPoolExecutor(8) as pool:
        for turn in range(20):
            tag = http("GET", "/v1/b/docs/a").headers["ETag"]
            put = lambda n, tag=tag: http("PUT", "/v1/b/docs/a", b"%d" % n, If_Match=tag).status  # noqa: E731
            numbers = range(turn * 8, turn * 8 + 8)
            statuses = dict(zip(numbers, pool.map(put, numbers), strict=True))
            assert sorted(statuses.values()) == [204, *[412] * 7]
            assert statuses[int(store["a"])] == 204


DEPTHS = [50, 400, 900, 990, 1100, 100_000]


@pytest.mark.parametrize("depth", DEPTHS)
def test_a_body_that_is_nested_deeply_is_stored_or_refused(serving, server, depth):
    nested = b"[" * depth + b"]" * depth
    store = holdall.Json(holdall.Memory())
    patches = {
        "application/merge-patch+json": b'{"a":' * depth + b"1" + b"}" * depth,
        "application/json-patch+json": b'[{"op": "add", "path": "/x", "value": %b}]' % nested,
    }
    with serving({"b": store}, server=server, max_body=1 << 20) as http:
        put = http("PUT", "/v1/b/docs/a", nested, Content_Type="application/json").status
        assert put in (201, 422)
        got = http("GET", "/v1/b/docs/a")
        assert (got.status, got.data) == (200, nested) if put == 201 else got.status == 404
        store["p"] = {}
        for media_type, patch in patches.items():
            answer = http("PATCH", "/v1/b/docs/p", patch, Content_Type=media_type)
            assert answer.status in (200, 400, 422), answer.data
        for kind in ("batch", "transact"):
            body = b'{"operations": [{"op": "put", "key": "c", "value": %b}]}' % nested
            answer = http("POST", f"/v1/b:{kind}", body, Content_Type="application/json")
            assert answer.status in (200, 204, 400, 422)
            assert b'"status":500' not in answer.data
        assert http("GET", "/v1/b/docs?include=values").status == 200


class Switched(holdall.PassThrough):
    """A store whose server can go away."""

    away = False

    def _reach(self):
        if self.away:
            raise holdall.Unavailable("no answer from 10.0.0.7")

    def get_tagged(self, key):
        self._reach()
        return self._inner.get_tagged(key)

    def tag(self, key):
        self._reach()
        return self._inner.tag(key)

    def scan(self, prefix="", *, start="", stop=None):
        self._reach()
        return self._inner.scan(prefix, start=start, stop=stop)


def test_a_store_that_goes_away_comes_back(serving, server, store):
    switched = Switched(store)
    with serving({"b": switched}, server=server) as http:
        for away in (False, True, False):
            switched.away = away
            answers = [
                http("GET", "/v1/b/docs/a"),
                http("PUT", "/v1/b/docs/a", b"new"),
                http("GET", "/v1/b/docs"),
                http("DELETE", "/v1/b/docs/a", If_Match="*"),
                http("PUT", "/v1/b/docs/a", b"safe"),
            ]
            assert [each.status for each in answers] == ([503] * 5 if away else [200, 204, 200, 204, 201])
            for each in answers if away else ():
                assert each.headers["Retry-After"] == "1"
                assert "10.0.0.7" not in each.data.decode()


def test_a_flood_of_connections_is_served_in_turn(serving, server, store):
    with serving({"b": store}, server=server) as http, ExitStack() as last:
        socks = [last.enter_context(connect(http)) for _ in range(300)]
        for each in socks:
            each.sendall(b"GET /v1/b/docs/a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        for each in socks:
            with each.makefile("rb") as answer:
                assert answer.read().endswith(b"safe")
