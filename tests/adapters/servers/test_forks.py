"""Processes that were forked after a store was used: none gets the answer of another, whoever forks."""

import os
import pickle
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from holdall.testing.emulators import bind_to_thread
from tests.adapters.servers.test_interrupts import SERVERS
from tests.servers.process import free_ports, program, running
from tests.soak import SOAK

ROOT = Path(__file__).parents[3]
APP = "tests.adapters.servers.prefork_app:application"
WEB = {
    "uwsgi": [
        "--http-socket",
        "{}",
        "--module",
        APP,
        "--master",
        "--processes",
        "3",
        "--threads",
        "2",
        "--need-app",
    ],
    "gunicorn": [
        "--bind",
        "{}",
        "--preload",
        "--workers",
        "3",
        "--worker-class",
        "gthread",
        "--threads",
        "2",
        APP,
    ],
    "gevent": ["--bind", "{}", "--preload", "--workers", "3", "--worker-class", "gevent", APP],
}
_KINDS = ("redis_server", "postgresql", "seaweed", "azurite")  # one of each kind of connections
WORKERS = [
    *(("uwsgi", server) for server in SERVERS if server not in ("moto_server", "ftp_server")),
    *((name, server) for name in ("gunicorn", "gevent") for server in (SERVERS if SOAK else _KINDS)),
]


@pytest.mark.parametrize("server", SERVERS)
def test_parent_and_children_read_their_own_answers(server, request):
    with request.getfixturevalue(server).store() as store:
        command = [sys.executable, "-m", "tests.adapters.servers.prefork", pickle.dumps(store).hex()]
        with subprocess.Popen(
            bind_to_thread(command),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as done:
            try:
                said = done.communicate(timeout=250)[0].decode()
            except subprocess.TimeoutExpired:
                os.killpg(done.pid, signal.SIGKILL)
                raise
    assert not done.returncode, said


@contextmanager
def web(name: str, store: object, folder: Path) -> Iterator[str]:
    """The address of a web server whose workers share what it inherits of ``store``."""
    [port] = free_ports(1)
    found = [program("gunicorn" if name == "gevent" else name, "pyuwsgi or gunicorn")]
    if name == "gevent":  # what was imported before gevent replaces it stays as it is
        found[:0] = [sys.executable, "-m", "gevent.monkey"]
    command = [*found, *(word.format(f"127.0.0.1:{port}") for word in WEB[name])]
    environment = {"PYTHONPATH": str(ROOT), "HOLDALL_TEST_STORE": pickle.dumps(store).hex()}
    with running(command, f"http://127.0.0.1:{port}/k0", folder, environment):
        yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize(("name", "server"), WORKERS)
def test_workers_of_a_web_server_read_their_own_answers(server, name, request, tmp_path):
    def read(number: int) -> tuple[bytes, str]:
        with urllib.request.urlopen(f"{address}/k{number % 20}", timeout=100) as answer:
            return answer.read(), answer.headers["X-Forked"]

    with request.getfixturevalue(server).store() as store, web(name, store, tmp_path) as address:
        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(read, range(120)))
        bulk = [urllib.request.urlopen(f"{address}/all", timeout=100).read() for _ in range(6)]
    assert answers == [(b"value %d" % (number % 20), "True") for number in range(120)]
    assert bulk == [b"True"] * 6
