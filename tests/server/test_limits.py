"""The limits: rates, room for bodies, and the end of streams that must not go on."""

import json

import falcon
import pytest
import urllib3

import holdall
from holdall.server import Scope, Tokens
from holdall.server.receiving import Room
from holdall.server.serving import Server
from tests.server.test_tokens import by

LINES = "application/x-ndjson"


def granian(*arguments, **options):
    from holdall.server.granian import GranianServer

    return GranianServer(*arguments, **options)


SERVERS = [Server, pytest.param(granian, marks=pytest.mark.servers)]


def test_a_sender_has_a_rate(serving):
    store, tokens = holdall.Memory(), Tokens(holdall.Memory())
    ada, bob = (tokens.add(name, [Scope(write=True)]) for name in ("ada", "bob"))
    with serving({"a": store}, tokens=tokens._store._inner, limits={"rate": 0.001}) as http:
        statuses = [http("PUT", f"/v1/a/docs/{n}", b"", **by(ada)).status for n in range(3)]
        assert (statuses, sorted(store)) == ([201, 201, 429], ["0", "1"])
        refused = http("GET", "/v1/a/docs", **by(ada))
        assert refused.status == 429
        assert 1 <= int(refused.headers["Retry-After"]) <= 1000
        assert http("GET", "/v1/a/docs", **by(bob)).status == 200
        assert http("GET", "/v1/a/docs").status == 401


def test_an_address_has_a_rate(serving):
    with serving({"a": holdall.Memory()}, limits={"rate": 0.001}) as http:
        assert [http("GET", "/v1/a/docs").status for _ in range(3)] == [200, 200, 429]


def test_a_body_waits_for_room_and_then_gives_up(monkeypatch):
    monkeypatch.setattr("holdall.server.receiving._PATIENCE", 0)
    room = Room(20, 10)
    with (
        room.take(1),
        room.take(1),
        room.take(10),
        pytest.raises(falcon.HTTPServiceUnavailable) as refused,
        room.take(1),
    ):
        pass
    assert refused.value.headers["Retry-After"] == "1"
    assert room.left == 20
    with room.take(1 << 62):
        assert room.left == 10


@pytest.mark.parametrize("body", [b"", b"x", b"x" * 1000])
def test_a_request_gives_its_room_back(serving, body):
    with serving({"a": holdall.Memory()}, max_body=1000, limits={"bodies": 1}) as http:
        for n in range(10):
            assert http("PUT", f"/v1/a/docs/{n}", body).status == 201
        answer = http("PUT", "/v1/a/docs/a", b"x" * 1001)
        assert answer.status == answer.json()["status"] == 413
        assert answer.json()["detail"]
        assert http("PUT", "/v1/a/docs/a", b"x").status == 201


@pytest.fixture(scope="module")
def large():
    """A store of which no server sends everything before the client reads."""
    store = holdall.Memory()
    store.update((f"{n:05}", b"x" * 3000) for n in range(8_000))
    return store


def problem_of(stream):
    """The problem in the last line of a stream whose connection breaks. Granian may break it before this line."""
    data, broke = bytearray(), False
    try:
        for part in stream:
            data += part
    except urllib3.exceptions.HTTPError:
        broke = True
    assert broke
    last = data.splitlines()[-1]
    return json.loads(last)["problem"] if last.startswith(b'{"problem"') else None


@pytest.mark.parametrize("server", SERVERS)
def test_a_stream_ends_after_its_time(serving, large, server):
    with serving({"a": large}, limits={"seconds": 0}, server=server) as http:
        problem = problem_of(http.stream("/v1/a/docs?include=values", LINES))
    assert server is not Server or problem["status"] == 503


@pytest.mark.parametrize("server", SERVERS)
def test_a_stream_ends_when_its_token_is_revoked(serving, large, server, monkeypatch):
    monkeypatch.setattr("holdall.server.streams._LOOK", 0)
    kept = holdall.Memory()
    token = Tokens(kept).add("ada", [Scope("a")])
    with serving({"a": large}, tokens=kept, server=server) as http:
        answer = http._pool.request(
            "GET",
            f"{http.url}/v1/a/docs?include=values",
            headers={"Accept": LINES, **by(token)},
            preload_content=False,
        )
        with answer:
            parts = answer.stream(1 << 16)
            next(parts)
            Tokens(kept).revoke("ada")
            problem = problem_of(parts)
    assert server is not Server or problem["status"] == 401


class Failing(holdall.PassThrough):
    def scan_items(self, prefix="", *, start="", stop=None):
        yield from list(self._inner.scan_items(prefix, start=start, stop=stop))[:100]
        raise holdall.Unavailable("gone from /srv/data")


@pytest.mark.parametrize("server", SERVERS)
def test_a_stream_whose_store_fails_says_so(serving, large, server):
    with serving({"a": Failing(large)}, server=server) as http:
        problem = problem_of(http.stream("/v1/a/docs?include=values", LINES))
    assert server is not Server or problem["type"] == "urn:holdall:Unavailable"
    assert "srv" not in str(problem)
