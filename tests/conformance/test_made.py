"""How a store is made: by position or by keyword, its repr and pickle make it again; a wrong option is refused."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from holdall import (
    DBM,
    LMDB,
    Budget,
    Cache,
    Checksum,
    Encrypt,
    Escape,
    Expires,
    File,
    Gzip,
    Json,
    Lzma,
    Memory,
    MessagePack,
    Metrics,
    PassThrough,
    Pickle,
    Prefix,
    ReadOnly,
    SQLite,
    Text,
    Validate,
    Versions,
    Xml,
    Yaml,
    Zstd,
)
from holdall.errors import InvalidAddress
from holdall.layer import layers
from holdall.middleware.guard import Guard
from holdall.middleware.keyring import new_key
from holdall.middleware.manifest import Manifest
from holdall.store import Store
from tests.conformance.test_conformance import AnyValue

BY_KEYWORD: dict[str, Callable[[Path], Store[Any]]] = {
    "file": lambda path: File(root=path, durability="os"),
    "sqlite": lambda path: SQLite(path=path / "store.db", table="Order", durability="os", timeout=3.0),
    "lmdb": lambda path: LMDB(folder=path / "store", durability="os"),
    "dbm": lambda path: DBM(path=path / "store", flavor="dumb", durability="os"),
    "passthrough": lambda path: PassThrough(store=Memory("made")),
    "prefix": lambda path: Prefix(store=Memory("made"), prefix="app"),
    "escape": lambda path: Escape(store=Memory("made")),
    "json": lambda path: Json(store=Memory("made"), type=dict[str, int]),
    "msgpack": lambda path: MessagePack(store=Memory("made")),
    "yaml": lambda path: Yaml(store=Memory("made")),
    "xml": lambda path: Xml(store=Memory("made")),
    "text": lambda path: Text(store=Memory("made")),
    "pickle": lambda path: Pickle(store=Memory("made"), trust=True),
    "gzip": lambda path: Gzip(store=Memory("made"), level=1),
    "lzma": lambda path: Lzma(store=Memory("made")),
    "zstd": lambda path: Zstd(store=Memory("made"), level=1),
    "checksum": lambda path: Checksum(store=Memory("made"), algorithm="xxh3"),
    "encrypt": lambda path: Encrypt(store=Memory("made"), keys="env:HOLDALL_MADE_KEYS"),
    "expires": lambda path: Expires(store=Memory("made"), ttl=60),
    "cache": lambda path: Cache(store=Memory("made"), max_age=60, near=Memory("near")),
    "validate": lambda path: Validate(store=Memory("made"), schema=AnyValue()),
    "guard": lambda path: Guard(store=Memory("made"), manifest=Manifest(("serializer=json",)), required=True),
    "metrics": lambda path: Metrics(store=Memory("made"), name="books"),
    "budget": lambda path: Budget(store=Memory("made"), requests=9),
    "readonly": lambda path: ReadOnly(store=Memory("made")),
    "versions": lambda path: Versions(store=Memory("made"), author="Ann", history=Memory("history")),
}
NAMES = {kind.__name__: kind for kind in vars().copy().values() if isinstance(kind, type)}


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Named stores that no other test shares, and a keyring."""
    monkeypatch.setattr(Memory, "_shared", {})
    monkeypatch.setenv("HOLDALL_MADE_KEYS", new_key("2026"))


@pytest.mark.parametrize("kind", BY_KEYWORD)
def test_a_store_made_by_keyword_is_made_again(kind: str, tmp_path: Path) -> None:
    with BY_KEYWORD[kind](tmp_path) as store:
        list(layers(store))[-1]["there"] = b"1"
        for again in (pickle.loads(pickle.dumps(store)), eval(repr(store), dict(NAMES))):
            with again:
                assert (type(again), repr(again)) == (type(store), repr(store))
                assert [type(each) for each in layers(again)] == [type(each) for each in layers(store)]
                assert list(again.raw()) == list(store.raw())


LEVELS: dict[str, Callable[[Path, Any], Store[bytes]]] = {
    "file": lambda path, level: File(path, durability=level),
    "sqlite": lambda path, level: SQLite(path / "store.db", durability=level),
    "lmdb": lambda path, level: LMDB(path / "store", durability=level),
    "dbm": lambda path, level: DBM(path / "store", flavor="dumb", durability=level),
}


@pytest.mark.parametrize("kind", LEVELS)
@pytest.mark.parametrize("level", ["Full", "FULL", "os ", "fsync", "", None, True])
def test_a_constructor_refuses_an_unknown_durability(kind: str, level: Any, tmp_path: Path) -> None:
    with pytest.raises(InvalidAddress, match=f"{kind}: durability={level!r} is not one of full, os"):
        LEVELS[kind](tmp_path, level)
    assert list(tmp_path.iterdir()) == []
