"""Shove's traps, shown to be there in Shove itself and closed here."""

import dbm.dumb
import gc
import os
import pickle
import subprocess
import sys
import threading
import tracemalloc
import warnings

import pytest

import holdall
from holdall.adapters._shared import plain
from holdall.adapters._shared.plain import load
from holdall.adapters.shove import Shove
from holdall.adapters.shove.importing import shove
from holdall.errors import (
    Corrupt,
    InvalidAddress,
    PermissionDenied,
    StoreNotFound,
    Unsupported,
)

IMPORT = """
import collections, sys
import holdall.shove
from shove import Shove
assert not hasattr(collections, "MutableMapping")
assert sys.modules.get("pkg_resources") is None or hasattr(sys.modules["pkg_resources"], "working_set")
books = Shove("holdall://" + sys.argv[1])
books["a"], books["b/../c"] = {"total": 7}, (1, 2)
books.close()
print(sorted(Shove("holdall://" + sys.argv[1]).items()))
"""


def test_an_app_of_shoves_keeps_its_objects_at_an_address(tmp_path):
    command = [sys.executable, "-W", "error", "-c", IMPORT, f"sqlite:///{tmp_path}/books.db"]
    shown = subprocess.check_output(command, text=True, cwd=tmp_path)
    assert shown == "[('a', {'total': 7}), ('b/../c', (1, 2))]\n"


def test_a_layer_takes_the_place_of_pickles():
    store = holdall.Json(holdall.Memory())
    books = shove.Shove(store, sync=1)
    books["a"] = {"total": 7}
    assert store["a"] == {"total": 7}
    assert store.raw()["a"] == b'{"total":7}'


@pytest.mark.parametrize("kind", ["file", "lite", "dbm"])
def test_both_read_what_the_other_wrote(kind, tmp_path):
    uri = f"{kind}://{tmp_path}/store"
    dbm.dumb.open(f"{tmp_path}/store", "c").close() if kind == "dbm" else None
    theirs = shove.core.store_backend(uri)
    theirs["invoices/1 é"] = b"written by Shove"
    theirs.close()
    with holdall.open(f"shove+{uri}") as ours:
        assert dict(ours) == {"invoices/1 é": b"written by Shove"}
        ours["invoices/2"] = b"written by holdall"
    again = shove.core.store_backend(uri)
    assert sorted(again) == ["invoices/1 é", "invoices/2"]
    assert again["invoices/2"] == b"written by holdall"
    again.close()


@pytest.mark.parametrize("compress", [False, True, 3])
@pytest.mark.parametrize("kind", ["file", "lite"])
def test_objects_come_as_their_pickles_and_are_not_loaded(kind, compress, tmp_path):
    uri = f"{kind}://{tmp_path}/store"
    theirs = shove.core.store_backend(uri, compress=compress)
    theirs["bomb"] = Bomb()
    theirs["a"] = {"total": 7}
    theirs.close()
    with Shove(uri, compress=compress) as ours, pytest.raises(Corrupt, match="values=pickle") as refusal:
        ours["bomb"]
    assert refusal.value.key == "bomb"
    with Shove(uri, values="pickle", compress=compress) as ours:
        assert list(ours) == ["a", "bomb"]
        assert pickle.loads(ours["a"]) == {"total": 7}
        assert b"_exploded" in ours["bomb"]
        ours["b"] = pickle.dumps({1, 2})
    assert exploded == []
    again = shove.core.store_backend(uri, compress=compress)
    assert again["b"] == {1, 2}
    again.close()


exploded = []


def _exploded():
    exploded.append(1)


class Bomb:
    """Runs code where its pickle is loaded."""

    def __reduce__(self):
        return _exploded, ()


