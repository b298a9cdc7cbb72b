"""A cache of requests-cache: responses of a real server, redirects, revalidation, and serializers."""

import doctest
import json
import os
import pickle
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from requests_cache import CachedResponse, CachedSession

import holdall
from holdall.bridges import requests_cache
from holdall.bridges.requests_cache import StoreCache

# It takes a second to import: see `make test-clusters`.
pytestmark = pytest.mark.servers

EVERY_BYTE = bytes(range(256))
AGO = timedelta(seconds=-1)


class Site(BaseHTTPRequestHandler):
    """A server that counts the requests for each path."""

    protocol_version = "HTTP/1.1"
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path == "/moved":
            self._answer(302, {"Location": "/bytes"})
        elif self.headers.get("If-None-Match") == '"1"':
            self._answer(304, {"ETag": '"1"', "Cache-Control": "max-age=0"})
        else:
            self._answer(200, {"ETag": '"1"', "Set-Cookie": "id=7", "X-Name": "Zürich"}, EVERY_BYTE)

    def _answer(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Write no log."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def site(server: str) -> str:
    Site.asked.clear()
    return server


@pytest.fixture
def address(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/cache.db?durability=os"


def test_another_program_finds_the_response_whole(site: str, address: str) -> None:
    with CachedSession(backend=StoreCache(address)) as session:
        first = session.get(f"{site}/moved")
    with CachedSession(backend=StoreCache(address)) as session:
        moved, there = session.get(f"{site}/moved"), session.get(f"{site}/bytes")
        assert session.cache.urls() == [f"{site}/bytes"]
    assert Site.asked == ["/moved", "/bytes"]
    for found in (moved, there):
        assert found.from_cache
        assert (found.content, found.headers, found.cookies) == (EVERY_BYTE, first.headers, first.cookies)


def test_an_expired_response_is_confirmed_by_the_server_or_deleted(site: str) -> None:
    cache = StoreCache("memory://")
    with CachedSession(backend=cache, cache_control=True) as session:
        session.get(site)
        cache.reset_expiration(AGO)
        found = session.get(site)
        assert found.from_cache
        assert found.revalidated
        assert len(Site.asked) == 2
        cache.reset_expiration(AGO)
        cache.delete(expired=True)
        assert not cache.contains(url=site)


def test_clearing_leaves_the_other_data_of_the_store_alone(site: str) -> None:
    store = holdall.Memory()
    store["orders/1"] = b"..."
    with CachedSession(backend=StoreCache(store)) as session:
        session.get(f"{site}/moved")
        assert len(store) > 2
        session.cache.clear()
    assert list(store) == ["orders/1"]


def test_keys_may_be_any_text() -> None:
    responses = StoreCache("memory://").responses
    for key in ("", "../a", "Zürich\n", "a/", ".holdall/a"):
        responses[key] = CachedResponse(status_code=201)
        assert responses[key].cache_key == key
        assert responses[key].status_code == 201
    assert {key for key, _ in responses.items()} == {"", "../a", "Zürich\n", "a/", ".holdall/a"}
    responses.bulk_delete(["", "missing", "a/"])
    assert len(responses) == 3


def test_values_are_json_and_a_pickle_is_never_loaded_unasked(site: str, tmp_path: Path) -> None:
    store = holdall.Memory()
    with CachedSession(backend=StoreCache(store)) as session:
        session.get(site)
        (key,) = store
        assert json.loads(store[key])["url"] == f"{site}/"
        store[key] = pickle.dumps(Trap(tmp_path / "sprung"))
        assert session.cache.responses[key.rpartition("/")[2]] is None
        assert not session.get(site).from_cache
    assert not (tmp_path / "sprung").exists()


def test_pickle_can_be_asked_for(site: str) -> None:
    store = holdall.Memory()
    with CachedSession(backend=StoreCache(store, "pickle")) as session:
        session.get(site)
        assert session.get(site).content == EVERY_BYTE
    (data,) = store.values()
    assert pickle.loads(data)["url"] == f"{site}/"


class Trap:
    """An object whose pickle makes a folder when it is loaded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.folder),)


def test_the_documentation_of_the_module() -> None:
    assert doctest.testmod(requests_cache).failed == 0
