"""A store without room: writes are refused in time, and a store that is full stays whole."""

import subprocess
import sys
from urllib.parse import urlsplit

import pytest
import urllib3

import holdall
from holdall.server import Scope, Tokens
from holdall.server.room import space_of
from tests.server.client import Client
from tests.server.test_tokens import by

ADDRESSES = {
    "sqlite": "sqlite:///{}/a.db",
    "file": "file://{}/files",
    "lmdb": "lmdb://{}/lmdb",
    "dbm": "dbm://{}/a?flavor=dumb",
}
NO_ROOM = 1 << 62


@pytest.mark.parametrize("scheme", ADDRESSES)
def test_a_store_on_a_disk_knows_its_space(tmp_path, scheme):
    with holdall.open(ADDRESSES[scheme].format(tmp_path)) as store:
        assert space_of(store).free > 0
        store["a"] = b"x" * 100_000
        used, free = space_of(holdall.Json(holdall.Prefix(store, "p")))
    assert free > 0
    assert used is None if scheme in ("file", "dbm") else used >= 100_000


def test_a_store_elsewhere_does_not():
    assert space_of(holdall.open("sqlite:///:memory:")) == space_of(holdall.Memory()) == (None, None)


def test_a_floor_refuses_writes_and_no_deletes(serving, tmp_path):
    (tmp_path / "b").mkdir()
    stores = {"a": holdall.open(f"sqlite:///{tmp_path}/a.db"), "memory": holdall.Memory()}
    stores["a"]["x"] = b"1"
    with stores["a"], serving(stores, limits={"keep_free": NO_ROOM}, raw=True) as http:
        refused = http("PUT", "/v1/a/docs/x", b"2")
        assert (refused.status, refused.json()["type"]) == (507, "urn:holdall:StoreFull")
        for method, path in (("POST", "/v1/a/docs"), ("POST", "/v1/a:batch"), ("POST", "/v1/a:transact")):
            assert http(method, path, b"").status == 507
        assert http("PUT", "/v1/a:raw/docs/x", b"2").status == 507
        assert http("GET", "/v1/a/docs/x").data == b"1"
        assert http("DELETE", "/v1/a/docs/x").status == 204
        assert http("PUT", "/v1/memory/docs/x", b"2").status == 201
        assert list(stores["a"]) == []


def test_a_floor_that_is_not_reached_refuses_nothing(serving, tmp_path):
    with serving({"a": f"sqlite:///{tmp_path}/a.db"}, limits={"keep_free": 1}) as http:
        assert http("PUT", "/v1/a/docs/x", b"2").status == 201


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
from holdall.cli import main
main()
"""


FULL = [(program, scheme) for program in ("waitress", "granian") for scheme in ("sqlite", "file", "dbm")]


@pytest.mark.servers
@pytest.mark.parametrize(("program", "scheme"), FULL)
def test_a_store_that_is_full_answers_507_and_stays_whole(tmp_path, program, scheme):
    """No file of the service may grow beyond 400 kB, as on a full disk."""
    address = ADDRESSES[scheme].format(tmp_path)
    command = [
        sys.executable,
        "-c",
        LIMITED,
        "serve",
        f"a={address}",
        "--server",
        program,
        "--listen",
        "127.0.0.1:0",
    ]
    written = {}
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            place = urlsplit(process.stdout.readline().decode().strip())
            with urllib3.PoolManager(retries=False, timeout=60) as pool:
                http = Client(f"http://{place.netloc}", pool)
                sizes = [300_000, 500_000] if scheme == "file" else [50_000] * 20
                for number, size in enumerate(sizes):
                    value = b"%d" % number * (size // len(b"%d" % number))
                    answer = http("PUT", f"/v1/a/docs/{number}", value)
                    if answer.status == 201:
                        written[f"{number}"] = value
                    else:
                        break
                assert (answer.status, len(written) > 0) == (507, True)
                assert http("GET", "/v1/a/docs/0").data == written["0"]
                deleted = http("DELETE", "/v1/a/docs/0").status
                assert deleted == (507 if scheme == "sqlite" else 204)  # SQLite writes a log first
                if deleted == 204:
                    del written["0"]
                assert http("GET", "/readyz").status == 200
        finally:
            process.kill()
    with holdall.open(address) as store:
        assert dict(store) == written
        store["after"] = b"1"


def test_the_description_of_a_store_tells_its_space(serving, tmp_path):
    kept = holdall.Memory()
    all_of_it, part = (
        Tokens(kept).add(name, [Scope("a", prefix)]) for name, prefix in (("all", ""), ("part", "p/"))
    )
    with serving({"a": f"sqlite:///{tmp_path}/a.db"}, tokens=kept) as http:
        assert http("GET", "/v1/a:info", **by(all_of_it)).json()["free"] > 0
        assert "free" not in http("GET", "/v1/a:info", **by(part)).json()
