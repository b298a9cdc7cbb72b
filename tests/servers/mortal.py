"""A database server of a module's own, to be killed, paused and started again."""

import os
from collections.abc import Iterator

import pytest

from tests.servers import redis, sql
from tests.servers.daemons import folder

Server = redis.Server | sql.Server
KINDS = {
    "mysql": (sql.mariadb_in, {"MYSQL_PWD": sql.PASSWORD}),
    "postgresql": (sql.postgresql_in, {"PGPASSWORD": sql.PASSWORD}),
    "redis": (redis.server_in, {"REDISCLI_AUTH": redis.PASSWORD}),
}


@pytest.fixture(scope="module", params=KINDS)
def mortal(request: pytest.FixtureRequest) -> Iterator[Server]:
    make, secrets = KINDS[request.param]
    user = "nobody" if os.geteuid() == 0 else None
    with pytest.MonkeyPatch.context() as patch, folder(user) as data:
        for name, value in secrets.items():
            patch.setenv(name, value)
        server = make(data)
        with server.daemon.running():
            yield server
