"""A cache by name: its near store, its bounds, and near stores that cannot be meant."""

import pickle
from pathlib import Path
from typing import Any

import pytest

import holdall
from holdall import Cache, File, InvalidAddress, Memory
from holdall.cli.layers import format_constructors
from holdall.configuration import files
from holdall.layer import layers
from holdall.middleware.keyring import new_key
from holdall.registry import plan
from holdall.store import Store

FILE = """
[store.books]
uri = "sqlite:///{here}/books.db?durability=os"
layers = [
    "serializer=json",
    {cache = "90s", near = "disk", size = "2GiB", items = 1000, misses = true},
]

[store.disk]
uri = "file://{here}/near?durability=os&checksum=xxh3"

[store.plain]
uri = "sqlite:///{here}/plain.db?durability=os&cache=5m&near=file://{here}/near of plain?durability=os"

[store.twice]
uri = "memory://twice"
layers = ["cache=1s&items=10", {cache = "never", near = "file://{here}/twice?checksum=crc32c&durability=os"}]
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a project with a file; that its name is odd is to make no difference."""
    project = tmp_path / "50%25 off? #1"
    project.mkdir()
    monkeypatch.setenv("HOLDALL_CONFIG", str(project / "any.toml"))
    declare(project, FILE)
    return project


def declare(project: Path, text: str) -> None:
    (project / "any.toml").write_text(text, encoding="utf-8")
    (project / "any.toml").chmod(0o600)  # it may hold a password


def cache_of(store: Store[Any]) -> Cache:
    (found,) = (layer for layer in layers(store) if isinstance(layer, Cache))
    return found


def test_a_table_is_a_layer_with_its_near_store_and_bounds(project: Path) -> None:
    store = holdall.open("books")
    assert [type(layer).__name__ for layer in layers(store)] == ["Json", "Guard", "Cache", "SQLite"]
    _, options = cache_of(store)._made_with
    near = options.pop("near")
    assert options == {"max_age": 90.0, "size": 2 * 2**30, "items": 1000, "misses": True}
    assert [type(layer).__name__ for layer in layers(near)] == ["Guard", "Checksum", "File"]
    store["17"] = {"total": 1}
    assert list(holdall.open("disk")) == ["17"]
    assert (project / "near").is_dir()
    assert (project / "books.db").is_file()


def test_what_is_near_outlives_the_process(project: Path) -> None:
    holdall.open("books")["17"] = {"total": 1}
    (project / "books.db").rename(project / "away.db")
    assert holdall.open("books")["17"] == {"total": 1}
    assert pickle.loads(pickle.dumps(holdall.open("books")))["17"] == {"total": 1}


@pytest.mark.parametrize("name", ["plain", "twice"])
def test_a_near_store_may_be_an_address(project: Path, name: str) -> None:
    with holdall.open(name) as store:
        store["a"] = b"1"
    with holdall.open(name) as store:
        assert store["a"] == b"1"
    folder = {"plain": "near of plain", "twice": "twice"}[name]
    assert list(File(project / folder)) == ["a"]


def test_in_an_address_it_is_a_name_or_an_address(project: Path) -> None:
    by_name = holdall.open("memory://far?cache=60s&near=disk")
    by_name["a"] = b"1"
    assert list(holdall.open("disk")) == ["a"]
    folder = project.parent / "near"
    there = holdall.open(
        f"memory://far?cache=60s&near=file://{folder}?checksum=xxh3%26durability=os&size=1MB"
    )
    assert there["a"] == b"1"
    assert "durability='os'" in repr(cache_of(there))
    assert cache_of(there)._bounds[1] == 10**6


def test_in_python_it_may_be_a_store() -> None:
    near = Memory()
    holdall.open("memory://?cache=60s", near=near)["a"] = b"1"
    assert list(near) == ["a"]
    store = holdall.open("books", near=near, cache=5, items=3)
    assert cache_of(store)._made_with[1]["near"] is near


def test_none_leaves_a_cache_out_with_what_goes_with_it_or_only_its_near_store() -> None:
    for name in ("books", "plain"):
        assert "Cache" not in repr(holdall.open(name, cache=None))
        assert "near" not in cache_of(holdall.open(name, near=None))._made_with[1]
    assert type(holdall.open("memory://?type=builtins:int", serializer=None)) is Memory


def test_without_a_way_to_open_it_a_cache_is_in_memory(project: Path) -> None:
    stack, _ = plan("books", manifest="off")
    stack.on(Memory())["17"] = {"total": 1}
    assert not (project / "near").exists()


