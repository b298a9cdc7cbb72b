"""The change feed as Server-Sent Events: what a browser gets, and how it goes on after it lost the connection."""

import json
import socket
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from itertools import islice
from urllib.parse import urlsplit

import pytest

import holdall
from holdall.server import Scope, Tokens
from tests.server.test_changes import threaded


class Events:
    """A stream of events, as `EventSource` of a browser reads it."""

    def __init__(self, http, query="", last=None, **headers):
        place = urlsplit(http.url)
        self.connection = HTTPConnection(place.hostname, place.port, timeout=60)
        sent = {"Accept": "text/event-stream", **headers} | ({"Last-Event-ID": last} if last else {})
        self.connection.request("GET", f"/v1/notes/changes{query}", headers=sent)
        self.answer = self.connection.getresponse()
        self.last = last

    def block(self):
        """The fields of the next block, as pairs; nothing at the end of the stream."""
        lines = []
        while line := self.answer.readline().decode():
            if line == "\n":
                return [tuple(part.strip() for part in each.partition(":")[::2]) for each in lines]
            lines.append(line)
        return None

    def __iter__(self):
        """The events, each with its kind; empty ones only move the id."""
        while (block := self.block()) is not None:
            fields = dict(block)
            self.last = fields.get("id", self.last)
            if "data" in fields:
                yield fields.get("event", "message"), json.loads(fields["data"])

    def keys(self, count):
        """The keys of the next ``count`` events."""
        events = iter(self)
        return [next(events)[1]["key"] for _ in range(count)]


@pytest.fixture(scope="module")
def stores():
    return {"notes": holdall.Text(holdall.Memory())}


@pytest.fixture
def store(stores):
    stores["notes"].clear()
    return stores["notes"]


@pytest.fixture(scope="module")
def http(serving, stores):
    with serving(stores, threads=1) as client:
        yield client


def position(http):
    """The position of now."""
    return http("GET", "/v1/notes/changes?limit=1000").json()["position"]


@contextmanager
def events(http, *arguments, **headers):
    stream = Events(http, *arguments, **headers)
    try:
        yield stream
    finally:
        stream.answer.close()
        stream.connection.close()


def test_a_stream_has_every_key_and_then_each_change(http, store):
    store.update({"a": "1", "b": "2"})
    with events(http) as stream:
        assert stream.answer.headers["Content-Type"] == "text/event-stream"
        assert stream.block() == [("retry", "1000")]
        assert stream.keys(2) == ["a", "b"]
        http("PUT", "/v1/notes/docs/c", b"3")
        del store["a"]
        told = {each["key"]: each["tag"] for _, each in islice(stream, 2)}
        assert told == {"c": store.tag("c"), "a": None}


def test_a_stream_goes_on_after_the_last_id(http, store):
    store["a"] = "1"
    with events(http) as stream:
        assert stream.keys(1) == ["a"]
        last = stream.last
    store["b"] = "2"
    with events(http, "?since=abc.1", last) as stream:
        assert stream.keys(1) == ["b"]


def test_a_stream_has_the_changes_of_its_prefix(http, store):
    with events(http, "?prefix=a/") as some, events(http) as every:
        store["b/1"] = "x"
        store["a/1"] = "x"
        assert every.keys(2) == ["b/1", "a/1"]
        assert some.keys(1) == ["a/1"]


def test_a_long_backlog_comes_in_pages(http, store, monkeypatch):
    monkeypatch.setattr("holdall.server.changes.PAGE", 7)
    store.update((f"{n:02}", "x") for n in range(50))
    with events(http) as stream:
        assert stream.keys(50) == [f"{n:02}" for n in range(50)]


def test_a_position_that_expired_is_an_event_that_resets_the_id(http, store):
    store["a"] = "1"
    with events(http, "", "abc.1") as stream:
        ((kind, problem),) = stream
        assert (kind, problem["type"], problem["status"]) == ("expired", "urn:holdall:Expired", 410)
        assert stream.last == ""
    with events(http, "", stream.last) as stream:
        assert stream.keys(1) == ["a"]
    assert http("GET", "/v1/notes/changes?since=abc.1", Accept="text/event-stream").status == 410
    assert http("GET", "/v1/notes/changes", Accept="text/event-stream", Last_Event_ID="x").status == 400


