"""The command line on each cloud's servers: the demo prints what it prints on SQLite, the doctor what is so."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import holdall
from holdall.adapters.s3 import S3
from tests.cli.console import call, contents, good

CONDITIONAL = ["moto_server", "seaweed", "localstack", "fake_gcs"]
LACKS = {
    "localstack": {"compare-and-delete": "no conditional deletes"},
    "rclone": {"compare-and-swap": "every writer would win", "compare-and-delete": "every writer would win"},
    "fake_gcs": {"compare-and-delete": "ignores conditions on deletes"},
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOLDALL_URI", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("server", CONDITIONAL)
def test_the_demo_prints_what_it_prints_on_sqlite(address: Callable[[str], str]):
    there, here = address("books"), "sqlite:///books.db"
    printed = call("demo", "--into", there)
    assert printed.code == 0, printed.err
    assert printed.out == call("demo", "--into", here).out
    assert contents(there) == contents(here)
    again = call("demo", "--into", there)
    assert (again.out, again.err.splitlines()[0]) == (printed.out, "imported 0, already there 30, refused 0")


@pytest.mark.parametrize("server", ["rclone"])
def test_the_demo_is_refused_where_two_could_win(address: Callable[[str], str]):
    done = call("demo", "--into", address("books"))
    assert (done.code, done.out) == (1, "")
    assert "every writer would win" in done.err


@pytest.mark.parametrize("server", [*CONDITIONAL, "rclone"])
def test_the_doctor_says_what_is_so_and_leaves_nothing(server: str, address: Callable[[str], str]):
    uri = address("books")
    with holdall.open(uri) as store:
        store["invoices/1"] = b"kept"
    found = {each["check"]: each for each in json.loads(good("doctor", uri, "--json"))}
    checks = ["list", "write", "read", "compare-and-swap", "compare-and-delete", "delete"]
    lacks = LACKS.get(server, {})
    assert {name: found[name]["outcome"] for name in checks} == {
        name: "no" if name in lacks else "yes" for name in checks
    }
    for name, reason in lacks.items():
        assert reason in found[name]["detail"]
    assert found["foreign names"]["detail"] == "none"
    with holdall.open(uri) as store:
        assert dict(store.raw().items()) == {"invoices/1": b"kept"}


@pytest.mark.parametrize("server", ["moto_server", "fake_gcs"])
def test_the_doctor_names_objects_that_are_no_keys(server: str, address: Callable[[str], str]):
    uri = address("books")
    with holdall.open(uri) as store:
        for number in range(4):
            put(store, f"books/{number}//")
    told = {each["check"]: each["detail"] for each in json.loads(good("doctor", uri, "--json"))}
    assert told["foreign names"].startswith("4 names that are not keys: '0//', '1//', '2//', '3//'; ")


def put(store: holdall.Store[bytes], name: str) -> None:
    """Put an object past the store."""
    if isinstance(store, S3):
        store.client.put_object(Bucket=store._bucket.name, Key=name, Body=b"foreign")
    else:
        store.client.bucket(store._bucket.name).blob(name).upload_from_string(b"foreign")


@pytest.mark.parametrize("scheme", ["s3", "gs"])
def test_a_server_that_is_away_is_a_finding(scheme: str, credentials: None):
    done = call("doctor", f"{scheme}://demo?endpoint_url=http://127.0.0.1:9&timeout=1&retries=0", "--json")
    assert done.code == 1
    found = json.loads(done.out)
    assert [(each["check"], each["outcome"]) for each in found] == [("list", "failed"), ("write", "failed")]
    assert all("no answer" in each["detail"] for each in found)
