"""The same application under other servers: what they do to a path never makes it another key."""

import shutil
import sys
import threading
from contextlib import ExitStack, contextmanager
from urllib.parse import unquote, urlsplit

import pytest
import urllib3

import holdall
from holdall.testing.keyspace import GOOD
from tests.server.client import Client
from tests.server.keys import INVALID_UTF8, REFUSED_KEYS, TRAVERSALS, spellings
from tests.servers.process import free_ports, running

pytestmark = pytest.mark.servers

MODULE = """
from holdall.server import app
application = app({"open": "sqlite:///open.db", "secret": "sqlite:///secret.db"})
"""
NGINX = """
daemon off; pid nginx.pid; error_log stderr; worker_processes 1;
events {}
http {
    access_log off; client_body_temp_path body; proxy_temp_path proxy;
    fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
    proxy_http_version 1.1;
    server { listen 127.0.0.1:%d; location / { proxy_pass http://127.0.0.1:%d; proxy_set_header Host $host; } }
}
"""


def command(name, port):
    place = f"127.0.0.1:{port}"
    if name == "gunicorn":
        return [sys.executable, "-m", "gunicorn", "-b", place, "--threads", "4", "wsgi:application"]
    if name == "granian":
        there = ["--host", "127.0.0.1", "--port", str(port)]
        return [sys.executable, "-m", "granian", "--interface", "wsgi", *there, "wsgi:application"]
    stores = ["open=sqlite:///open.db", "secret=sqlite:///secret.db"]
    program = "granian" if name == "holdall serve, granian" else "waitress"
    return [sys.executable, "-m", "holdall", "serve", *stores, "--listen", place, "--server", program]


@contextmanager
def behind_nginx(folder, port):
    """The port of an nginx before the service at ``port``."""
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin")
    if nginx is None:
        pytest.skip("nginx is not installed; on Debian: apt-get install nginx")
    (front,) = free_ports(1)
    (folder / "nginx.conf").write_text(NGINX % (front, port))
    started = [nginx, "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with running(started, f"http://127.0.0.1:{front}/v1/open/docs", folder):
        yield front


@pytest.fixture(
    scope="module", params=["holdall serve", "holdall serve, granian", "gunicorn", "granian", "nginx"]
)
def http(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    (folder / "wsgi.py").write_text(MODULE)
    (port,) = free_ports(1)
    url, there = f"http://127.0.0.1:{port}/v1/open/docs", {"PYTHONPATH": str(folder)}
    with ExitStack() as last:
        last.enter_context(running(command(request.param, port), url, folder, there))
        if request.param == "nginx":
            port = last.enter_context(behind_nginx(folder, port))
        pool = last.enter_context(urllib3.PoolManager(retries=False, timeout=30))
        client = Client(f"http://127.0.0.1:{port}", pool)
        client.folder = folder
        yield client


@pytest.fixture
def store(http):
    with holdall.open(f"sqlite:///{http.folder}/open.db") as store:
        store.clear()
        yield store


def asked(http, method, path, body=b""):
    """The status that a path gets which is sent exactly as it is, and the body of the answer."""
    host = urlsplit(http.url).netloc
    head = f"{method} /v1/open/docs/{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
    answer = http.raw(f"{head}Content-Length: {len(body)}\r\n\r\n".encode("latin-1") + body, half_close=False)
    return int(answer.split()[1]), answer.partition(b"\r\n\r\n")[2]


def test_every_legal_key(http, store):
    for number, key in enumerate(GOOD):
        value = b"%d" % number
        for path in spellings(key):
            assert asked(http, "PUT", path, value)[0] in (201, 204), path
        for path in spellings(key):
            assert asked(http, "GET", path) == (200, value), path
    assert dict(store) == {key: b"%d" % number for number, key in enumerate(GOOD)}


def test_a_path_that_is_not_a_key_is_refused(http, store):
    store["a"] = b"safe"
    for path in [*INVALID_UTF8, *(each for key in REFUSED_KEYS for each in spellings(key))]:
        status, _ = asked(http, "PUT", path, b"bad")
        spelled = {unquote(path)} - {"a"} & set(store)
        assert (status in (400, 403, 404, 405), spelled) == (True, set()), path
    assert dict(store) == {"a": b"safe"}


def test_a_path_that_climbs_reaches_nothing_else(http, store):
    for path in TRAVERSALS:
        store["a"] = b"safe"
        status, _ = asked(http, "PUT", path, b"bad")
        written = {unquote(path): b"bad"} if status in (201, 204) else {}
        assert dict(store) == {"a": b"safe"} | written, path
        store.clear()
    assert not list(holdall.open(f"sqlite:///{http.folder}/secret.db"))


def test_a_stream_of_events_goes_on_until_the_client_leaves(http, store):
    store["a"] = b"1"
    path = "/v1/open/changes"
    stream = http.stream(path, "text/event-stream")
    told = next(stream)
    while b'"a"' not in told:
        told += next(stream)
    store["b"] = b"2"
    while b'"b"' not in told:
        told += next(stream)
    stream.close()
    since = http("GET", path).json()["position"]
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(http("GET", f"{path}?since={since}&wait=60")))
    waiting.start()
    store["c"] = b"3"
    waiting.join()
    assert [each["key"] for each in answers[0].json()["changes"]] == ["c"]


LENGTHS = [
    b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nbad!",
    b"Content-Length: -3\r\n\r\nbad",
    b"Transfer-Encoding: chunked\r\n\r\nzz\r\nbad\r\n0\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n\r\n3\r\nbad\r\n",
    b"Content-Length: 100\r\n\r\nonly this",
    b"Content-Length: 20000000\r\n\r\n" + b"x" * 100_001,
]


@pytest.mark.parametrize("rest", LENGTHS, ids=range(len(LENGTHS)))
def test_a_body_of_no_certain_length_is_not_written(http, store, rest):
    host = urlsplit(http.url).netloc.encode()
    head = b"PUT /v1/open/docs/a HTTP/1.1\r\nHost: %b\r\nConnection: close\r\n" % host
    answer = http.raw(head + rest)
    assert answer == b"" or answer.split()[1] in (b"400", b"411", b"413", b"500", b"501", b"503"), answer[
        :200
    ]
    assert not list(store)