def test_a_silent_stream_shows_that_it_is_alive(http, store, monkeypatch):
    monkeypatch.setattr("holdall.server.waiters._BEAT", 0.01)
    store["a"] = "1"
    with events(http) as stream:
        stream.keys(1)
        first = stream.block()
        assert [name for name, _ in first] == ["", "id"]
        with events(http, "", dict(first)["id"]) as later:
            store["b"] = "2"
            assert later.keys(1) == ["b"]


@pytest.mark.parametrize("through", [None, threaded], ids=["by socket", "by thread"])
def test_a_stream_ends_when_the_service_ends(serving, stores, store, through):
    with ExitStack() as last:
        with serving(stores, through=through) as http:
            stream = last.enter_context(events(http, f"?since={position(http)}"))
            store["b"] = "2"
            assert stream.keys(1) == ["b"]
        assert list(stream) == []
        assert stream.answer.isclosed()  # it had its last chunk


def test_a_stream_ends_after_its_time(serving, stores, store):
    with serving(stores, limits={"seconds": 0.01}) as http, events(http) as stream:
        assert list(stream) == []
        assert stream.answer.isclosed()


def test_a_head_has_the_headers_and_nothing_waits(http):
    head = http("HEAD", "/v1/notes/changes", Accept="text/event-stream")
    assert (head.status, head.headers["Content-Type"]) == (200, "text/event-stream")


def test_streams_hold_no_thread_and_have_a_limit(serving, stores, store):
    with serving(stores, threads=1, limits={"waiting": 20}) as http:
        streams = [Events(http) for _ in range(20)]
        assert http("PUT", "/v1/notes/docs/a", b"1").status == 201
        assert [each.keys(1) for each in streams] == [["a"]] * 20
        refused = http("GET", "/v1/notes/changes", Accept="text/event-stream")
        assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
        streams[0].answer.close()
        streams[0].connection.close()
        while http("HEAD", "/v1/notes/changes?since=x").status == 503:
            pass
        streams[0] = again(http)
        for each in streams:
            each.answer.close()
            each.connection.close()


def again(http):
    """A stream, when there is room for it."""
    while (stream := Events(http)).answer.status == 503:
        stream.answer.read()
        stream.connection.close()
    return stream


def test_a_token_that_is_revoked_ends_its_stream(serving, stores, store, monkeypatch):
    monkeypatch.setattr("holdall.server.waiters._CHECK", 0.0)
    kept = holdall.Memory()
    tokens = Tokens(kept)
    given = tokens.add("ada", [Scope("notes", "ada/")])
    with serving(stores, tokens=kept) as http:
        with events(http, "?prefix=ada/", Authorization=f"Bearer {given}") as stream:
            store["ada/1"] = "x"
            assert stream.keys(1) == ["ada/1"]
            tokens.revoke("ada")
            assert list(stream) == []
        with events(
            http, "", Authorization=f"Bearer {tokens.add('bob', [Scope('notes', 'bob/')])}"
        ) as stream:
            assert stream.answer.status == 403


def test_a_client_that_does_not_read_is_cut_off(serving, stores, store, monkeypatch):
    monkeypatch.setattr("holdall.server.waiters._SLOW", 0.05)
    with serving(stores, limits={"waiting": 1}) as http, socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 12)
        place = urlsplit(http.url)
        deaf.connect((place.hostname, place.port))
        request = b"GET /v1/notes/changes HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"
        deaf.sendall(request)
        deaf.recv(1)
        names = [f"{n:03}" + "x" * 380 for n in range(400)]
        for number in range(40):  # more than the buffers of the sockets keep
            store.update((name, f"{number}") for name in names)
            if http("GET", "/v1/notes/changes?since=abc.1").status != 410:
                break
        stream = again(http)
        stream.answer.close()
        stream.connection.close()