def test_the_nearest_of_three_is_asked_first() -> None:
    store = holdall.open("memory://far?cache=60s&near=memory://disk?cache=60s%26near=memory:%252F%252Fmemory")
    store["a"] = b"1"
    assert repr(store) == (
        "Cache(Memory('far'), max_age=60.0, near=Cache(Memory('disk'), max_age=60.0, near=Memory('memory')))"
    )
    assert list(holdall.open("memory://disk")) == list(holdall.open("memory://memory")) == ["a"]


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ('[store.a]\nuri = "memory://a?cache=60s&near=a"', "a cannot be near itself (a -> a)"),
        (
            '[store.a]\nuri = "memory://a?cache=60s&near=b"\n'
            '[store.b]\nuri = "memory://b?cache=60s&near=memory://c?cache=60s%26near=a"',
            "a cannot be near itself (a -> b -> a)",
        ),
        ('[store.a]\nuri = "memory://a?cache=60s&near=b"', "near: no store is named 'b'"),
        (
            '[store.a]\nuri = "memory://a"\nlayers = [{cache = "60s", near = "b"}]\n'
            '[store.b]\nuri = "memory://a"',
            "near: b is both the near and the far store",
        ),
        (
            '[store.a]\nuri = "memory://a?cache=60s&near=c"\n[store.c]\nuri = "memory://c"\n'
            '[store.b]\nuri = "memory://b"\nlayers = [{cache = "60s", near = "c"}]',
            "store.a and store.b have the same near store, c",
        ),
        (
            '[store.a]\nuri = "memory://"\nlayers = [{cache = "1s", near = "b"}, {cache = "60s", near = "b"}]\n'
            '[store.b]\nuri = "memory://b"',
            "store.a and store.a have the same near store, b",
        ),
        (
            '[store.a]\nuri = "memory://a?cache=60s&near=b"\n[store.b]\nuri = "memory://b?type=builtins:int"',
            "near: b is a near store, which holds the bytes of one cache; leave serializer out",
        ),
        ('[store.a]\nuri = "memory://"\nlayers = [{cache = "60s", neer = "b"}]', "did you mean 'near'?"),
        ('[store.a]\nuri = "memory://"\nlayers = [{cache = "60s", level = 3}]', "level has no effect here"),
        ('[store.a]\nuri = "memory://"\nlayers = [{near = "b"}]', "not a layer"),
        ('[store.a]\nuri = "memory://"\nlayers = [{}]', "not a layer"),
        ('[store.a]\nuri = "memory://"\nlayers = [{cache = true}]', "cache='True' is not a duration"),
        (
            '[store.a]\nuri = "memory://"\nlayers = [{cache = "60s", items = 1.5}]',
            "items='1.5' is not a whole number",
        ),
        ('[store.a]\nuri = "memory://"\nlayers = [{cache = ["60s"]}]', "not a list of texts and tables"),
        ('[store.a]\nuri = "memory://"\nlayers = [{cache = 1979-05-27}]', "not a list of texts and tables"),
        ('[store.a]\nuri = "memory://"\ncache = "60s"', "store.a.cache is not known"),
        ('[store.a]\nuri = "memory://"\nreplicas = ["b"]', "replica: no store is named"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(project: Path, text: str, remedy: str) -> None:
    declare(project, text)
    with pytest.raises(InvalidAddress) as refusal:
        holdall.open("a")
    assert remedy in str(refusal.value)


@pytest.mark.parametrize(
    "layer",
    [
        '{cache = "60s", near = "redis://:hunter2@cache.example/name"}',
        '{cache = "soon", near = "redis://:hunter2@cache.example/0"}',
        '{cach = "60s", near = "redis://:hunter2@cache.example/0"}',
        '{cache = "60s", near = "redis://cache.example:hunter2/0"}',
    ],
)
def test_a_secret_of_a_near_store_is_not_shown(project: Path, layer: str) -> None:
    declare(project, f'[store.a]\nuri = "memory://"\nlayers = [{layer}]')
    with pytest.raises(InvalidAddress) as refusal:
        holdall.open("a")
    (declared,) = files.stores()
    assert "hunter2" not in f"{refusal.value} {declared.format_layers()}"


def test_no_key_of_a_near_store_is_shown(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = new_key("2026")
    monkeypatch.setenv("KEYS", key)
    declare(
        project,
        '[store.a]\nuri = "sqlite:///{here}/a.db?durability=os"\n'
        'layers = [{cache = "60s", near = "file://{here}/near?durability=os&encrypt=env:KEYS"}]',
    )
    with holdall.open("a") as store:
        store["17"] = b"a value to be sealed"
    assert holdall.open("a")["17"] == b"a value to be sealed"
    sealed = File(project / "near")["17"]
    assert b"a value" not in sealed
    redis = holdall.open("memory://?cache=60s&near=redis://:hunter2@cache.example/0")
    shown = [
        repr(store),
        format_constructors(store),
        pickle.dumps(store).decode("latin-1"),
        repr(files.stores()),
    ]
    assert key.partition(":")[2] not in "".join(shown)
    assert "hunter2" not in repr(redis) + format_constructors(redis)
