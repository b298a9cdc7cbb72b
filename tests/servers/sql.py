"""A PostgreSQL and a MariaDB server for tests, as long as the test run."""

import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from holdall.adapters.sql.store import SQL
from tests.servers.daemons import Daemon, folder, program
from tests.servers.process import free_ports

PASSWORD = "holdall-test-sql"
USER = "holdall"


@dataclass(frozen=True)
class Server:
    """A server: its port, its process, and new stores in it."""

    kind: Callable[..., SQL]
    port: int
    daemon: Daemon

    def store(self, **options: object) -> SQL:
        """A new and empty store, that finds the password in the environment."""
        where = {"host": "127.0.0.1", "database": "holdall", "port": self.port, "user": USER}
        return self.kind(**where | {"table": f"t{uuid4().hex}", "timeout": 30, "create": True} | options)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    with pytest.MonkeyPatch.context() as patch, folder("nobody") as data:
        patch.setenv("PGPASSWORD", PASSWORD)
        server = postgresql_in(data)
        with server.daemon.running():
            yield server


def postgresql_in(data: Path, *settings: str) -> Server:
    """A PostgreSQL server, not started yet; it refuses to run as root, so it does as nobody."""
    import psycopg

    from holdall.adapters.sql.postgresql import PostgreSQL

    postgres = program("postgres", "postgresql")
    secret = data / "password"
    secret.write_text(PASSWORD)
    initialise = [
        program("initdb", "postgresql"), "-D", str(data / "data"), "-U", USER, "--pwfile", str(secret), "-N",
        "-A", "scram-sha-256", "-E", "UTF8", "--locale", "C.UTF-8",
    ]  # fmt: skip
    subprocess.run(initialise, check=True, capture_output=True, user="nobody", cwd=data)
    [port] = free_ports(1)
    command = [
        postgres, "-D", str(data / "data"), "-p", str(port), "-h", "127.0.0.1", "-k", str(data), "-F", *settings,
    ]  # fmt: skip
    login: dict[str, Any] = {"host": "127.0.0.1", "port": port, "user": USER, "password": PASSWORD}

    def answers() -> None:
        with psycopg.connect(**login, dbname="postgres", autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'holdall'").fetchone():
                connection.execute("CREATE DATABASE holdall")

    # What SIGTERM means to it is: end when all clients have gone.
    return Server(PostgreSQL, port, Daemon(command, data, answers, "nobody", signal.SIGINT))


@pytest.fixture(scope="session")
def mysql() -> Iterator[Server]:
    with pytest.MonkeyPatch.context() as patch, folder("nobody") as data:
        patch.setenv("MYSQL_PWD", PASSWORD)
        server = mariadb_in(data)
        with server.daemon.running():
            yield server


def mariadb_in(data: Path, *settings: str) -> Server:
    """A MariaDB server, not started yet."""
    import pymysql

    from holdall.adapters.sql.mysql import MySQL

    mariadbd = program("mariadbd", "mariadb-server")
    initialise = [
        program("mariadb-install-db", "mariadb-server"), "--no-defaults", f"--datadir={data / 'data'}",
        "--skip-test-db", "--auth-root-authentication-method=normal",
    ]  # fmt: skip
    subprocess.run(initialise, check=True, capture_output=True, user="nobody", cwd=data)
    (data / "users.sql").write_text(
        "CREATE DATABASE IF NOT EXISTS holdall;\n"
        f"CREATE USER IF NOT EXISTS {USER}@'%' IDENTIFIED BY '{PASSWORD}';\n"
        f"GRANT ALL ON *.* TO {USER}@'%';\n"
    )
    [port] = free_ports(1)
    command = [
        mariadbd, "--no-defaults", f"--datadir={data / 'data'}", f"--port={port}", "--bind-address=127.0.0.1",
        f"--socket={data / 's'}", f"--pid-file={data / 'pid'}", f"--init-file={data / 'users.sql'}",
        "--skip-name-resolve", "--innodb-flush-log-at-trx-commit=2", "--innodb-buffer-pool-size=64M", *settings,
    ]  # fmt: skip
    login = {"host": "127.0.0.1", "port": port, "user": USER, "password": PASSWORD, "database": "holdall"}
    return Server(MySQL, port, Daemon(command, data, lambda: pymysql.connect(**login).close(), "nobody"))
