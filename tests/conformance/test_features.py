"""What each store promises, word for word: a promise that is lost or made by mistake is seen here."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import holdall
from holdall import (
    Budget,
    Cache,
    Checksum,
    Escape,
    Expires,
    Feature,
    Gzip,
    Json,
    Memory,
    Metrics,
    PassThrough,
    Prefix,
    ReadOnly,
    Validate,
    Versions,
    Zstd,
)
from holdall.middleware.guard import Guard
from holdall.middleware.manifest import Manifest
from holdall.store import Store
from tests.adapters.dbm.flavors import needs_module
from tests.conformance.minimal import Minimal
from tests.conformance.test_conformance import AnyValue
from tests.middleware.bytes.layers import encrypted
from tests.servers.s3 import Server

WHOLE = "SEEK TAGS UNIQUE_TAGS SWAP REMOVE ATOMIC CHANGES"
PRIVATE = f"{WHOLE} RANGES STREAMS"
EVERYTHING = "SEEK BATCH TAGS UNIQUE_TAGS SWAP REMOVE ATOMIC SHARED DURABLE"
HASHED = "BATCH TAGS SWAP REMOVE ATOMIC SHARED DURABLE"

# Nothing here needs a server: none of these connects before it is used.
STORES = {
    "memory://": PRIVATE,
    "memory://shared": PRIVATE,
    "file:store": "BATCH TAGS UNIQUE_TAGS SWAP REMOVE SHARED DURABLE RANGES STREAMS",
    "sqlite:///store.db": f"{EVERYTHING} CHANGES RANGES STREAMS",
    "sqlite:///:memory:": f"{PRIVATE} BATCH",
    "lmdb:store": f"{EVERYTHING} CHANGES RANGES",
    "dbm:store?flavor=dumb": HASHED,
    "dbm:store?flavor=ndbm": HASHED,
    "dbm:store?flavor=gnu": HASHED,
    "dbm:store?flavor=bsd": f"SEEK {HASHED}",
    "dbm:store?flavor=sqlite3": f"SEEK {HASHED}",
    "redis://127.0.0.1:1": f"{EVERYTHING} CHANGES RANGES",
    "postgresql://127.0.0.1:1/app": f"{EVERYTHING} CHANGES RANGES",
    "postgresql://127.0.0.1:1/app?feed=off": f"{EVERYTHING} RANGES",
    "mysql://127.0.0.1:1/app": f"{EVERYTHING} RANGES",
    "mysql://127.0.0.1:1/app?feed=on": f"{EVERYTHING} CHANGES RANGES",
    "dynamodb://app?region=eu-west-1": EVERYTHING,
    "slatedb+file:///{here}/store": "SEEK BATCH TAGS UNIQUE_TAGS SWAP REMOVE ATOMIC DURABLE",
    "fsspec+file:///{here}/store": "TAGS SWAP REMOVE SHARED DURABLE RANGES",
    "fsspec+memory://store": "TAGS SWAP REMOVE RANGES",
    "fsspec+sftp://127.0.0.1:1/store": "SHARED DURABLE RANGES",
    "fsspec+ftp://127.0.0.1:1/store": "SHARED DURABLE",
    "shove+file:///{here}/store": "SHARED DURABLE",
    "shove+memory://": "",
}

READS = "SEEK TAGS UNIQUE_TAGS CHANGES RANGES STREAMS"
LAYERS: dict[str, tuple[Callable[[Store[Any]], Store[Any]], str]] = {
    "passthrough": (PassThrough, PRIVATE),
    "json": (Json, WHOLE),
    "gzip": (Gzip, f"{WHOLE} STREAMS"),
    "zstd": (Zstd, f"{WHOLE} STREAMS"),
    "checksum": (Checksum, PRIVATE),
    "encrypt": (encrypted, PRIVATE),
    "escape": (Escape, PRIVATE),
    "prefix": (lambda store: Prefix(store, "app"), PRIVATE),
    "raw": (lambda store: store.raw(), PRIVATE),
    "expires": (Expires, WHOLE),
    "cache": (lambda store: Cache(store, 60), PRIVATE),
    "validate": (lambda store: Validate(store, AnyValue()), f"{WHOLE} RANGES"),
    "guard": (lambda store: Guard(store, Manifest(("serializer=json",))), PRIVATE),
    "metrics": (Metrics, PRIVATE),
    "budget": (lambda store: Budget(store, 9), PRIVATE),
    "readonly": (ReadOnly, READS),
    "versions": (Versions, f"{WHOLE} HISTORY"),
    "versions-elsewhere": (
        lambda store: Versions(store, history=Memory()),
        "SEEK TAGS UNIQUE_TAGS SWAP REMOVE HISTORY CHANGES",
    ),
    "readonly-versions": (lambda store: ReadOnly(Versions(store)), "SEEK TAGS UNIQUE_TAGS CHANGES HISTORY"),
}


def named(words: str) -> Feature:
    """The features that ``words`` names."""
    return Feature(sum(Feature[word].value for word in words.split()))


@pytest.mark.parametrize("address", STORES)
def test_a_store_promises(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs_module(address.partition("flavor=")[2])
    if "flavor=sqlite3" in address:
        pytest.importorskip("holdall.adapters.dbm.sqlite3")
    monkeypatch.chdir(tmp_path)
    with holdall.open(address.replace("/{here}", str(tmp_path))) as store:
        assert store.features == named(STORES[address])


def test_a_bucket_promises(moto: Server) -> None:
    promised = "SEEK BATCH TAGS SWAP REMOVE DURABLE RANGES STREAMS"  # moto's is not SHARED
    assert moto.store().features == named(promised)


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_promises(layer: str) -> None:
    wrap, words = LAYERS[layer]
    assert wrap(Memory()).features == named(words)


@pytest.mark.parametrize(
    "layer", sorted(LAYERS.keys() - {"versions", "versions-elsewhere", "readonly-versions"})
)
def test_a_layer_adds_no_promise_to_a_store_that_makes_none(layer: str) -> None:
    wrap, _ = LAYERS[layer]
    assert wrap(Minimal()).features == Feature.NONE
