"""Stores that an earlier release wrote are read, told and written on.

The folder of each release holds one small store of each kind that leaves bytes behind: an archive of files,
or a dump of what lay on a server. Each was written by that release, with HOLDALL_WRITE_STORED=1 in the
environment, and is not written again: a change of a stored format needs a reader for the old one.
"""

import json
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

import holdall
from holdall import Escape, Store, Versions, Zstd
from holdall.address import Address
from holdall.cli.books.bundled import import_bundled
from holdall.configuration.stack import Stack
from holdall.domain import Books, Receivables
from holdall.domain.model import Invoice
from holdall.middleware.dictionary import train
from holdall.store import Feature
from tests.adapters.dbm.flavors import needs_module
from tests.middleware.bytes.layers import SECRET
from tests.stored.archives import WRITE
from tests.stored.contents import BYTES, DOCUMENTS, TEXTS, check, write, write_on
from tests.stored.dumps import DUMPS

HERE = Path(__file__).parent
RELEASES = ["0.1"]

LAYERS = "serializer=json&compress=zstd&encrypt=env:HOLDALL_TEST_KEYS&checksum=crc32c"

FILES = {
    "dbm-bsd": "dbm:{folder}/{name}?flavor=bsd",
    "dbm-dumb": "dbm:{folder}/{name}?flavor=dumb",
    "dbm-gnu": "dbm:{folder}/{name}?flavor=gnu",
    "dbm-ndbm": "dbm:{folder}/{name}?flavor=ndbm",
    "file": "file:{folder}/{name}?",
    "fsspec": "fsspec+file://{folder}/{name}?",
    "lmdb": "lmdb:{folder}/{name}?",
    "shove": "shove+file://{folder}/{name}?",
    "slatedb": "slatedb+file://{folder}/{name}?",
    "sqlite": "sqlite:///{folder}/{name}.db?",
}

ONE_LAYER: dict[str, tuple[str, dict[str, Any]]] = {
    "checksum_crc32c": ("checksum=crc32c", BYTES),
    "checksum_xxh3": ("checksum=xxh3", BYTES),
    "encrypt": ("encrypt=env:HOLDALL_TEST_KEYS", BYTES),
    "expires": ("expires=36500d", BYTES),
    "gzip": ("compress=gzip", BYTES),
    "history": ("serializer=json&history=on", DOCUMENTS),
    "json": ("serializer=json", DOCUMENTS),
    "lzma": ("compress=lzma", BYTES),
    "msgpack": ("serializer=msgpack", DOCUMENTS),
    "pickle": ("serializer=pickle&trust=1", DOCUMENTS),
    "pickle_signed": ("serializer=pickle&trust=1&sign=env:HOLDALL_TEST_KEYS", DOCUMENTS),
    "text": ("serializer=text", TEXTS),
    "xml": ("serializer=xml", DOCUMENTS),
    "yaml": ("serializer=yaml", DOCUMENTS),
    "zstd": ("compress=zstd", BYTES),
}


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDALL_TEST_KEYS", f"2026:{SECRET}")


def layers_of(store: Store[bytes]) -> Store[Any]:
    """LAYERS on ``store``, and history where it can be kept."""
    history = "&history=on" if Feature.SWAP in store.features else ""
    stack, _ = Stack.of(Address.parse(f"memory://?{LAYERS}{history}"))
    return stack.on(store)


@pytest.fixture(params=RELEASES)
def release(request: pytest.FixtureRequest) -> Path:
    return HERE / str(request.param)


def prove(store: Store[Any], values: dict[str, Any]) -> None:
    """Write the contents, or check them and write on."""
    if WRITE:
        write(store, values)
    else:
        check(store, values)
        write_on(store, values)
        if isinstance(store, Versions):
            assert list(store.fsck()) == []


@pytest.mark.parametrize("kind", FILES)
def test_files(kind: str, archive: Any) -> None:
    engine, _, flavor = kind.partition("-")
    if flavor:
        needs_module(flavor)
    if engine == "slatedb":
        pytest.importorskip("slatedb")
    folder = archive(kind)
    with holdall.open(FILES[kind].format(folder=folder, name="plain")) as plain:
        prove(plain, BYTES)
    with layers_of(holdall.open(FILES[kind].format(folder=folder, name="layered"))) as layered:
        if WRITE or Feature.SWAP in plain.features:
            prove(layered, DOCUMENTS)
        else:  # Encrypt binds what it writes to its store, and keeps no identity in this one: copy it
            check(layered, DOCUMENTS)
            address = FILES[kind].format(folder=folder, name="moved") + f"{LAYERS}&context=moved"
            with holdall.open(address) as moved:
                moved.update(layered.items())
                check(moved, DOCUMENTS)
                write_on(moved, DOCUMENTS)


def test_each_layer_by_itself(archive: Any) -> None:
    where = f"sqlite:///{archive('layers')}/layers.db?table="
    for name, (layers, values) in ONE_LAYER.items():
        with holdall.open(f"{where}{name}&{layers}") as store:
            prove(store, values)
    with Escape(holdall.open(f"{where}escape")) as store:
        prove(store, {"": b"", "a//b": b"1", "../x\n": b"2", "C:\\y": b"3"})


def test_a_trained_dictionary(archive: Any) -> None:
    below = holdall.open(f"sqlite:///{archive('dictionary')}/dictionary.db")
    values = {f"invoices/{n}": b'{"number": "%d", "currency": "EUR", "paid": false}' % n for n in range(200)}
    if WRITE:
        Zstd(below).update(values)
        with Zstd(below, dictionary=train(Zstd(below), size=1024)) as store:
            store.update(values)
    else:
        with Zstd(below) as store:
            assert dict(store.items()) == values


def test_books(archive: Any) -> None:
    folder = archive("books")
    expected = folder / "receivables.json"
    with holdall.open(f"sqlite:///{folder}/books.db?history=on", type=Invoice) as store:
        if WRITE:
            import_bundled(Books(store))
            expected.write_text(json.dumps(_reports(store)))
        assert _reports(store) == json.loads(expected.read_text())
        [newest, *_, oldest] = store.history("invoices/DE999000111/NL-2026-014")
        assert (newest.number, oldest.number) == (2, 1)


def _reports(store: Store[Invoice]) -> dict[str, Any]:
    """What the books say, as text."""
    asked = Receivables(store)
    reports = {
        "outstanding": asked.outstanding(),
        "received": asked.received(),
        "aging": asked.aging(date(2026, 9, 30)),
    }
    return json.loads(msgspec.json.encode({name: list(report) for name, report in reports.items()}))


@pytest.mark.parametrize("server", DUMPS)
def test_servers(server: str, release: Path, request: pytest.FixtureRequest) -> None:
    path = release / f"{server}.json"
    there = DUMPS[server](request.getfixturevalue(server))
    if not WRITE:
        there.load(json.loads(path.read_text()))
    with there.open() as store:
        plain, layered = holdall.Prefix(store, "plain"), layers_of(holdall.Prefix(store, "layered"))
        prove(plain, {key: value for key, value in BYTES.items() if len(key) < 300})
        prove(layered, DOCUMENTS)
    if WRITE:
        path.write_text(json.dumps(there.dump(), indent=1))
