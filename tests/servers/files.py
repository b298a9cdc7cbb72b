"""Servers of files for tests, each a process that lives as long as the test run: SFTP, FTP and Azure's blobs."""

import functools
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from uuid import uuid4

import pytest
from filelock import FileLock
from fsspec.asyn import get_loop

from holdall.adapters.fsspec import Fsspec
from holdall.testing.emulators import bind_to_thread
from tests.servers.process import free_ports, running

HERE = Path(__file__).parent
LOCALSTACK = HERE.parents[1] / "localstack" / "up"
USER, PASSWORD = "tester", "holdall-test-secret"


@dataclass
class Program:
    """A server as a process: what starts it, so that it can be killed and come back."""

    command: list[str]

    def start(self) -> None:
        """Start it, and wait until it listens."""
        self.process = subprocess.Popen(bind_to_thread(self.command), stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "listening\n"

    def stop(self) -> None:
        """Kill it."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


@dataclass(frozen=True)
class Server:
    """Where the files are (an address of fsspec's), the options to get there, and the process."""

    url: str
    options: dict[str, object]
    program: Program | None = None

    def store(self, **options: object) -> Fsspec:
        """A new and empty store: a folder of its own, two deep."""
        return Fsspec(f"{self.url}/{uuid4().hex}/books", **{**self.options, **options})


@contextmanager
def program(name: str, *arguments: object) -> Iterator[tuple[Program, int]]:
    """The server program ``name`` of this folder, started with a free port as its last argument."""
    [port] = free_ports(1)
    server = Program([sys.executable, str(HERE / f"{name}_program.py"), *map(str, arguments), str(port)])
    server.start()
    try:
        yield server, port
    finally:
        server.stop()


@contextmanager
def sftp_in(folder: Path) -> Iterator[Server]:
    """An SFTP server with its files in ``folder``/files."""
    asyncssh = pytest.importorskip("asyncssh", reason="asyncssh is not installed")
    (folder / "files").mkdir()
    for name in ("host", "client"):
        key = asyncssh.generate_private_key("ssh-ed25519")
        key.write_private_key(folder / name)
        key.write_public_key(folder / f"{name}.pub")
    with program("sftp", folder / "files", folder / "host", folder / "client.pub") as (server, port):
        known = folder / "known_hosts"
        known.write_text(f"[127.0.0.1]:{port} {(folder / 'host.pub').read_text()}")
        options = {"key_filename": str(folder / "client"), "known_hosts": str(known)}
        yield Server(f"sftp://{USER}@127.0.0.1:{port}", options, server)


@contextmanager
def ftp_in(folder: Path) -> Iterator[Server]:
    """An FTP server with its files in ``folder``; the password is where fsspec looks for it."""
    pytest.importorskip("pyftpdlib", reason="pyftpdlib is not installed")
    fsspec_config = pytest.importorskip("fsspec.config")
    with program("ftp", folder, USER, PASSWORD) as (server, port), pytest.MonkeyPatch.context() as patch:
        patch.setenv("FSSPEC_FTP_PASSWORD", PASSWORD)  # for the processes that tests start
        patch.setitem(fsspec_config.conf, "ftp", {"password": PASSWORD})
        yield Server(f"ftp://{USER}@127.0.0.1:{port}", {}, server)


@functools.cache
def localstack() -> ModuleType:
    """The script localstack/up, which knows how to install azurite."""
    loader = SourceFileLoader("localstack_up", str(LOCALSTACK))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("localstack_up", loader))
    loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def sftp_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with sftp_in(tmp_path_factory.mktemp("sftp")) as server:
        yield server


@pytest.fixture(scope="session")
def ftp_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with ftp_in(tmp_path_factory.mktemp("ftp")) as server:
        yield server


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    pytest.importorskip("adlfs", reason="adlfs is not installed")
    up = localstack()
    up.RUN.mkdir(exist_ok=True)
    with FileLock(up.RUN / "azurite.lock"):  # each worker of the run has servers of its own
        found = up.azurite()
    if found is None:
        pytest.skip("azurite needs npm, which is not installed")
    [port] = free_ports(1)
    where = f"--blobHost 127.0.0.1 --blobPort {port} --skipApiVersionCheck --disableTelemetry".split()
    url = f"http://127.0.0.1:{port}"
    with (
        running([str(found), *where, "--inMemoryPersistence"], url, tmp_path_factory.mktemp("azurite")),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv(
            "AZURE_STORAGE_CONNECTION_STRING",
            f"DefaultEndpointsProtocol=http;AccountName={up.ACCOUNT};AccountKey={up.ACCOUNT_KEY};"
            f"BlobEndpoint={url}/{up.ACCOUNT};",
        )
        container()
        # A pool that the process keeps: with one thread it is full from the first use, so none counts as leaked.
        get_loop().set_default_executor(ThreadPoolExecutor(1))
        yield Server("az://tests", {})


def container() -> None:
    """Make the container ``tests``."""
    import os

    from azure.storage.blob import BlobServiceClient

    connection = os.environ["AZURE_STORAGE_CONNECTION_STRING"]
    with BlobServiceClient.from_connection_string(connection) as service:
        service.create_container("tests")
