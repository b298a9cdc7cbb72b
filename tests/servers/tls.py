"""Database servers of a module's own that speak TLS, and the authority that signed for them: as localhost alone."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from holdall.store import Store
from tests.servers import redis, sql
from tests.servers.daemons import folder
from tests.servers.process import free_ports


@dataclass(frozen=True)
class Server:
    """A server, the file of its authority's certificate, and new stores in it."""

    running: redis.Server | sql.Server
    ca: str
    options: Callable[[str], dict[str, object]]

    def store(self, ca: str = "", host: str = "localhost") -> Store[bytes]:
        """A new and empty store, that trusts ``ca``."""
        return self.running.store(**{"host": host, "timeout": 30, **self.options(ca or self.ca)})


@pytest.fixture(scope="module", params=["mysql", "postgresql", "redis_server"])
def secure(request: pytest.FixtureRequest) -> Iterator[Server]:
    user = "nobody" if os.geteuid() == 0 else None
    with pytest.MonkeyPatch.context() as patch, folder(user) as data:
        server = KINDS[request.param](data, patch)
        with server.running.daemon.running():
            yield server


def authority(data: Path) -> Path:
    """The file of a new authority's certificate; it signed ``data``/server.pem, whose key is server.key."""
    trustme = pytest.importorskip("trustme", reason="trustme is not installed")
    made = trustme.CA()
    made.cert_pem.write_to_path(data / "ca.pem")
    signed = made.issue_cert("localhost")
    signed.private_key_pem.write_to_path(data / "server.key")
    signed.cert_chain_pems[0].write_to_path(data / "server.pem")
    (data / "server.key").chmod(0o600)
    if data.owner() != (data / "server.key").owner():
        for name in ("server.key", "server.pem"):
            shutil.chown(data / name, data.owner())
    return data / "ca.pem"


def redis_in(data: Path, patch: pytest.MonkeyPatch) -> Server:
    patch.setenv("REDISCLI_AUTH", redis.PASSWORD)
    ca = str(authority(data))
    [port] = free_ports(1)
    server = redis.server_in(
        data, "--tls-port", str(port), "--tls-cert-file", str(data / "server.pem"),
        "--tls-key-file", str(data / "server.key"), "--tls-auth-clients", "no",
    )  # fmt: skip
    return Server(server, ca, lambda ca: {"port": port, "tls": True, "ca": ca})


def mariadb_in(data: Path, patch: pytest.MonkeyPatch) -> Server:
    patch.setenv("MYSQL_PWD", sql.PASSWORD)
    ca = str(authority(data))
    server = sql.mariadb_in(data, f"--ssl-cert={data / 'server.pem'}", f"--ssl-key={data / 'server.key'}")
    return Server(server, ca, lambda ca: {"tls": ca})


def postgresql_in(data: Path, patch: pytest.MonkeyPatch) -> Server:
    patch.setenv("PGPASSWORD", sql.PASSWORD)
    ca = str(authority(data))
    server = sql.postgresql_in(
        data, "-c", "ssl=on", "-c", f"ssl_cert_file={data / 'server.pem'}",
        "-c", f"ssl_key_file={data / 'server.key'}",
    )  # fmt: skip
    return Server(server, ca, lambda ca: {"tls": ca})


KINDS = {"mysql": mariadb_in, "postgresql": postgresql_in, "redis_server": redis_in}
