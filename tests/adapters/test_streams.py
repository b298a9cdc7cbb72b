"""Values as files: in bounded memory, and nothing is left of a writer that was killed."""

import os
import signal
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest

import holdall
from holdall import Conflict, File, SQLite, Text, TooLarge, Unsupported, Validate, Versions
from holdall.store import ABSENT
from tests.adapters.streaming import ROOM, SIZE, copy
from tests.conformance.test_conformance import AnyValue
from tests.middleware.bytes.layers import keys
from tests.soak import SOAK

WRITER = """
import os, sys, holdall
with holdall.open(sys.argv[1]) as store, store.open("key", "wb") as file:
    file.write(b"not complete" * 10_000)
    os.write(1, b".")
    sys.stdin.read()
"""


KEYS = "encrypt=env:HOLDALL_TEST_KEYS"
LAYERS = {
    "compress=zstd": SIZE,
    "checksum=crc32c": SIZE,
    KEYS: SIZE,
    f"compress=zstd&{KEYS}&checksum=xxh3": SIZE,
    "compress=gzip&level=1": 100 << 20,
    "compress=lzma&level=0": 100 << 20,
}


@pytest.mark.timeout(3000)
def test_a_value_of_any_size_takes_little_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDALL_TEST_KEYS", keys())
    assert copy(f"file://{tmp_path}/store?durability=os", SIZE) < ROOM
    if SOAK:
        assert copy(f"sqlite:///{tmp_path}/large.db?durability=os", 999_000_000) < ROOM
        for number, (layers, size) in enumerate(LAYERS.items()):
            assert copy(f"file://{tmp_path}/{number}?durability=os&{layers}", size) < ROOM


@pytest.mark.parametrize("address", ["file:{}/store", "sqlite:///{}/store.db"])
def test_a_killed_writer_changes_nothing(address: str, tmp_path: Path) -> None:
    address = address.format(tmp_path)
    with holdall.open(address) as store:
        store["key"] = b"old"
        command = [sys.executable, "-c", WRITER, address]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            assert writer.stdout.read(1) == b"."
            assert dict(store.items()) == {"key": b"old"}
            writer.send_signal(signal.SIGKILL)
            writer.wait()
        assert dict(store.items()) == {"key": b"old"}
        with store.open("key", "wb", expected=store.tag("key")) as file:
            file.write(b"new")
        assert dict(store.items()) == {"key": b"new"}
    assert not list(tmp_path.glob("store/.parts/*"))


def test_a_writer_deletes_the_parts_of_killed_ones_and_no_others(tmp_path: Path) -> None:
    store = File(tmp_path, durability="os")
    living = store.open("living", "wb")
    living.write(b"1")
    left = tmp_path / ".parts" / "left"
    left.write_bytes(b"of a killed process")
    with store.open("other", "wb") as file:
        assert not left.exists()
        file.write(b"2")
    living.close()
    assert dict(store.items()) == {"living": b"1", "other": b"2"}
    assert os.listdir(tmp_path / ".parts") == []
    assert list(store.foreign_names()) == []


def test_a_file_keeps_the_mode_of_the_value_that_it_replaces(tmp_path: Path) -> None:
    store = File(tmp_path, durability="os")
    store["key"] = b"old"
    (tmp_path / "key").chmod(0o640)
    with store.open("key", "wb") as file:
        file.write(b"new")
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o640


def test_a_value_that_sqlite_cannot_hold_is_too_large(tmp_path: Path) -> None:
    store = SQLite(tmp_path / "store.db", durability="os")
    store["key"] = b"old"
    with pytest.raises(TooLarge):
        store._put_file("key", None, BytesIO(), 2_000_000_000)
    assert dict(store.items()) == {"key": b"old"}


@pytest.mark.parametrize("layer", [Text, Versions, lambda store: Validate(store, AnyValue())])
def test_a_layer_that_takes_whole_values_refuses_and_says_so(layer, tmp_path: Path) -> None:
    store = layer(File(tmp_path, durability="os"))
    for call in (lambda: store.open("key"), lambda: store.open("key", "wb", expected=ABSENT)):
        with pytest.raises(Unsupported, match=type(store).__name__):
            call()
    assert list(store) == []


def test_a_swap_of_a_file_is_decided_when_it_is_closed(tmp_path: Path) -> None:
    store = File(tmp_path, durability="os")
    first, second = (store.open("key", "wb", expected=ABSENT) for _ in range(2))
    first.write(b"first")
    second.write(b"second")
    second.close()
    with pytest.raises(Conflict):
        first.close()
    assert (first.closed, store["key"]) == (True, b"second")
    assert os.listdir(tmp_path / ".parts") == []
