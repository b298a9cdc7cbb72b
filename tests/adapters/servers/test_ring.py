"""Documents are copied around every kind of store by `holdall cp`, and come out as they went in.

`make ring` runs it with 10,000 of them (COUNT=… for more) and shows how long each copy took.
"""

import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from tests.adapters.dbm.flavors import needs_module
from tests.servers import redis, s3, sql

ROOT = Path(__file__).parents[3]

pytest.importorskip("slatedb", reason="slatedb has no wheel for this machine")


def test_a_ring_of_stores_ends_with_equal_digests(
    redis_server: redis.Server,
    postgresql: sql.Server,
    seaweed: s3.Server,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    needs_module("bsd")
    monkeypatch.setenv("AWS_ENDPOINT_URL", str(seaweed.endpoint))
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    bucket, table = f"b{uuid4().hex}", f"t{uuid4().hex}"
    ring = [
        f"file://{tmp_path}/first",
        f"dbm://{tmp_path}/second.db?flavor=bsd",
        f"redis://127.0.0.1:{redis_server.port}/0?prefix={table}",
        f"postgresql://{sql.USER}@127.0.0.1:{postgresql.port}/holdall?table={table}&create=true",
        f"s3://{bucket}/ring?create=true",
        f"slatedb+s3://{bucket}/tree",
        f"sqlite:///{tmp_path}/last.db",
    ]
    count = os.environ.get("HOLDALL_RING", "200")
    subprocess.run([sys.executable, "-m", "tools.ring", "--count", count, *ring], check=True, cwd=ROOT)
