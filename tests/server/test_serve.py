"""`holdall serve` as a process: its addresses, its refusals, and its end."""

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
import urllib3

import holdall
from tests.cli.console import refusal
from tests.server.client import Client


@contextmanager
def serve(*arguments, cwd, names=1, **environment):
    """The process, and a client of it. It is killed at the end unless it has ended."""
    command = [sys.executable, "-m", "holdall", "serve", "--listen", "127.0.0.1:0", *arguments]
    process = subprocess.Popen(
        command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **environment}
    )
    try:
        lines = [process.stdout.readline().decode().strip() for _ in range(names)]
        place = urlsplit(lines[0])
        with urllib3.PoolManager(retries=False, timeout=30) as pool:
            client = Client(f"http://{place.netloc}", pool)
            client.process, client.paths = process, [urlsplit(line).path for line in lines]
            yield client
    finally:
        process.kill()
        process.communicate()


def refuses_connections(client):
    place = urlsplit(client.url)
    try:
        socket.create_connection((place.hostname, place.port), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


def test_stores_are_served_by_name(tmp_path):
    (tmp_path / "holdall.toml").write_text('[store.drafts]\nuri = "sqlite:///{here}/d.db?serializer=json"')
    given = ["drafts", "sqlite:///notes.db", "letters=sqlite:///l.db?serializer=text"]
    with serve(*given, cwd=tmp_path, names=4) as http:
        *paths, pages = http.paths
        assert paths == ["/v1/drafts/docs", "/v1/notes/docs", "/v1/letters/docs"]
        assert pages == "/ shows them in a browser"
        assert http("PUT", "/v1/drafts/docs/a", doc={"x": 1}).status == 201
        assert http("PUT", "/v1/letters/docs/a", b"hello").status == 201
    assert holdall.open(f"sqlite:///{tmp_path}/d.db?serializer=json")["a"] == {"x": 1}


VIEW = """
[store.drafts]
uri = "sqlite:///{here}/d.db?serializer=json"
[view.words]
store = "drafts"
query = "served_queries:words"
[view.both]
store = "drafts"
query = "served_queries:both"
"""
QUERY = """
from holdall import MapReduce
from holdall.query import together
words = MapReduce(lambda key, text: [(word, 1) for word in text.split()], "sum")
both = together(words, MapReduce(lambda key, text: [(None, len(text))], "max"))
"""


@pytest.mark.servers
def test_declared_views_are_served(tmp_path):
    (tmp_path / "holdall.toml").write_text(VIEW)
    (tmp_path / "served_queries.py").write_text(QUERY)
    there = {"HOLDALL_CONFIG": str(tmp_path / "holdall.toml"), "PYTHONPATH": str(tmp_path)}
    with serve("drafts", cwd=tmp_path, **there) as http:
        http("PUT", "/v1/drafts/docs/a", doc="to be or not to be")
        rows = http("GET", "/v1/drafts/views/words?limit=1").json()["rows"]
        assert rows == [{"key": "be", "value": 2}]
        assert http("GET", "/v1/drafts/views/both.1").json()["rows"][0] == rows[0]
        assert http("GET", "/v1/drafts/views/both.2").json()["rows"] == [{"key": None, "value": 18}]


SIGNALS = [
    ("waitress", signal.SIGTERM),
    pytest.param("waitress", signal.SIGINT, marks=pytest.mark.servers),
    pytest.param("granian", signal.SIGTERM, marks=pytest.mark.servers),
    pytest.param("granian", signal.SIGINT, marks=pytest.mark.servers),
]


@pytest.mark.parametrize(("program", "ending"), SIGNALS)
def test_a_request_that_has_begun_is_answered_after_the_signal(tmp_path, program, ending):
    with serve("sqlite:///notes.db", "--server", program, cwd=tmp_path) as http:
        place = urlsplit(http.url)
        with socket.create_connection((place.hostname, place.port), timeout=30) as begun:
            begun.sendall(b"PUT /v1/notes/docs/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhe")
            http.process.send_signal(ending)
            while not refuses_connections(http):
                pass
            begun.sendall(b"llo")
            answer = begun.makefile("rb").read()  # until the service closes the connection
        assert answer.startswith(b"HTTP/1.1 201 ")
        assert b"\r\nconnection: close\r\n" in answer.lower()
        assert http.process.wait(30) == 0
    assert holdall.open(f"sqlite:///{tmp_path}/notes.db")["a"] == b"hello"


@pytest.mark.servers
@pytest.mark.parametrize("program", ["waitress", "granian"])
def test_a_stream_is_answered_after_the_signal(tmp_path, program):
    holdall.open(f"sqlite:///{tmp_path}/notes.db").update((f"{n:05}", b"x" * 500) for n in range(8_000))
    with serve("sqlite:///notes.db", "--server", program, cwd=tmp_path) as http:
        stream = http.stream("/v1/notes/docs?include=values", "application/x-ndjson")
        received = len(next(stream))
        http.process.send_signal(signal.SIGTERM)
        received += sum(map(len, stream))
        assert received > 8_000 * 500
        assert http.process.wait(30) == 0


@pytest.mark.servers
@pytest.mark.parametrize("program", ["waitress", "granian"])
def test_a_second_signal_ends_it_at_once(tmp_path, program):
    with serve("sqlite:///notes.db", "--server", program, cwd=tmp_path) as http:
        place = urlsplit(http.url)
        with socket.create_connection((place.hostname, place.port), timeout=30) as begun:
            begun.sendall(b"PUT /v1/notes/docs/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhe")
            http.process.send_signal(signal.SIGTERM)
            while not refuses_connections(http):
                pass
            http.process.send_signal(signal.SIGTERM)
            assert http.process.wait(30) == -signal.SIGTERM


@pytest.mark.servers
def test_its_limits_are_options(tmp_path):
    options = ["--rate", "0.001", "--max-body", "1KB", "--threads", "6"]
    with serve("notes=memory://", *options, cwd=tmp_path) as http:
        assert http("PUT", "/v1/notes/docs/a", b"x" * 1001).status == 413
        assert [http("PUT", "/v1/notes/docs/a", b"x" * 1000).status for _ in range(3)] == [201, 204, 429]


def test_it_starts_on_other_addresses_only_to_read(folder):
    told = refusal("serve", "memory://", "--listen", "0.0.0.0:0", code=2)
    assert "can be reached from other machines" in told
    assert "--readonly" in told


def test_granian_serves_a_store_in_memory_and_ends_by_a_signal(tmp_path):
    with serve("notes=memory://?serializer=json", "--server", "granian", cwd=tmp_path) as http:
        assert http("PUT", "/v1/notes/docs/a", doc={"x": 1}).status == 201
        assert http("GET", "/v1/notes/docs/a").json() == {"x": 1}
        http.process.send_signal(signal.SIGTERM)
        assert http.process.wait(60) == 0
        (line,) = http.process.stderr.read().splitlines()
    assert json.loads(line).items() >= {"method": "PUT", "path": "/v1/notes/docs/a", "status": 201}.items()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["memory://", "--listen", "8080"], "'8080' is not a host and a port"),
        (["memory://", "--max-body", "big"], "'big' is not a size"),
        (["memory://", "--listen", "127.0.0.1:99999"], "is not a host and a port"),
        (["memory://a", "memory://a"], "two stores are named 'a'"),
        (["sqlit:///a.db"], "did you mean 'sqlite'?"),
        ([], "name a store"),
    ],
)
def test_what_it_cannot_serve_is_refused(folder, monkeypatch, arguments, told):
    monkeypatch.delenv("HOLDALL_URI", raising=False)
    code = 2 if "two stores" in told or "name a store" in told else 1
    assert told in refusal("serve", *arguments, code=code)


def test_a_port_that_is_taken_is_named(folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        assert f"cannot listen at {place}: " in refusal("serve", "memory://", "--listen", place)
