"""stores, explain and manifest; and keys and values of stores with layers."""

import json
from pathlib import Path

import pytest

import holdall
from holdall.cli.layers import format_constructors
from holdall.configuration.reading import read
from holdall.configuration.trust import trust
from holdall.middleware.keyring import new_key
from tests.cli.console import call, good, refusal

MARK = "hunter2"


@pytest.fixture(autouse=True)
def project(folder, monkeypatch):
    monkeypatch.setenv("KEYS", new_key("2026"))
    (folder / "holdall.toml").write_text(
        '[store.books]\nuri = "sqlite:///{here}/books.db"\n'
        'layers = ["validate=formencode.validators:Int", "serializer=json", "encrypt=env:KEYS"]\n'
        f'[store.remote]\nuri = "s3://acme/books?secret_access_key={MARK}&serializer=json&encrypt={MARK}"\n'
    )
    trust(read(folder / "holdall.toml"))
    return folder


def test_stores_are_listed_without_secrets(project):
    rows = json.loads(good("stores", "--json"))
    assert [row["name"] for row in rows] == ["books", "remote"]
    assert rows[0]["layers"] == "validate=formencode.validators:Int serializer=json encrypt=env:KEYS"
    assert rows[1]["address"] == "s3://acme/books?secret_access_key=***&serializer=json&encrypt=***"
    assert {row["file"] for row in rows} == {str(project / "holdall.toml")}
    assert MARK not in good("stores")


def test_without_a_file_there_are_none(project):
    (project / "holdall.toml").unlink()
    assert "(nothing)" in good("stores")


def test_a_stack_is_explained_as_it_would_be_made(project):
    shown = good("explain", "books")
    assert shown == (
        "Validate(\n    Json(\n        Guard(\n            Encrypt(\n"
        f"                SQLite('{project}/books.db'),\n                keys='env:KEYS',\n            ),\n"
        "            Manifest(('serializer=json', 'encrypt'), "
        "schema='formencode.validators:Int', key='2026'),\n        ),\n    ),\n    schema=Int(),\n)\n"
    )
    assert not (project / "books.db").exists()


@pytest.mark.parametrize(
    "address", ["memory://a", "sqlite:///x.db?serializer=json&expires=1h&compress=zstd&level=9&checksum=xxh3"]
)
def test_what_is_explained_makes_the_store_again(address):
    store = holdall.open(address)
    from holdall.middleware.guard import Guard
    from holdall.middleware.manifest import Manifest

    names = {**vars(holdall), **{n: getattr(holdall, n) for n in holdall.__all__}}
    again = eval(format_constructors(store), names | {"Guard": Guard, "Manifest": Manifest})
    assert repr(again) == repr(store)


def test_a_manifest_is_shown_recorded_and_forgotten(folder):
    json_, yaml = "sqlite:///a.db?serializer=json", "sqlite:///a.db?serializer=yaml"
    assert "(nothing)" in good("manifest", "sqlite:///a.db")
    assert call("set", json_, "7", '{"total": 1}').code == 0
    assert ["layers", "serializer=json"] in [
        list(row.values()) for row in json.loads(good("manifest", "sqlite:///a.db", "--json"))
    ]
    assert "was written with serializer=json but is opened with serializer=yaml" in refusal("get", yaml, "7")
    # JSON is YAML, so here that is true
    assert "serializer=yaml" in good("manifest", "--record", yaml)
    assert good("get", yaml, "7") == '{"total":1}\n'
    assert "(nothing)" in good("manifest", "--forget", yaml)
    assert good("get", json_, "7") == '{"total":1}\n'
    assert "not both" in refusal("manifest", "--record", "--forget", yaml, code=2)
    assert "names no layers" in refusal("manifest", "--record", "sqlite:///a.db")


@pytest.mark.parametrize(
    ("serializer", "typed", "printed"),
    [
        ("json", '{"b": 1, "a": [null]}', '{"b":1,"a":[null]}\n'),
        ("msgpack", "7", "7\n"),
        ("yaml", '"no"', "no"),
        ("xml", "[1.5]", "[1.5]\n"),
        ("text", "grüezi", "grüezi"),
        ("pickle&trust=1", "[]", "[]\n"),
    ],
)
def test_documents_are_typed_and_printed_as_json(serializer, typed, printed, folder):
    uri = f"sqlite:///{folder}/a.db?serializer={serializer}"
    assert call("set", uri, "k", typed).code == 0
    assert good("get", uri, "k") == printed
    assert good("ls", uri) == "k\n"


def test_what_is_no_json_is_refused(folder):
    for typed in ("{", "[" * 10_000 + "]" * 10_000):
        assert "not JSON" in refusal("set", "sqlite:///a.db?serializer=json", "k", typed)
    assert not Path("a.db").exists()
    with holdall.open("sqlite:///a.db?serializer=pickle&trust=1") as store:
        store["k"] = 1j
    assert "read it in Python" in refusal("get", "sqlite:///a.db?serializer=pickle&trust=1", "k")


def test_a_name_is_an_address(folder, monkeypatch):
    assert call("set", "books", "7", "1").code == 0
    assert good("get", "books", "7") == "1\n"
    monkeypatch.setenv("HOLDALL_URI", "books")
    assert good("get", "7") == "1\n"


def test_books_are_kept_in_the_layers_of_their_address(folder):
    uri = "sqlite:///b.db?serializer=msgpack&compress=zstd"
    assert call("demo", "--into", uri).code == 0
    plain = call("demo", "--into", "sqlite:///plain.db")
    assert good("receivables", "outstanding", "--from", uri) == good(
        "receivables", "outstanding", "--from", "sqlite:///plain.db"
    )
    assert plain.code == 0
    assert "was written with serializer=msgpack&compress=zstd" in refusal(
        "invoices", "list", "--from", "sqlite:///b.db"
    )
