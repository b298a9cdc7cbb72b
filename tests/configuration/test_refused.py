"""Addresses that cannot be meant: each is refused with what there is, and none shows a secret or runs code."""

import base64
import os
import pickle
import traceback
from pathlib import Path
from typing import Any

import pytest

import holdall
from holdall import Corrupt, HoldallError, InvalidAddress, PermissionDenied
from holdall.address import Address, parameters
from holdall.configuration.stack import Stack
from holdall.configuration.table import LAYERS, Row
from holdall.layer import layers
from holdall.middleware.keyring import new_key

MARK = "hunter2hunter2hunter2"


@pytest.mark.parametrize(
    ("query", "remedy"),
    [
        ("serialiser=json", "did you mean 'serializer'?"),
        ("zzz=1", "it takes none; layers take acks, bound, budget, cache, checksum, "),
        ("serializer=jsn", "not one of json, msgpack, yaml, xml, pickle, text"),
        ("serializer=", "not one of json, msgpack"),
        ("compress=snappy", "not one of zstd, gzip, lzma"),
        ("checksum=md5", "not one of crc32c, xxh3"),
        ("expires=soon", "not a duration"),
        ("expires=0", "expires"),
        ("readonly=perhaps", "not yes or no; write on or off"),
        ("manifest=maybe", "not one of check, require, off"),
        ("compress=zstd&level=high", "not a whole number"),
        ("level=3", "belongs to compress=zstd, compress=gzip, compress=lzma"),
        ("compress=gzip&dictionary=7", "belongs to compress=zstd"),
        ("serializer=json&trust=1", "belongs to serializer=pickle"),
        ("serializer=text&type=decimal:Decimal", "belongs to serializer=json, "),
        ("serializer=pickle", "trust=1"),
        ("serializer=pickle&trust=0", "trust=1"),
        ("validate=formencode.validators:Int", "name a serializer"),
        ("serializer=json&validate=decimal:Decimal", "has no to_python"),
        ("serializer=json&validate=no_such_module:Schema", "cannot be imported"),
        ("serializer=json&validate=decimal:NoSuchName", "cannot be imported"),
        ("serializer=json&validate=Schema", "module:name"),
        ("type=..:x", "module:name"),
        ("cache=soon", "not a duration"),
        ("cache=60s&size=much", "not a size"),
        ("cache=60s&size=0", "room for one item or more"),
        ("cache=60s&items=many", "not a whole number"),
        ("cache=60s&misses=some", "not yes or no; write on or off"),
        ("near=memory://", "near has no effect here; it belongs to cache"),
        ("cache=60s&near=", "near=the address is empty"),
        ("cache=60s&near=zzz://", "near: no store has the scheme 'zzz'"),
        ("cache=60s&near=memory://?colour=red", "near: memory: has no parameter 'colour'"),
        ("cache=60s&near=file://near", "near: file:"),
        ("cache=60s&near=memory://", "near: memory:// is both the near and the far store"),
        ("cache=60s&near=memory://n?serializer=json", "leave serializer out"),
        ("cache=60s&near=memory://n?readonly=1", "leave readonly out"),
        ("cache=60s&near=memory://n?history=on", "leave history out"),
        ("budget=many", "not a whole number"),
        ("metrics=some", "not yes or no; write on or off"),
        ("serializer=json&serializer=yaml", "given twice"),
        ("encrypt=2026", "env:NAME, file:PATH"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_remedy(query: str, remedy: str) -> None:
    with pytest.raises(InvalidAddress) as refusal:
        holdall.open(f"memory://?{query}")
    assert remedy in str(refusal.value)
    assert len(str(refusal.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (["compress=zstd", "serializer=json"], "compress takes bytes, so serializer cannot be below it"),
        (["expires=1h", "metrics=on", "serializer=text"], "expires takes bytes, so serializer"),
        (["cache=60s", "serializer=msgpack"], "cache takes bytes, so serializer"),
        (
            ["serializer=json", "validate=formencode.validators:Int"],
            "of documents, so validate cannot be below",
        ),
        (
            ["serializer=json", "escape=on", "serializer=text"],
            "of documents, so serializer cannot be below it",
        ),
        (
            ["cache=60s", "prefix=a", "compress=gzip"],
            "cache keeps the bytes as the store keeps them, so compress",
        ),
        (
            ["serializer=json", "cache=never", "expires=1h"],
            "cache keeps the bytes as the store keeps them, so expires",
        ),
        (
            ["cache=60s", "escape=on"],
            "cache keeps the bytes as the store keeps them, so escape cannot be below it; move one of them",
        ),
    ],
)
def test_an_order_that_cannot_work_is_refused_with_the_reason(texts: list[str], reason: str) -> None:
    with pytest.raises(InvalidAddress, match=f"^'books': .*{reason}"):
        Stack.from_entries(Address("", "books"), map(parameters, texts))


@pytest.mark.parametrize(
    "text",
    [
        f"memory://?encrypt={MARK}",
        f"memory://?serializer=pickle&trust=1&sign={MARK}",
        f"memory://?encrypt={MARK}&level=3",
        f"sqlite:///nothing.db?encrypt=env:KEYS&password={MARK}",
        f"no-such-store?encrypt={MARK}",
        f"memory://?near=redis://:{MARK}@cache.example/0",
        f"memory://?cache=60s&near=redis://:{MARK}@cache.example/name",
        f"memory://?cache=60s&near=redis://cache.example/name?password={MARK}",
        f"memory://?cache=60s&near=redis://:{MARK}@cache.example:port/0",
        f"memory://?cache=60s&near=redis://:{MARK}@cache.example/0?serializer=json",
        f"memory://?cache=soon&near=memory://?encrypt={MARK}",
        f"memory://?cache=60s&near=memory://?encrypt={MARK}",
    ],
)
def test_a_key_in_the_wrong_place_is_not_shown(text: str) -> None:
    assert MARK not in repr(Address.parse(text))
    with pytest.raises(HoldallError) as refusal:
        holdall.open(text)
    shown = "".join(traceback.format_exception(refusal.value, chain=True))
    assert MARK not in shown.replace(text, "")
    assert MARK not in str(refusal.value)


def test_no_key_is_in_a_repr_a_pickle_or_the_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = new_key("2026")
    secret = key.partition(":")[2]
    monkeypatch.setenv("KEYS", key)
    monkeypatch.setenv("SIGN", MARK)
    store = holdall.open(
        f"sqlite:///{tmp_path}/a.db?serializer=pickle&trust=1&sign=env:SIGN&encrypt=env:KEYS"
    )
    store["a"] = {1}
    manifest = store.raw()[".holdall/manifest"]
    for shown in (repr(store), str(vars(store)), manifest.decode(), pickle.dumps(store).decode("latin-1")):
        assert secret not in shown
        assert MARK not in shown
    assert '"key": "2026"' in manifest.decode()
    assert pickle.loads(pickle.dumps(store))["a"] == {1}


WITH = {
    "readonly": "1",
    "history": "on",
    "validate": "formencode.validators:String",
    "expires": "1h",
    "encrypt": "env:KEYS",
    "checksum": "xxh3",
    "cache": "60s",
    "metrics": "on",
    "budget": "1000",
}


@pytest.mark.parametrize("row", LAYERS, ids=lambda row: row.word)
def test_no_layer_shows_a_key_of_another(
    row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    key = new_key("2026").partition(":")[2]
    monkeypatch.setenv("KEYS", f"2026:{key}")
    monkeypatch.setenv("SIGN", MARK)
    given = {"serializer": "pickle", "encrypt": "env:KEYS"} | {
        row.parameter: WITH.get(row.parameter, row.value)
    }
    if given["serializer"] == "pickle":
        given |= {"trust": "1", "sign": "env:SIGN"}
    address = Address.parse(f"sqlite:///{tmp_path}/a.db?durability=os").with_options(**given)
    with holdall.open(address, readonly=None) as writer:
        writer["a"] = "7"
        writer.raw()["b"] = b"damaged"
    store = holdall.open(address)
    assert store["a"] == "7"
    with pytest.raises(Corrupt, match="'b'") as refusal:
        store["b"]
    shown = [*traceback.format_exception(refusal.value), caplog.text, repr(address), repr(store)]
    shown += [str(vars(layer)) for layer in layers(store)]
    shown += [pickle.dumps(each).decode("latin-1") for each in (store, refusal.value)]
    shown += [data.decode("latin-1") for _, data in store.raw(".holdall/manifest").scan_items()]
    for secret in (MARK, key, base64.b64decode(key).decode("latin-1")):
        assert secret not in "\n".join(shown)
    assert pickle.loads(pickle.dumps(store))["a"] == "7"


def test_without_its_key_a_store_does_not_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KEYS", raising=False)
    with pytest.raises(PermissionDenied, match="no variable KEYS"):
        holdall.open("memory://?encrypt=env:KEYS")


class Payload:
    """A pickle that makes a folder when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("serializer", ["json", "msgpack", "yaml", "xml", "text", "pickle&trust=1"])
def test_a_pickle_that_lies_there_is_not_loaded(serializer: str, tmp_path: Path) -> None:
    store = holdall.open(f"memory://?serializer={serializer}")
    store.raw()["a"] = pickle.dumps(Payload(tmp_path / "left"))
    with pytest.raises(Corrupt, match="'a'"):
        store["a"]
    assert not (tmp_path / "left").exists()


def test_what_is_no_schema_is_not_called() -> None:
    with pytest.raises(InvalidAddress):
        holdall.open("memory://?serializer=json&validate=sys:exit")


def test_a_schema_and_a_type_are_found_by_name() -> None:
    store = holdall.open("memory://?validate=formencode.validators:Int&type=builtins:int")
    assert type(store).__name__ == "Validate"
    with pytest.raises(holdall.Invalid):
        store["a"] = "not a number"
    store["a"] = "7"
    assert store["a"] == 7
