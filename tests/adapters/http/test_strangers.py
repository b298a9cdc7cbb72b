"""Servers that are not a service of holdall, or a hostile one: none of their answers is a value or a missing key."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from holdall import Corrupt, Json, PermissionDenied, StoreNotFound, Unavailable
from holdall.adapters.http import HTTP, answer
from holdall.errors import HoldallError, StoreFull, Throttled, TooLarge, Unsupported
from holdall.store import ABSENT
from holdall.testing import BrokenStoreTests
from tests.adapters.http.service import running

OURS = "Holdall: 1\r\n"


class Stranger(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    answers: dict[str, bytes] = {}

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.wfile.write(next(data for part, data in self.answers.items() if part in self.path))
        self.close_connection = True

    do_PUT = do_POST = do_DELETE = do_GET  # noqa: N815 - names of http.server

    def log_message(self, format, *args):
        """Say nothing."""


def http(body=b"", status=200, kind="application/json", headers=OURS):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return head.encode() + body


INFO = {
    "values": "bytes", "media_type": "application/octet-stream", "body": 1000, "page": 1000, "operations": 1000,
    "features": ["TAGS", "SWAP", "CHANGES", "FLYING"],
}  # fmt: skip


@pytest.fixture(scope="module")
def stranger():
    class Mine(Stranger):
        pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Mine)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    Mine.url = f"http://127.0.0.1:{server.server_port}/v1/a"
    yield Mine
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def answering(stranger):
    def answering(data, info=INFO):
        stranger.answers = {":info": http(info), "": data}
        return HTTP(stranger.url, retries=1)  # each connection is closed after an answer that does not say so

    return answering


STRANGERS = {
    "a site": http(b"<html>hello</html>", kind="text/html", headers=""),
    "a site without the page": http(b"<html>404</html>", 404, "text/html", headers=""),
    "another API": http({"items": []}, headers=""),
    "an API without the path": http({"error": "no"}, 404, headers=""),
    "nothing": http(b"", 204, headers=""),
}


@pytest.mark.servers
@pytest.mark.parametrize("name", STRANGERS)
def test_another_program_is_no_store(stranger, name):
    stranger.answers = {"": STRANGERS[name]}
    with HTTP(stranger.url) as store:
        for call in (
            lambda: store["a"],
            lambda: store.get("a"),
            lambda: "a" in store,
            lambda: store.tag("a"),
            lambda: store.__setitem__("a", b"1"),
            lambda: store.__delitem__("a"),
            lambda: store.discard("a"),
            lambda: list(store.scan()),
            lambda: store.features,
        ):
            with pytest.raises(StoreNotFound, match=r"is not a store of a holdall service.*/v1/NAME"):
                call()


@pytest.mark.servers
class TestAway(BrokenStoreTests[bytes]):
    @pytest.fixture
    def open_store(self):
        return lambda: HTTP("http://127.0.0.1:1/v1/a", retries=0)


GARBLED = {
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "a long line": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
    "many headers": b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 200 + b"\r\n",
    "no gzip": http(b"no gzip", headers=OURS + "Content-Encoding: gzip\r\n"),
}


@pytest.mark.servers
@pytest.mark.parametrize("name", GARBLED)
def test_what_is_not_http_is_corrupt(answering, name):
    with answering(GARBLED[name]) as store, pytest.raises(Corrupt):
        store.get("a")


def test_a_long_answer_is_not_read(answering, monkeypatch):
    monkeypatch.setattr(answer, "LARGEST", 1000)
    endless = (
        b"HTTP/1.1 200 OK\r\nHoldall: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"400\r\n%b\r\n" % bytes(1024) * 9
    )
    for data in (http(bytes(1001)), endless, http(b"x", headers=f"{OURS}Content-Length: 99999999999999\r\n")):
        with answering(data) as store, pytest.raises((TooLarge, Unavailable)):
            store.get("a")


DEEP = b"[" * 100_000
PAGES = {
    "climbs": {"items": [{"key": "../../etc/passwd"}]},
    "is reserved": {"items": [{"key": ".holdall/manifest"}]},
    "has a control character": {"items": [{"key": "a\0"}]},
    "is out of order": {"items": [{"key": "b"}, {"key": "a"}]},
    "comes twice": {"items": [{"key": "a"}, {"key": "a"}]},
    "is out of bounds": {"items": [{"key": "z"}]},
    "is no text": {"items": [{"key": 7}]},
    "is no list": {"items": 7},
    "is nothing": {},
}


@pytest.mark.parametrize("name", PAGES)
def test_a_key_that_no_honest_page_has_is_corrupt(answering, name):
    with answering(http(PAGES[name])) as store:
        for scan in (store.scan, store.scan_tags, store.scan_items):
            with pytest.raises(Corrupt):
                list(scan(stop="c"))


@pytest.mark.servers
@pytest.mark.parametrize("body", [DEEP, b"{", b"\xff", b'{"results": []}', b"{}"], ids=range(5))
def test_json_that_is_not_the_answer_is_corrupt(answering, body):
    with answering(http(body)) as store:
        for call in (
            lambda: list(store.scan()),
            lambda: list(store.get_many(["a"])),
            lambda: store.update({"a": b"1", "b": b"2"}),
            lambda: store.changes(),
        ):
            with pytest.raises(Corrupt):
                call()
    with answering(b"", info=body) as store, pytest.raises(Corrupt):
        _ = store.features
    with answering(b"", info={**INFO, "values": "pickle"}) as store, pytest.raises(Corrupt):
        _ = store.features


def test_changes_of_keys_that_are_not_valid_are_corrupt(answering):
    for key in ("../a", "b"):
        page = {
            "changes": [{"key": key, "tag": "1", "position": "a.1"}],
            "since": "a.0",
            "position": "a.1",
            "more": False,
        }
        with answering(http(page)) as store, pytest.raises(Corrupt):
            store.changes(prefix="a")


def test_a_feed_that_stays_at_its_place_is_corrupt(answering):
    page = {"changes": [{"key": "a", "tag": "1", "position": "a.1"}], "since": "a.0", "position": "a.1"}
    with answering(http({**page, "more": True})) as store, pytest.raises(Corrupt):
        list(store.changes())
    for member, value in {"since": "no place", "position": "a.1\n"}.items():
        with answering(http({**page, "more": False, member: value})) as store, pytest.raises(Corrupt):
            store.changes()


def test_a_history_that_never_ends_or_is_out_of_order_is_corrupt(answering):
    def revision(number, time="2026-01-01T00:00:00Z"):
        return {"revision": number, "time": time, "deleted": False, "author": "", "message": ""}

    for page in (
        {"revisions": [revision(5)], "next": "/v1/a/history/k?cursor=NQ"},
        {"revisions": [revision(1), revision(2)]},
        {"revisions": [revision(0)]},
        {"revisions": [revision(1, "2026-01-01T00:00:00")]},
    ):
        with answering(http(page)) as store, pytest.raises(Corrupt):
            list(store.history("k"))


@pytest.mark.parametrize("status", [201, 204, 206, 304])
def test_an_answer_that_is_not_a_whole_value_is_corrupt(answering, status):
    part = http(b"" if status in (204, 304) else b"part", status, headers=OURS + 'ETag: "1"\r\n')
    with answering(part) as store:
        for read in (store.get, store.get_tagged, lambda key: store.at(key, 1)):
            with pytest.raises(Corrupt, match=f"answered {status}"):
                read("a")


def test_an_item_without_the_part_that_was_asked_for_is_corrupt(answering):
    with answering(http({"items": [{"key": "a"}]})) as store:
        assert list(store.scan()) == ["a"]
        for scan in (store.scan_items, store.scan_tags):
            with pytest.raises(Corrupt):
                list(scan())


def problem(status, **members):
    return http({"status": status, **members}, status, "application/problem+json")


ERRORS = [
    (problem(404, type="urn:holdall:KeyError"), KeyError),
    (problem(404), StoreNotFound),
    (problem(403, detail="no"), PermissionDenied),
    (problem(413), TooLarge),
    (problem(429), Throttled),
    (problem(500), Unavailable),
    (problem(501, type="urn:holdall:Unsupported"), Unsupported),
    (problem(507, type="urn:holdall:StoreFull"), StoreFull),
    (problem(418, type="urn:holdall:Brewing"), HoldallError),
    (problem(500, type="urn:holdall:Final"), Unavailable),
    (http(DEEP, 400, "application/problem+json"), HoldallError),
    (http(b"busy", 503, "text/html", headers=""), Unavailable),
    (http(b"login", 401, "text/html", headers=""), PermissionDenied),
    (http(b"large", 413, "text/html", headers=""), TooLarge),
]


@pytest.mark.servers
@pytest.mark.parametrize(("data", "error"), ERRORS, ids=range(len(ERRORS)))
def test_each_status_has_its_error(answering, data, error):
    with answering(data) as store:
        with pytest.raises(error) as raised:
            store["a"]
        assert error is KeyError or not isinstance(raised.value, KeyError)
        assert "\n" not in str(raised.value)


def test_a_detail_is_one_short_line(answering):
    with answering(problem(403, detail="one\ntwo" + "x" * 100_000)) as store:
        with pytest.raises(PermissionDenied) as raised:
            store["a"]
        assert "two" not in str(raised.value)


def test_a_swap_that_gets_no_tag_is_no_success(answering):
    with answering(http(b"", 204)) as store, pytest.raises(Unsupported):
        store.swap("a", b"1", ABSENT)


def test_a_document_of_a_stranger_is_corrupt():
    with running() as service, service.open() as store:
        service.below(store)["a"] = b"[" * 5
        with pytest.raises(Corrupt, match="'a'"):
            Json(store)["a"]
