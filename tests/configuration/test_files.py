"""Named stores: where they are looked for, what a file may say, and how a name is told from a path."""

import os
from pathlib import Path
from typing import Any

import pytest

import holdall
from holdall import InvalidAddress, PermissionDenied
from holdall.configuration import files, reading
from holdall.configuration.trust import trust
from holdall.layer import layers
from holdall.middleware.keyring import new_key

FILE = """
[store.invoices]
uri = "sqlite:///{here}/books.db?durability=os"
layers = ["escape", "serializer=msgpack", "compress=zstd&level=9", "encrypt=env:KEYS"]

[store.drafts]
uri = "memory://drafts?serializer=json"
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a project with a file, as the current one; no file of the user's or of the machine's."""
    project = tmp_path / "über uns" / "project"
    project.mkdir(parents=True)
    declare(project / "holdall.toml", FILE)
    monkeypatch.chdir(project)
    monkeypatch.delenv("HOLDALL_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("KEYS", new_key("2026"))
    trust(reading.read(project / "holdall.toml"))
    return project


def declare(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    file.chmod(0o644)


def names(store: Any) -> list[str]:
    return [type(layer).__name__ for layer in layers(store)]


def test_a_name_opens_what_the_file_says(project: Path) -> None:
    store = holdall.open("invoices")
    assert names(store) == ["Escape", "MessagePack", "Guard", "Zstd", "Encrypt", "SQLite"]
    store["../7"] = {"total": 1}
    assert (project / "books.db").is_file()
    assert dict(holdall.open("invoices").items()) == {"../7": {"total": 1}}
    assert names(holdall.open("drafts")) == ["Json", "Guard", "Memory"]


def test_a_name_that_nothing_declares_is_refused_with_what_may_be_meant(project: Path) -> None:
    with pytest.raises(InvalidAddress, match=r"holdall\.toml; did you mean 'drafts'\?; for a folder write"):
        holdall.open("draft")
    (project / "holdall.toml").unlink()
    with pytest.raises(InvalidAddress, match=r"'draft': there is no holdall\.toml; .*'sqlite:///draft'$"):
        holdall.open("draft")


def test_from_a_folder_below_it_is_the_same_store(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    holdall.open("invoices")["7"] = {"total": 1}
    (project / "src" / "app").mkdir(parents=True)
    monkeypatch.chdir(project / "src" / "app")
    assert holdall.open("invoices")["7"] == {"total": 1}


def test_a_word_is_a_name_and_anything_else_is_a_path(project: Path) -> None:
    for address in ("./invoices", "file:invoices", Path("invoices"), "invoices/2026", "books.2026"):
        assert type(holdall.open(address)) is holdall.File
    with pytest.raises(InvalidAddress) as refusal:
        holdall.open("invoces")
    assert "did you mean 'invoices'?" in str(refusal.value)
    assert "'./invoces'" in str(refusal.value)
    assert str(project / "holdall.toml") in str(refusal.value)
    assert not (project / "invoces").exists()


def test_the_nearest_file_is_before_the_users_and_the_variable_before_both(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(project.parent / "holdall.toml", '[store.above]\nuri = "memory://"')
    user = tmp_path / "config" / "holdall" / "holdall.toml"
    declare(user, '[store.drafts]\nuri = "memory://user"\n[store.mine]\nuri = "memory://mine"')
    assert [(each.name, each.file) for each in files.stores()] == [
        ("drafts", project / "holdall.toml"),
        ("invoices", project / "holdall.toml"),
        ("mine", user),
    ]
    assert repr(holdall.open("mine")) == "Memory('mine')"
    assert names(holdall.open("drafts")) == ["Json", "Guard", "Memory"]
    declare(tmp_path / "other.toml", '[store.only]\nuri = "memory://only"')
    monkeypatch.setenv("HOLDALL_CONFIG", str(tmp_path / "other.toml"))
    assert [each.name for each in files.stores()] == ["only"]
    monkeypatch.setenv("HOLDALL_CONFIG", str(tmp_path / "missing.toml"))
    with pytest.raises(InvalidAddress, match=r"missing\.toml cannot be read"):
        holdall.open("only")


def test_a_home_that_may_not_be_searched_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.chdir("/")
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)  # modes do not stop root
    try:
        with pytest.raises(PermissionDenied, match=r"holdall\.toml cannot be reached.*set HOLDALL_CONFIG"):
            holdall.open("books")
    finally:
        os.seteuid(user)


def test_a_name_in_the_nearest_file_does_not_need_the_users(project: Path, tmp_path: Path) -> None:
    declare(tmp_path / "config" / "holdall" / "holdall.toml", "[store.")
    assert list(holdall.open("drafts")) == []
    with pytest.raises(InvalidAddress, match="TOML"):
        holdall.open("other")


def test_where_it_is_opened_it_can_be_told_more() -> None:
    assert names(holdall.open("invoices?readonly=1"))[0] == "ReadOnly"
    assert names(holdall.open("invoices", readonly=True))[0] == "ReadOnly"
    other = holdall.open("invoices", serializer="yaml", compress=None, table="other", manifest="off")
    assert names(other) == ["Escape", "Yaml", "Encrypt", "SQLite"]
    assert "table='other'" in repr(other)
    assert names(holdall.open("drafts", compress="gzip")) == ["Json", "Guard", "Gzip", "Memory"]
    assert type(holdall.open("drafts", type=int)).__name__ == "Json"
    with pytest.raises(InvalidAddress, match="checksum belongs to none"):
        holdall.open("invoices", checksum="xxh3")


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("[store.a", "not valid TOML"),
        ("\ud800", "not valid TOML"),
        ("[stores.a]", "did you mean 'store'?"),
        ("store = 1", "write [store.name]"),
        ("[store.a]", "no uri"),
        ("[store.a]\nuri = 1", "no uri"),
        ("store.a = 1", "no uri"),
        ('[store.a]\nuri = "memory://"\nlayer = []', "did you mean 'layers'?"),
        ('[store.a]\nuri = "memory://"\nlayers = "serializer=json"', "not a list of texts"),
        ('[store.a]\nuri = "memory://"\nlayers = [1]', "not a list of texts"),
        ('[store."a b"]\nuri = "memory://"', "not a valid name"),
        ('[store.""]\nuri = "memory://"', "not a valid name"),
        ('[store.a]\nuri = "a"', "no scheme"),
        ('[store.a]\nuri = "memory://?serializer=json"\nlayers = []', "put it among its layers"),
        ('[store.a]\nuri = "memory://"\nlayers = ["compres=zstd"]', "did you mean 'compress'?"),
        ('[store.a]\nuri = "memory://"\nlayers = ["zzz"]', "choose from"),
        ('[store.a]\nuri = "memory://"\nlayers = [""]', "not a layer"),
        ('[store.a]\nuri = "memory://"\nlayers = ["level=3"]', "not a layer"),
        ('[store.a]\nuri = "memory://"\nlayers = ["compress=gzip&checksum=xxh3"]', "not a layer"),
        ('[store.a]\nuri = "memory://"\nlayers = ["compress=gzip&trust=1"]', "belongs to serializer=pickle"),
        (
            '[store.a]\nuri = "memory://"\nlayers = ["validate=formencode.validators:Int"]',
            "name a serializer",
        ),
        ('[store.a]\nuri = "zzz://"', "no store has the scheme"),
        ("#" * reading.LARGEST + "\n", "over 256 KiB"),
        ("a = " + "[" * 100_000, "nested too deeply"),
        ("a = " + "{a=" * 50_000, "nested too deeply"),
        (".".join(["a"] * 100_000) + " = 1", "over 16 parts"),
        ("[" + " . ".join(["'a'", '"b"'] * 20_000) + "]", "over 16 parts"),
        ("a" * 250_000, "not valid TOML"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_by_name(
    project: Path, text: str, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "holdall.toml").write_bytes(text.encode(errors="surrogatepass"))
    monkeypatch.setenv("HOLDALL_CONFIG", str(project / "holdall.toml"))
    with pytest.raises(InvalidAddress) as refusal:
        holdall.open("a")
    assert remedy in str(refusal.value)


def test_a_secret_in_a_list_is_not_shown(project: Path) -> None:
    (project / "holdall.toml").write_text(
        '[store.a]\nuri = "memory://"\n'
        'layers = ["encrypt=hunter2", "escape", {cache = "60s", near = "redis://:hunter2@cache.example/0"}]\n'
    )
    (declared,) = files.stores()
    assert declared.format_layers() == (
        "encrypt=***",
        "escape=on",
        "cache=60s&near=redis://***@cache.example/0",
    )