@pytest.mark.parametrize("kind", ["lite", "dbm"])
def test_keys_that_another_python_pickled_are_found(kind, tmp_path):
    uri = f"{kind}://{tmp_path}/store"
    dbm.dumb.open(f"{tmp_path}/store", "c").close() if kind == "dbm" else None
    theirs = shove.core.store_backend(uri, protocol=2)
    theirs["old"] = 7
    theirs.close()
    today = shove.core.store_backend(uri)
    assert (list(today), "old" in today) == (["old"], False)  # the trap
    today.close()
    with Shove(uri, values="pickle") as ours:
        assert [(key, pickle.loads(value)) for key, value in ours.items()] == [("old", 7)]
        ours["old"] = pickle.dumps(8)
        assert (len(ours), pickle.loads(ours["old"])) == (1, 8)
        del ours["old"]
        assert not ours


def test_a_text_of_python_2_is_a_key_and_bytes(tmp_path):
    path = tmp_path / "store"
    python2 = b"U\x03\xc3\xa9aq\x00."  # 'éa', as cPickle.dumps writes a str
    (path).mkdir()
    (path / "a").write_bytes(python2)
    assert dict(Shove(f"file://{path}")) == {"a": b"\xc3\xa9a"}


def test_keys_that_are_not_portable_text_are_foreign_names(tmp_path):
    uri = f"lite://{tmp_path}/store"
    theirs = shove.core.store_backend(uri)
    theirs.update({7: b"1", "": b"2", "a//b": b"3", "good": b"4"})
    theirs.close()
    with Shove(uri) as ours:
        assert list(ours) == ["good"]
        empty, number, slashes = sorted(ours.foreign_names())
        assert (empty, number, slashes) == ("", "7", "a//b")
        assert ours.get_foreign(slashes) == b"3"
        with pytest.raises(Unsupported, match="foreign name"):
            ours.get_foreign(number)


def test_a_disk_that_fails_is_no_missing_key(tmp_path):
    theirs = shove.core.store_backend(f"file://{tmp_path}/store")
    os.mkdir(tmp_path / "store" / "a")
    with pytest.raises(KeyError):
        theirs["a"]  # the trap
    ours = Shove(f"file://{tmp_path}/store")
    for operation in (lambda: ours["a"], lambda: ours.__setitem__("a", b"1"), lambda: ours.discard("a")):
        with pytest.raises(PermissionDenied):
            operation()


def test_a_link_leads_nowhere(tmp_path):
    (tmp_path / "secret").write_bytes(pickle.dumps(b"secret"))
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "a").symlink_to(tmp_path / "secret")
    with pytest.raises(PermissionDenied):
        Shove(f"file://{tmp_path}/store")["a"]


def test_reading_makes_no_folder(tmp_path):
    with Shove(f"file://{tmp_path}/mistyped") as store:
        assert not store
        assert "a" not in store
        store.discard("a")
    assert not (tmp_path / "mistyped").exists()


@pytest.mark.parametrize(
    ("uri", "error"),
    [
        ("shove+file://", InvalidAddress),
        ("shove+fil:///a", InvalidAddress),
        ("shove://a", InvalidAddress),
        ("shove+file:///a?valeus=pickle", InvalidAddress),
        ("shove+file:///a?values=json", InvalidAddress),
        ("shove+file://me:hunter2@host/a", InvalidAddress),
        ("shove+memory:///a", InvalidAddress),
        ("shove+lite:///a?compress=maybe", InvalidAddress),
        ("shove+dbm:///no/such/folder/a", StoreNotFound),
    ],
)
def test_a_wrong_address_is_refused_and_its_password_not_shown(uri, error):
    with pytest.raises(error) as refusal:
        holdall.open(uri).get("a")
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("damage", [b"", b"SQLite format 3\0 and no more", b"\x80\x05K"])
def test_a_damaged_store_is_corrupt(damage, tmp_path):
    (tmp_path / "file").mkdir()
    (tmp_path / "file" / "a").write_bytes(damage)
    (tmp_path / "lite").write_bytes(damage or b"nonsense" * 100)
    for kind in ("file", "lite"):
        with Shove(f"{kind}://{tmp_path}/{kind}") as store, pytest.raises(Corrupt):
            store["a"]
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        gc.collect()  # Shove forgets the connection over which it met the damage


