"""Servers as processes of their own: on a free loopback port, waited for, stopped by their own pid."""

import contextlib
import itertools
import os
import random
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from holdall.testing.emulators import bind_to_thread

PATIENCE = 250  # seconds for a server to become healthy: LocalStack needs many on a busy machine
_FIRST_PORT, _PORTS = 20_000, 1000  # to each worker
_given: set[int] = set()


def free_ports(count: int) -> list[int]:
    """Ports on the loopback interface that nothing listens on, and that nobody else here is given.

    They are of this process's own range, below those that the system gives away: the port of a server that
    was stopped and will be started again is taken by no other in between.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = _FIRST_PORT + _PORTS * (worker % 12)
    free = (port for port in random.sample(range(first, first + _PORTS), _PORTS) if _is_free(port))
    ports = list(itertools.islice(free, count))
    _given.update(ports)
    return ports


def _is_free(port: int) -> bool:
    if port in _given:
        return False
    with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
        return True
    return False


def program(name: str, package: str) -> str:
    """The path of a program that ``package`` installs beside Python; a skip where it is not."""
    found = shutil.which(name, path=Path(sys.executable).parent)
    if found is None:
        pytest.skip(f"{package} is not installed")
    return found


@contextmanager
def running(
    command: list[str], health: str, folder: Path, environment: Mapping[str, str] | None = None
) -> Iterator[int]:
    """Run ``command`` in ``folder`` until the block ends; its pid, once ``health`` answers below 500."""
    log = folder / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            bind_to_thread(command),
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdout=output,
            stderr=output,
        )
    try:
        _wait(server, health, log)
        yield server.pid
    finally:
        server.terminate()
        try:
            server.wait(3)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait(server: subprocess.Popen[bytes], health: str, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and server.poll() is None:
        if healthy(health):
            return
        time.sleep(0.05)  # between two looks at another process: there is nothing to wait on
    raise RuntimeError(f"no healthy server at {health}:\n{log.read_text(errors='replace')[-2000:]}")


def healthy(url: str) -> bool:
    """Whether something answers at ``url`` that does not fail itself."""
    try:
        urllib.request.urlopen(url, timeout=2).close()
    except urllib.error.HTTPError as error:
        error.close()
        return error.code < 500
    except OSError:
        return False
    return True
