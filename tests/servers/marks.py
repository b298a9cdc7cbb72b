"""Which tests need a server, and so a run of their own (`make test-servers`)."""

from collections.abc import Iterable

import pytest

OBJECTS = {"moto_server", "seaweed", "rclone", "localstack", "fake_gcs"}
DATABASES = {"dynamodb", "mortal", "mysql", "postgresql", "redis_server", "saving_redis", "secure"}
FILES = {"azurite", "ftp_server", "sftp_server"}
SERVERS = OBJECTS | DATABASES | FILES


def mark_servers(items: Iterable[pytest.Item]) -> None:
    """Mark each test that uses one of SERVERS, as a fixture or by the name of its parameter ``server``."""
    for item in items:
        call = getattr(item, "callspec", None)
        named = {call.params.get("server")} if call else set()
        if SERVERS & {*getattr(item, "fixturenames", ()), *named}:
            item.add_marker(pytest.mark.servers)
