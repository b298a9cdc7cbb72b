"""Addresses of stores on HTTP services: what each means, what is refused, and where a token goes."""

import pickle
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import holdall
from holdall import PermissionDenied
from holdall.adapters.http import HTTP
from holdall.errors import InvalidAddress
from holdall.server import Scope, Tokens
from tests.adapters.http.service import running

OPENED = {
    "http://127.0.0.1:8080/v1/notes": "HTTP('http://127.0.0.1:8080/v1/notes')",
    "http://[::1]:8080/v1/notes/": "HTTP('http://[::1]:8080/v1/notes')",
    "https://books.example/v1/books?token=env:T&timeout=3": (
        "HTTP('https://books.example/v1/books', token='***', timeout=3.0)"
    ),
    "https://books.example/shop/é/v1/books?ca=ca.pem&retries=0": (
        "HTTP('https://books.example/shop/%C3%A9/v1/books', ca='ca.pem', retries=0)"
    ),
    "http://localhost/v1/notes?readonly=1": "ReadOnly(HTTP('http://localhost/v1/notes'))",
}


@pytest.mark.parametrize("address", OPENED)
def test_an_address_opens(address):
    with holdall.open(address) as store:
        assert repr(store) == OPENED[address]
        assert repr(pickle.loads(pickle.dumps(store))) == OPENED[address]


REFUSED = {
    "http://127.0.0.1:8080/notes": "/v1/NAME",
    "http://127.0.0.1:8080": "/v1/NAME",
    "http://127.0.0.1:8080/v1/no/tes": "/v1/NAME",
    "http:///v1/notes": "the host is missing",
    "http://ada:secret@127.0.0.1/v1/notes": "token=env:NAME",
    "https://books.example/v1/notes?token=secret": "never the token itself",
    "https://books.example/v1/notes?token=env:": "never the token itself",
    "http://books.example/v1/notes?token=env:T": "write https://",
    "http://10.0.0.1/v1/notes?token=env:T": "write https://",
    "http://127.0.0.1/v1/notes?ca=ca.pem": "no parameter",
    "http://127.0.0.1/v1/notes?timeout=0": "timeout",
    "http://127.0.0.1/v1/notes?retries=-1": "retries",
    "http://127.0.0.1/v1/notes?retires=1": "did you mean 'retries'",
    "http://books..example/v1/notes": "host name",
}


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_is_not_valid_is_refused_with_the_remedy(address):
    with pytest.raises(InvalidAddress, match=REFUSED[address]) as refusal:
        holdall.open(address)
    assert "secret" not in str(refusal.value)


def test_certificates_are_for_https_only():
    with pytest.raises(InvalidAddress, match="https://"):
        HTTP("http://127.0.0.1/v1/a", ca="ca.pem")
    with (
        HTTP("https://127.0.0.1:1/v1/a", ca="nowhere.pem") as store,
        pytest.raises(InvalidAddress, match="PEM"),
    ):
        store.get("a")


@pytest.fixture(scope="module")
def guarded():
    kept = holdall.Memory()
    with running(tokens=kept, raw=True) as service:
        service.tokens = {
            "writer": Tokens(kept).add("writer", [Scope("*", write=True)]),
            "part": Tokens(kept).add("part", [Scope("*", "mine/", write=True)]),
        }
        yield service


def test_a_token_comes_from_its_place_and_shows_nowhere(guarded, monkeypatch, tmp_path, caplog):
    token = guarded.tokens["writer"]
    monkeypatch.setenv("HOLDALL_TEST_TOKEN", token)
    file = tmp_path / "token"
    file.write_text(f"{token}\n")
    file.chmod(0o600)
    for source in ("env:HOLDALL_TEST_TOKEN", f"file:{file}"):
        with guarded.open(token=source) as store:
            store["a"] = b"1"
            with pickle.loads(pickle.dumps(store)) as other:
                assert other["a"] == b"1"
            shown = [repr(store), repr(vars(store)), pickle.dumps(store).decode("latin-1"), caplog.text]
            assert not [text for text in shown if token[-20:] in text]
    with guarded.open(token=lambda: token) as store:
        assert store.get("a") is None


def test_a_token_that_is_missing_wrong_or_changed(guarded, monkeypatch):
    with guarded.open() as store, pytest.raises(PermissionDenied, match="token"):
        store.get("a")
    with guarded.open(token="env:HOLDALL_TEST_TOKEN") as store:
        monkeypatch.delenv("HOLDALL_TEST_TOKEN", raising=False)
        with pytest.raises(PermissionDenied, match="no variable HOLDALL_TEST_TOKEN"):
            store.get("a")
        for wrong in ("two words", "x\r\nEvil: 1", ""):
            monkeypatch.setenv("HOLDALL_TEST_TOKEN", wrong)
            with pytest.raises(PermissionDenied, match="visible ASCII"):
                store.get("a")
        monkeypatch.setenv("HOLDALL_TEST_TOKEN", "revoked")
        with pytest.raises(PermissionDenied) as refused:
            store.get("a")
        assert "revoked'" not in str(refused.value)
        monkeypatch.setenv("HOLDALL_TEST_TOKEN", guarded.tokens["writer"])  # the next request reads it again
        assert store.get("a") is None


def test_a_scope_covers_a_part(guarded):
    with guarded.open(token=lambda: guarded.tokens["part"]) as store:
        store.update({"mine/a": b"1", "mine/b": b"2"})
        assert list(store.scan_items("mine/")) == [("mine/a", b"1"), ("mine/b", b"2")]
        for refused in (
            lambda: store["a"],
            lambda: list(store),
            lambda: store.update({"mine/c": b"3", "a": b"1"}),
            lambda: store.transact([holdall.Put("a", b"1")]),
            lambda: store.raw().get(".holdall/x"),
            lambda: store.changes(),
        ):
            with pytest.raises(PermissionDenied):
                refused()


class Stranger(BaseHTTPRequestHandler):
    """Another program: it answers each path with what the test says, and remembers the headers."""

    protocol_version = "HTTP/1.1"
    answer: bytes = b""
    heard: list[str] = []

    def do_GET(self):
        self.heard.append(str(self.headers))
        self.wfile.write(self.answer)
        self.close_connection = True

    do_PUT = do_POST = do_DELETE = do_GET  # noqa: N815 - names of http.server

    def log_message(self, format, *args):
        """Say nothing."""


@pytest.fixture
def stranger():
    class Mine(Stranger):
        heard: list[str] = []

    server = ThreadingHTTPServer(("127.0.0.1", 0), Mine)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    Mine.url = f"http://127.0.0.1:{server.server_port}"
    yield Mine
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_redirect_is_not_followed_and_gets_no_token(stranger, guarded, monkeypatch):
    monkeypatch.setenv("HOLDALL_TEST_TOKEN", "holdall_ada.secret")
    for status in (301, 302, 307, 308):
        place = f"{guarded.url}/v1/s0/docs/a?token=x"
        stranger.answer = (
            f"HTTP/1.1 {status} Moved\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n".encode()
        )
        with HTTP(f"{stranger.url}/v1/a", token="env:HOLDALL_TEST_TOKEN") as store:
            for call in (lambda: store["a"], lambda: store.__setitem__("a", b"1"), lambda: list(store)):
                with pytest.raises(InvalidAddress, match=r"redirects to 'http://127\.0\.0\.1/v1/s0/docs/a'"):
                    call()
