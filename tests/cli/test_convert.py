"""convert and rekey: verified, tried without writing, resumed after a kill, and others' writes kept."""

import signal
import subprocess
import sys

import pytest

import holdall
from holdall import Corrupt, Memory
from holdall.cursor import FOLDER
from holdall.layer import layers
from holdall.middleware.encrypt import Encrypt
from holdall.middleware.keyring import new_key
from holdall.middleware.manifest import KEY, read_manifest
from holdall.transfer import BATCH, copy_and_verify, transfer, try_copy
from tests.cli.console import call, contents, refusal
from tests.soak import SOAK

OLD, NEW = (
    "sqlite:///old.db?serializer=json&durability=os",
    "sqlite:///new.db?serializer=msgpack&compress=zstd&durability=os",
)
DOCUMENTS = {
    f"invoices/{number:05}": {"number": number, "total": "119.00"} for number in range(2 * BATCH + 7)
}


@pytest.fixture(autouse=True)
def old(folder):
    with holdall.open(OLD) as store:
        store.update(DOCUMENTS)


def test_every_document_is_written_anew_and_the_old_stay():
    done = call("convert", OLD, NEW)
    assert (done.code, done.out) == (0, "")
    assert done.told == f"converted {len(DOCUMENTS)} keys, each read back and compared\n"
    assert contents(NEW) == contents(OLD) == DOCUMENTS
    with holdall.open(NEW) as store:
        assert read_manifest(store).layers == ("serializer=msgpack", "compress=zstd")
        assert list(store.raw(FOLDER)) == []


def test_a_dry_run_writes_nothing(folder):
    done = call("convert", "--dry-run", OLD, NEW)
    assert done.code == 0
    assert done.told == f"would convert {len(DOCUMENTS)} keys: all can be read at FROM and stored at TO\n"
    assert not (folder / "new.db").exists()


@pytest.mark.parametrize("flag", [["--dry-run"], []])
def test_what_the_target_cannot_keep_ends_it_by_name(flag):
    source = "sqlite:///sets.db?serializer=pickle&trust=1"
    with holdall.open(source) as store:
        store.update(DOCUMENTS)
        store["invoices/x"] = {1, 2}
    assert "invoices/x" in refusal("convert", *flag, source, NEW)


@pytest.mark.parametrize("flag", [["--dry-run"], []])
def test_what_cannot_be_read_ends_it_by_name(flag):
    with holdall.open(OLD) as store:
        store.raw()["invoices/x"] = b"{"
    assert "'invoices/x'" in refusal("convert", *flag, OLD, NEW)


@pytest.mark.parametrize("flag", [["--dry-run"], []])
def test_a_target_that_is_written_otherwise_is_refused(flag):
    with holdall.open("sqlite:///new.db?serializer=yaml") as store:
        store["a"] = 1
    assert "was written with serializer=yaml" in refusal("convert", *flag, OLD, NEW)
    assert contents("sqlite:///new.db?serializer=yaml") == {"a": 1}


def test_one_store_in_two_ways_is_no_two_stores():
    line = refusal("convert", OLD, "sqlite:///old.db?serializer=yaml&durability=os")
    assert "both FROM and TO" in line
    assert contents(OLD) == DOCUMENTS


def test_nothing_to_convert_is_doubted():
    assert "check the address" in refusal("convert", "--prefix", "x", OLD, NEW)


def test_a_value_that_comes_back_as_another_is_corrupt():
    class Forgetful(Memory):
        """Loses a byte of one value."""

        def set_many(self, items):
            super().set_many((key, value[:-1] if key == "b" else value) for key, value in items)

    here = Memory()
    here.update(a=b"1", b=b"2")
    with pytest.raises(Corrupt, match="'b'"):
        transfer(here, Forgetful(), move=copy_and_verify)


def test_a_value_that_does_not_come_back_is_corrupt():
    class Losing(Memory):
        """Loses a value."""

        def set_many(self, items):
            super().set_many((key, value) for key, value in items if key != "b")

    here = Memory()
    here.update(a=b"1", b=b"2")
    with pytest.raises(Corrupt, match="'b'"):
        transfer(here, Losing(), move=copy_and_verify)


def test_equal_values_without_an_order_are_equal():
    with holdall.open("memory://?serializer=pickle&trust=1") as here:
        here["a"] = {f"{number}" for number in range(100)}
        with holdall.open("memory://?serializer=pickle&trust=1&compress=gzip") as there:
            assert transfer(here, there, move=copy_and_verify) == 1
            assert there["a"] == here["a"]


def test_what_is_tried_is_gone_again():
    here, there = Memory(), Memory()
    here.update((f"{number:04}", b"1") for number in range(1000))
    assert transfer(here, there, move=try_copy) == 1000
    assert len(there) == 0


def test_it_goes_on_where_it_was_interrupted():
    with holdall.open(OLD) as store:
        store.raw()["invoices/00300"] = b"{"  # in the second batch
    assert "'invoices/00300'" in refusal("convert", "--workers", "1", OLD, NEW)
    with holdall.open(OLD) as store:
        store["invoices/00000"] = {"changed": True}
        store["invoices/00300"] = DOCUMENTS["invoices/00300"]
    done = call("convert", OLD, NEW)
    last = f"invoices/{BATCH - 1:05}"
    assert done.told.splitlines()[0] == f"continuing after {last!r}; --restart would start from the first key"
    assert done.told.splitlines()[1].startswith(f"converted {len(DOCUMENTS)} keys")
    assert contents(NEW) == DOCUMENTS
    assert call("convert", "--restart", OLD, NEW).code == 0
    assert contents(NEW) == DOCUMENTS | {"invoices/00000": {"changed": True}}