@pytest.mark.parametrize("compress", ["1", "true", "9"])
def test_compressed_objects_are_opened_by_address(compress, tmp_path, monkeypatch):
    theirs = shove.core.store_backend(f"file://{tmp_path}/a", compress=True)
    theirs["k"] = b"value " * 100
    address = f"shove+file://{tmp_path}/a?compress={compress}"
    with holdall.open(address) as store:
        assert type(store) is Shove
        assert dict(store) == {"k": b"value " * 100}
        store["k"] = b"another"
    assert theirs["k"] == b"another"
    with holdall.open(f"{address}&cache=60s&serializer=text&manifest=off") as layered:
        assert layered["k"] == "another"
    with holdall.open(f"shove+file://{tmp_path}/b?compress=zstd&manifest=off") as zstd:
        assert type(zstd) is holdall.Zstd
    (tmp_path / "holdall.toml").write_text(f'[store.old]\nuri = "{address}"\nlayers = ["compress=gzip"]')
    monkeypatch.setenv("HOLDALL_CONFIG", str(tmp_path / "holdall.toml"))
    assert repr(holdall.open("old?manifest=off")).startswith("Gzip(Shove(")


def test_a_compression_that_shove_does_not_have_is_refused(tmp_path):
    with pytest.raises(InvalidAddress, match="compress='snappy' is not a level"):
        holdall.open(f"shove+file://{tmp_path}/a?compress=snappy")


def test_a_relative_path_stays_where_it_was(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with holdall.open("shove+file://old") as store:
        monkeypatch.chdir("/")
        store["a"] = b"1"
    assert (tmp_path / "old" / "a").exists()


class Remote(shove.store.SimpleStore):
    """A store of another package's: it says KeyError for everything, and has a password in its address."""

    def __getitem__(self, key):
        try:
            raise ConnectionError("it is away")
        except OSError:
            raise KeyError(key)  # noqa: B904


def test_a_store_of_another_package(monkeypatch):
    entry = type("Entry", (), {"load": lambda self: Remote})()
    monkeypatch.setitem(shove._imports.stores, "remote", entry)
    store = holdall.open("shove+remote://me:hunter2@host:7/db?replicas=2")
    assert repr(store) == "Shove('remote://***@host:7/db?replicas=***')"
    assert store.uri == "remote://me:hunter2@host:7/db?replicas=2"
    with store, pytest.raises(holdall.Unavailable) as refusal:
        store["a"]
    assert "hunter2" not in str(refusal.value)
    with pytest.raises(TypeError, match="password") as refused:
        pickle.dumps(store)
    assert "hunter2" not in str(refused.value)


def test_a_reader_meets_no_half_value(tmp_path):
    store = Shove(f"file://{tmp_path}/store")
    small, large = b"s", b"l" * 300_000
    store["a"] = small
    done = threading.Event()

    def write():
        for _ in range(20):
            store["a"] = large
            store["a"] = small
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    other = Shove(f"file://{tmp_path}/store")
    while not done.is_set():
        assert other["a"] in (small, large)
    writer.join()


@pytest.mark.parametrize(
    "data",
    [
        b"Nr\xff\xff\xff\x0f.",  # a place in the memo, for which 4 GiB were made
        b"Np268435455\n.",
        b"\x80\x05\x96\x00\x00\x00\x00\x01\x00\x00\x00.",  # a bytearray of 4 GiB
        b"\x80\x05\x8e\x00\x00\x00\x00\x01\x00\x00\x00.",
        b"(" + b"]" * 20_000 + b"l.",
        b"N" * 20_000 + b".",
    ],
)
def test_a_small_pickle_takes_no_memory(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain, "MOST", 1_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(pickle.UnpicklingError):
            load(data, "bytes")
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()
