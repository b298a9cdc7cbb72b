"""Listings: pages that join without a gap, and streams that need no memory for what they send."""

import json
import socket
import threading
import tracemalloc
from urllib.parse import quote, urlencode, urlsplit

import pytest
import urllib3
from hypothesis import given, settings
from hypothesis import strategies as st

import holdall
from holdall.server import app
from holdall.server.serving import Server, listen
from holdall.testing.keyspace import between, near_keys, spans
from tests.server.client import Client

NDJSON = "application/x-ndjson"


class Endless(holdall.PassThrough):
    """Yields ``count`` items of 1,000 bytes, and then raises ``error`` if there is one."""

    count = 0
    error = None

    def scan_items(self, prefix="", *, start="", stop=None):
        for number in range(self.count):
            yield f"{number:06}", b"x" * 1000
        if self.error:
            raise self.error


@pytest.fixture(scope="module")
def stores():
    return {
        "bytes": holdall.Memory(),
        "documents": holdall.Json(holdall.Memory()),
        "endless": Endless(holdall.Memory()),
    }


@pytest.fixture(scope="module")
def http(serving, stores):
    with serving(stores) as client:
        yield client


def pages(http, path):
    """The items of every page, from the first on."""
    while path:
        page = http("GET", path).json()
        yield page["items"]
        path = page.get("next")


@given(
    names=st.lists(near_keys(), max_size=12, unique=True),
    span=spans(),
    limit=st.integers(1, 5),
    include=st.sampled_from(["keys", "tags", "values", "all"]),
)
@settings(max_examples=25, deadline=None)
def test_the_pages_hold_each_key_of_the_scan_once(http, stores, names, span, limit, include):
    store = stores["bytes"]
    store.clear()
    store.update((name, name.encode()) for name in names)
    prefix, start, stop = span
    asked = {"prefix": prefix, "start": start, "limit": limit, "include": include}
    asked |= {} if stop is None else {"stop": stop}
    found = list(pages(http, f"/v1/bytes/docs?{urlencode(asked)}"))
    assert all(len(page) == limit for page in found[:-1])
    items = [item for page in found for item in page]
    expected = list(store.scan(prefix, start=start, stop=stop))
    assert [item["key"] for item in items] == expected
    assert expected == between(names, prefix, start, stop)
    parts = {"keys": {"key"}, "tags": {"key", "tag"}, "values": {"key", "value"}}
    assert all(item.keys() == parts.get(include, {"key", "tag", "value"}) for item in items)
    assert all(item.get("tag", store.tag(item["key"])) == store.tag(item["key"]) for item in items)


def test_a_folder_lists_the_keys_in_it(http, stores):
    stores["documents"].update({"a/1": 1, "a/b/2": 2, "ab": 3, "a": 4})
    listed = http("GET", "/v1/documents/docs/a/?include=values").json()
    assert listed == {"items": [{"key": "a/1", "value": 1}, {"key": "a/b/2", "value": 2}]}
    assert http("GET", "/v1/documents/docs/a/?prefix=b").json() == {"items": [{"key": "a/b/2"}]}
    assert http("HEAD", "/v1/documents/docs/a/").data == b""


def test_pages_of_any_folder_join(http, stores):
    for folder in ("a?b", "a#b", "a%b", "a&b=c", "ä+ b"):
        stores["documents"].clear()
        stores["documents"].update({f"{folder}/{number}": number for number in range(3)})
        found = list(pages(http, f"/v1/documents/docs/{quote(folder)}/?limit=2"))
        assert [item["key"] for page in found for item in page] == list(stores["documents"])


