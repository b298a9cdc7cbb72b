"""The configurations of nginx and Caddy in the guide, in front of `holdall serve`, over TLS."""

import os
import re
import shutil
import socket
import sys
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
import urllib3

import holdall
from holdall.server import Scope, Tokens
from holdall.testing.keyspace import GOOD
from tests.server.client import Client
from tests.server.keys import spellings
from tests.server.test_tokens import by
from tests.servers.process import free_ports, running
from tests.servers.tls import authority

pytestmark = pytest.mark.servers

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "serve-over-http.md"
NGINX = """
daemon off; pid nginx.pid; error_log stderr; worker_processes 1;
events {}
http {
    access_log off; client_body_temp_path body; proxy_temp_path proxy;
    fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
    %s
}
"""
CADDY = """
{
    admin off
    auto_https disable_redirects
    storage file_system %s
}
%s
"""


def shown(language):
    """The block of the guide in ``language``."""
    return re.search(rf"^```{language}\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)[1]


def program(name):
    found = shutil.which(name, path="/usr/sbin:/usr/bin")
    if found is None:
        pytest.skip(f"{name} is not installed; on Debian: apt-get install {name}")
    return found


def replaced(text, pairs):
    for before, after in pairs.items():
        assert before in text
        text = text.replace(before, after)
    return text


def nginx(folder, port, behind):
    config = replaced(
        shown("nginx"),
        {
            "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
            "server_name books.example": "server_name localhost",
            "/etc/ssl/books.example.pem": f"{folder}/server.pem",
            "/etc/ssl/private/books.example.key": f"{folder}/server.key",
            "127.0.0.1:8080": f"127.0.0.1:{behind}",
        },
    )
    user = "" if os.geteuid() else "user root;"  # who owns the folder
    (folder / "nginx.conf").write_text(user + NGINX % config)
    return [program("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")]


def caddy(folder, port, behind):
    config = replaced(
        shown("caddy"),
        {
            "books.example {": f"https://localhost:{port} {{\n    tls {folder}/server.pem {folder}/server.key",
            "127.0.0.1:8080": f"127.0.0.1:{behind}",
        },
    )
    (folder / "Caddyfile").write_text(CADDY % (folder / "caddy", config))
    return [program("caddy"), "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


def wait_for(port):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=60).close()
        except ConnectionRefusedError:
            time.sleep(0.05)  # between two looks at another process: there is nothing to wait on
        else:
            return
    raise RuntimeError(f"nothing listens at port {port}")


@pytest.fixture(scope="module", params=[nginx, caddy])
def http(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("proxied")
    ca = authority(folder)
    with holdall.open(f"sqlite:///{folder}/access.db") as kept:
        token = Tokens(kept).add("ada", [Scope(write=True)])
    front, behind = free_ports(2)
    serve = ["serve", f"a=sqlite:///{folder}/a.db", "--tokens", f"sqlite:///{folder}/access.db"]
    command = [sys.executable, "-m", "holdall", *serve, "--listen", f"127.0.0.1:{behind}"]
    health = f"http://127.0.0.1:{behind}/healthz"
    with ExitStack() as last:
        last.enter_context(running(command, health, folder))
        last.enter_context(running(request.param(folder, front, behind), health, folder))
        wait_for(front)
        pool = last.enter_context(urllib3.PoolManager(retries=False, timeout=60, ca_certs=str(ca), maxsize=4))
        client = Client(f"https://localhost:{front}", pool)
        client.token = by(token)
        yield client


def test_every_legal_key_passes(http):
    for number, key in enumerate(GOOD):
        for path in spellings(key):
            url = f"/v1/a/docs/{path}"
            assert http("PUT", url, b"%d" % number, **http.token).status in (201, 204), path
            assert http("GET", url, **http.token).data == b"%d" % number, path


def test_a_sender_needs_a_token(http):
    assert http("GET", "/v1/a/docs").status == 401
    assert http("PUT", "/v1/a/docs/a", b"").status == 401
    assert http("GET", "/healthz").status == 200


def test_conditions_and_limits_pass(http):
    put = http("PUT", "/v1/a/docs/tagged", b"1", **http.token)
    assert http("PUT", "/v1/a/docs/tagged", b"2", If_Match='"other"', **http.token).status == 412
    assert http("GET", "/v1/a/docs/tagged", If_None_Match=put.headers["ETag"], **http.token).status == 304
    assert http("PUT", "/v1/a/docs/large", b"x" * (10 << 20), **http.token).status == 201
    with suppress(
        urllib3.exceptions.HTTPError
    ):  # a proxy may close the connection before it has all of the body
        assert http("PUT", "/v1/a/docs/large", b"x" * (20 << 20), **http.token).status in (413, 502)
    assert len(http("GET", "/v1/a/docs/large", **http.token).data) == 10 << 20


def test_a_request_that_waits_is_answered_by_a_change(http):
    since = http("GET", "/v1/a/changes?limit=1000", **http.token).json()["position"]
    answers = []
    path = f"/v1/a/changes?since={since}&wait=50"
    waiting = threading.Thread(target=lambda: answers.append(http("GET", path, **http.token).json()))
    waiting.start()
    http("PUT", "/v1/a/docs/changed", b"1", **http.token)
    waiting.join()
    assert [each["key"] for each in answers[0]["changes"]] == ["changed"]
