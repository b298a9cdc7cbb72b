"""Which tests need a server, and so a run of their own (`make test-servers`)."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

OBJECTS = {"moto_server", "seaweed", "rclone", "localstack", "fake_gcs"}
DATABASES = {"dynamodb", "mortal", "mysql", "postgresql", "redis_server", "saving_redis", "secure"}
FILES = {"azurite", "ftp_server", "sftp_server"}
SERVERS = OBJECTS | DATABASES | FILES
_marked_whole = re.compile(r"^pytestmark = .*\bpytest\.mark\.servers\b", re.MULTILINE)


def needs_servers(path: Path) -> bool:
    """Whether a file marks all its tests, so that a run without servers need not even import it."""
    return path.match("test_*.py") and bool(_marked_whole.search(path.read_text("utf-8")))


def mark_servers(items: Iterable[pytest.Item]) -> None:
    """Mark each test that uses one of SERVERS, as a fixture or by the name of its parameter ``server``."""
    for item in items:
        call = getattr(item, "callspec", None)
        named = {call.params.get("server")} if call else set()
        if SERVERS & {*getattr(item, "fixturenames", ()), *named}:
            item.add_marker(pytest.mark.servers)
