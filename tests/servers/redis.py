"""A redis-server for tests, as long as the test run."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from holdall.adapters.redis import Redis
from tests.servers.daemons import Daemon, folder, program
from tests.servers.process import free_ports

PASSWORD = "holdall-test-redis"


@dataclass(frozen=True)
class Server:
    """A server of the protocol: its port, its process, and new stores in it."""

    port: int
    daemon: Daemon

    def store(self, **options: object) -> Redis:
        """A new and empty store, that finds the password in the environment."""
        named: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": self.port,
            "prefix": f"tests:{uuid4().hex}",
            "timeout": 30,
        }
        return Redis(**named | options)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Server]:
    with pytest.MonkeyPatch.context() as patch, folder() as data:
        patch.setenv("REDISCLI_AUTH", PASSWORD)
        server = server_in(data)
        with server.daemon.running():
            yield server


@pytest.fixture
def saving_redis() -> Iterator[tuple[Server, Path]]:
    """A server of a test's own, which saves its data only when it is told to, and its folder."""
    with pytest.MonkeyPatch.context() as patch, folder() as data:
        patch.setenv("REDISCLI_AUTH", PASSWORD)
        server = server_in(data, "--appendonly", "no")
        with server.daemon.running():
            yield server, data


def server_in(data: Path, *settings: str) -> Server:
    """A server, not started yet, that writes each change to a file in ``data`` before it answers."""
    import redis

    [port] = free_ports(1)
    command = [
        program("redis-server", "redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(data),
        "--requirepass", PASSWORD, "--save", "", "--appendonly", "yes", "--appendfsync", "no", *settings,
    ]  # fmt: skip

    def answers() -> None:
        with redis.Redis("127.0.0.1", port, password=PASSWORD) as client:
            client.ping()

    return Server(port, Daemon(command, data, answers))