def test_a_record_of_how_far_it_came_that_is_none_is_corrupt():
    with holdall.open(OLD) as here, holdall.open(NEW) as there:
        from holdall.cursor import Cursor

        cursor = Cursor(here, there, "")
        cursor.set("a", 1)
        [name] = there.raw(FOLDER)
        for data in (b"", b"[]", b'{"after": "a"}', b"null"):
            there.raw(FOLDER)[name] = data
            with pytest.raises(Corrupt, match="how far"):
                cursor.get()


KILLED = """
import os, signal, sys
from importlib import import_module
from holdall.cli.run import run

module, kind, name, calls, *arguments = sys.argv[1:]
owner, left = getattr(import_module(module), kind), int(calls)
method = getattr(owner, name)

def count(*given):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    return method(*given)

setattr(owner, name, count)
run(arguments)
"""


def kill(module, kind, name, calls, *arguments):
    """Run a command in a process that is killed as it calls a method for so many times."""
    command = [sys.executable, "-c", KILLED, module, kind, name, str(calls), *arguments]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr


def test_a_conversion_that_was_killed_is_resumed(folder):
    many = {
        f"invoices/{number:05}": {"number": number} for number in range(20 * BATCH if SOAK else 5 * BATCH)
    }
    with holdall.open(OLD) as store:
        store.update(many)
    kill("holdall.cursor", "Cursor", "set", 3, "convert", OLD, NEW)
    # The other threads may have moved the rest, which the record of the transfer does not say yet.
    assert 2 * BATCH <= len(contents("sqlite:///new.db")) <= len(many)
    told = call("convert", OLD, NEW).told.splitlines()
    assert told[0].startswith("continuing after ")
    assert contents(NEW) == contents(OLD)


# ---- rekey -------------------------------------------------------------------------------------------

SEALS = 10_000 if SOAK else 1000
SEALED = "sqlite:///sealed.db?serializer=json&encrypt=env:KEYS&durability=os"


@pytest.fixture
def sealed(monkeypatch):
    """Documents sealed with an old key, and a new one put in front of it."""
    before, after = new_key("2026"), new_key("2027")
    monkeypatch.setenv("KEYS", before)
    with holdall.open(SEALED) as store:
        store.update((f"{number:05}", {"n": number}) for number in range(SEALS))
    monkeypatch.setenv("KEYS", f"{after} {before}")
    return after


def ids():
    with holdall.open(SEALED) as store:
        sealing = next(layer for layer in layers(store) if isinstance(layer, Encrypt))
        return [id for _, id in sealing.scan_ids()]


def test_every_value_is_sealed_with_the_new_key(sealed, monkeypatch):
    done = call("rekey", SEALED)
    assert (done.code, done.out) == (0, "")
    assert done.told == f"encrypted {SEALS:,} of {SEALS:,} values with key '2027'\n"
    assert call("rekey", SEALED).told == f"encrypted 0 of {SEALS:,} values with key '2027'\n"
    with holdall.open(SEALED) as store:
        assert read_manifest(store).key == "2027"
    monkeypatch.setenv("KEYS", sealed)
    assert contents(SEALED) == {f"{number:05}": {"n": number} for number in range(SEALS)}


def test_a_rekey_that_was_killed_is_resumed(sealed):
    kill("holdall.middleware.encrypt", "Encrypt", "reseal", SEALS // 2, "rekey", SEALED)
    done = ids().count("2027")
    assert done == SEALS // 2 - 1
    assert call("rekey", SEALED).told == f"encrypted {SEALS - done:,} of {SEALS:,} values with key '2027'\n"
    assert set(ids()) == {"2027"}


def test_a_part_is_sealed_and_the_manifest_keeps_the_old_key(sealed):
    assert call("rekey", "--prefix", "0000", SEALED).told == "encrypted 10 of 10 values with key '2027'\n"
    with holdall.open(SEALED) as store:
        assert read_manifest(store).key == "2026"


def test_what_is_not_encrypted_cannot_be_sealed_anew(sealed):
    assert "does not encrypt values" in refusal("rekey", OLD)
    assert "check the address" in refusal("rekey", "sqlite:///none.db?encrypt=env:KEYS")
    assert "was written with" in refusal("rekey", "sqlite:///sealed.db?encrypt=env:KEYS")


def test_copies_go_through_layers_unless_all_is_carried(folder):
    assert call("cp", OLD, "file:copy?serializer=yaml").code == 0
    assert contents("file:copy?serializer=yaml") == DOCUMENTS
    assert call("cp", "--all", OLD, "file:all?serializer=yaml").code == 0
    assert contents("file:all?serializer=json") == DOCUMENTS
    with holdall.open("file:all") as store:
        assert read_manifest(store).layers == ("serializer=json",)
        assert KEY in store.raw()
