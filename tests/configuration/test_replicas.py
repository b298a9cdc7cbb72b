"""Replicas in an address and in a configuration file."""

from pathlib import Path

import pytest

import holdall
from holdall import InvalidAddress, Json, ReadOnly
from holdall.address import Address
from holdall.configuration.files import find
from holdall.configuration.harmless import harm
from holdall.configuration.named import Named, stores_of
from holdall.configuration.reading import read
from holdall.replication import Replicas, replicas_of


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("HOLDALL_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def declare(text: str) -> None:
    Path("holdall.toml").write_text(text)


def test_a_replica_without_layers_has_those_of_the_primary(here: Path) -> None:
    layers = "serializer=json&compress=gzip&history=on"
    with holdall.open(
        f"sqlite:///a.db?{layers}&cache=60s&readonly=off&replica=file:b&replica=sqlite:///c.db"
    ) as store:
        assert isinstance(store, Replicas)
        store["a"] = {"x": 1}
    for address in ("file:b", "sqlite:///c.db", "sqlite:///a.db"):
        with holdall.open(f"{address}?{layers}&manifest=require") as alone:
            assert alone["a"] == {"x": 1}
            assert [each.number for each in alone.history("a")] == [1]
    with holdall.open(f"sqlite:///a.db?{layers}&replica=file:b") as again:
        assert again["a"] == {"x": 1}
    with (
        pytest.raises(holdall.Mismatch),
        holdall.open("sqlite:///a.db?serializer=text&replica=file:b") as other,
    ):
        other["a"]


def test_a_replica_may_have_layers_of_its_own() -> None:
    encoded = "file:b?serializer=json%26compress=gzip"
    with holdall.open(f"memory://?serializer=json&replica={encoded}") as store:
        store["a"] = [1]
    assert holdall.open("file:b")["a"][:2] == b"\x1f\x8b"


def test_a_replica_that_is_away_from_the_start_holds_up_no_write() -> None:
    with holdall.open("memory://?replica=http://127.0.0.1:1/v1/a?retries=0&deliver=off") as store:
        store["a"] = b"1"
        layer = replicas_of(store)
        assert layer is not None
        for [lag] in (layer.deliver(), layer.lag()):
            assert (lag.state, lag.failures) == ("failed", 1)
            assert "did not answer" in lag.error
        assert store["a"] == b"1"


def test_a_store_that_is_read_only_has_replicas() -> None:
    with holdall.open("sqlite:///a.db?replica=file:b&readonly=on") as store:
        assert isinstance(store, ReadOnly)
        assert replicas_of(store) is not None


def test_options_of_python() -> None:
    with holdall.open(
        "memory://", replica=["file:b"], acks=2, outbox="sqlite:///out.db", stale="allow"
    ) as store:
        here = Path.cwd()
        others = (
            f"Replicas(Memory(), File('{here}/b'), acks=2, stale='allow', outbox=SQLite('{here}/out.db'))"
        )
        assert repr(store) == others
    assert replicas_of(holdall.open("memory://?replica=file:b&acks=2", replica=None)) is None


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("acks=2", "acks has no effect here; it belongs to replica"),
        ("replica=file:b&acks=3", "acks is 3"),
        ("replica=file:b&acks=two", "is not a whole number"),
        ("replica=file:b&stale=maybe", "is not one of refuse, allow"),
        ("replica=slatedb+file:///x", "write '\\+' as %2B"),
        ("replica=file:b?replica=file:c", "has replicas itself"),
        ("replica=nowhere", "replica: no store is named 'nowhere'"),
        ("replica=file:b&compress=gzip&compress=zstd", "given twice"),
    ],
)
def test_a_mistake_is_refused(query: str, problem: str) -> None:
    with pytest.raises(InvalidAddress, match=problem):
        holdall.open(f"memory://?{query}")


def test_a_login_in_a_replica_is_never_shown() -> None:
    address = Address.parse("memory://?replica=redis://:hunter2%40@cache/0&replica=s3://a/b?token=hunter2")
    assert "hunter2" not in str(address)
    assert str(address).count("***") == 2
    declare('[store.a]\nuri = "memory://"\nreplicas = ["redis://:hunter2@127.0.0.1/0"]\n')
    found = find_untrusted("a")
    assert found.holds_secret
    assert "hunter2" not in str(found.address)
    with holdall.open("memory://", replica="redis://:hunter2@127.0.0.1/0") as store:
        assert "hunter2" not in repr(store)


def test_a_file_names_replicas(here: Path) -> None:
    declare(
        """
        [store.books]
        uri = "sqlite:///{here}/books.db"
        layers = ["serializer=json", "compress=gzip"]
        replicas = ["file://{here}/copy", "office"]
        acks = 2
        read_timeout = "5s"

        [store.office]
        uri = "sqlite:///{here}/office.db?serializer=json"
        """
    )
    assert harm(find("books")) == ""
    with holdall.open("books") as store:
        layer = replicas_of(store)
        assert layer is not None
        store["a"] = {"x": 1}
        layer.deliver()
    assert holdall.open("office")["a"] == {"x": 1}
    with holdall.open("file:copy?serializer=json&compress=gzip") as copy:
        assert copy["a"] == {"x": 1}
        assert isinstance(copy, Json)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('replicas = "file:b"', "not a list of texts"),
        ("replicas = [1]", "not a list of texts"),
        (
            'replicas = ["file:b"]\n[store.c]\nuri = "memory://"\nreplicas = ["file:b"]',
            "have the same replica",
        ),
        ('replicas = ["a"]', "has replicas itself"),
    ],
)
def test_a_file_with_a_mistake(text: str, problem: str) -> None:
    declare(f'[store.a]\nuri = "memory://"\n{text}\n')
    with pytest.raises(InvalidAddress, match=problem):
        holdall.open("a")


def test_a_stranger_may_name_only_harmless_replicas(here: Path) -> None:
    declare('[store.a]\nuri = "memory://"\nreplicas = ["s3://bucket/a"]\n')
    assert harm(find_untrusted("a")) == "s3://"
    declare('[store.a]\nuri = "memory://"\nreplicas = ["file:b"]\noutbox = "file:/etc"\n')
    assert "outside" in harm(find_untrusted("a"))


def find_untrusted(name: str) -> Named:
    return stores_of(read(Path("holdall.toml").absolute()))[name]