def test_links_of_an_application_that_is_mounted_lead_into_it():
    service = app({"notes": holdall.Text(holdall.Memory())})
    server = Server(lambda env, start: service(mounted(env), start), listen("127.0.0.1:0"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        with urllib3.PoolManager(retries=False, timeout=30) as pool:
            http = Client(server.url, pool)
            made = [http("POST", "/api/v1/notes/docs/a/", b"x").headers["Location"] for _ in range(2)]
            assert [http("GET", location).status for location in made] == [200, 200]
            assert [len(page) for page in pages(http, "/api/v1/notes/docs/a/?limit=1")] == [1, 1]
    finally:
        server.stop()
        thread.join()


def mounted(env):
    """The environment that a framework gives to an application under ``/api``."""
    return env | {"SCRIPT_NAME": "/api", "PATH_INFO": env["PATH_INFO"].partition("/api")[2]}


def test_a_page_ends_before_it_is_too_large(http, stores, monkeypatch):
    monkeypatch.setattr("holdall.server.listing._PAGE", 4 << 10)
    stores["bytes"].clear()
    stores["bytes"].update((f"{number}", b"x" * (1 << 10)) for number in range(7))
    found = list(pages(http, "/v1/bytes/docs?include=values"))
    assert [len(page) for page in found] == [3, 3, 1]
    stores["bytes"].clear()


REFUSED = [
    *("limit=0", "limit=1001", "limit=x", "limit=-1", "limit=1.5", "limit=%D9%A1", "include=none"),
    *("other=1", "limit=1&limit=1", "prefix=%ff", "cursor=*", "cursor=a", "cursor=_w", "a=1&" * 50),
    *("start=%ed%a0%80", "prefix=a&prefix=b"),
]


@pytest.mark.parametrize("query", REFUSED)
def test_a_parameter_that_is_not_valid_is_400(http, query):
    for accept in ("application/json", NDJSON):
        assert http("GET", f"/v1/bytes/docs?{query}", Accept=accept).status == 400


def test_a_stream_has_a_line_for_each_item(http, stores):
    stores["documents"].clear()
    stores["documents"].update((f"k{number:04}", {"n": number}) for number in range(3000))
    streamed = http("GET", "/v1/documents/docs?include=values&start=k0001", Accept=NDJSON)
    assert streamed.headers["Content-Type"] == NDJSON
    lines = [json.loads(line) for line in streamed.data.splitlines()]
    assert lines == [{"key": f"k{number:04}", "value": {"n": number}} for number in range(1, 3000)]
    assert len(http("GET", "/v1/documents/docs?limit=7", Accept=NDJSON).data.splitlines()) == 7
    assert http("GET", "/v1/documents/docs?prefix=none", Accept=NDJSON).data == b"\n" * 0
    assert http("HEAD", "/v1/documents/docs", Accept=NDJSON).data == b""


def test_a_stream_that_breaks_off_does_not_look_complete(http, stores):
    stores["endless"].count, stores["endless"].error = 500, holdall.Unavailable("away")
    with pytest.raises(urllib3.exceptions.ProtocolError):
        _ = http("GET", "/v1/endless/docs?include=values", Accept=NDJSON).data


def test_a_stream_that_breaks_off_is_reset_for_a_client_of_http_1_0(http, stores):
    stores["endless"].count, stores["endless"].error = 500, holdall.Unavailable("away")
    place = urlsplit(http.url)
    with socket.create_connection((place.hostname, place.port), timeout=30) as sock:
        asked = "GET /v1/endless/docs?include=values HTTP/1.0\r\nHost: localhost\r\nAccept: {}\r\n\r\n"
        sock.sendall(asked.format(NDJSON).encode())
        with pytest.raises(ConnectionResetError):
            b"".join(iter(lambda: sock.recv(1 << 16), b""))


def test_a_stream_that_cannot_begin_is_a_problem(http, stores):
    stores["endless"].count, stores["endless"].error = 0, holdall.Unavailable("away")
    for _ in range(6):  # more than there are streams: a refused one holds no place
        assert http("GET", "/v1/endless/docs?include=values", Accept=NDJSON).status == 503


def test_a_stream_needs_no_memory_for_what_it_sends(http, stores):
    stores["endless"].count, stores["endless"].error = 12_000, None
    tracemalloc.start()
    try:
        streamed = http.stream("/v1/endless/docs?include=values", NDJSON)
        size = sum(map(len, streamed))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size > 12_000 * 1000
    assert peak < 6 << 20


def test_streams_leave_threads_for_other_requests(serving, stores):
    stores["endless"].count, stores["endless"].error = 100_000, None
    with serving(stores, threads=3, max_long=2) as http:
        streams = [http.stream("/v1/endless/docs?include=values", NDJSON) for _ in range(2)]
        for each in streams:
            next(each)
        refused = http("GET", "/v1/endless/docs", Accept=NDJSON)
        assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
        assert http("GET", "/v1/bytes/docs").status == 200
        for each in streams:
            each.close()
