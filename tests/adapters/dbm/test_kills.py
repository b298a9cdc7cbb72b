"""Dbm stores after their writer was killed."""

import os
from pathlib import Path

import pytest

from holdall import DBM
from holdall.adapters.dbm.dumb import Dumb
from holdall.adapters.dbm.flavors import FLAVORS
from holdall.adapters.dbm.lock import COPYING, WRITING, Lock, State
from tests.adapters.dbm.flavors import needs_module
from tests.adapters.kills import KILLS, check_kills


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("flavor", FLAVORS)
def test_what_was_acknowledged_survives_kills(flavor, tmp_path):
    needs_module(flavor)
    check_kills(
        f"dbm:{tmp_path}/store?flavor={flavor}&durability=os", max(2, KILLS // 5) if KILLS < 200 else KILLS
    )


def left_off(path, stage):
    """Leave the lock file as a writer does that dies at ``stage``."""
    lock = Lock(f"{path}.lock")
    lock.hold(lambda: lock.note(State(stage, 1, "-"), durable=False))
    lock.close()


@pytest.mark.parametrize("flavor", ["dumb", "ndbm", "gnu", "bsd"])
@pytest.mark.parametrize("stage", [WRITING, COPYING])
def test_the_file_that_was_being_written_is_put_back_from_the_other(flavor, stage, tmp_path):
    needs_module(flavor)
    path = tmp_path / "store"
    with DBM(path, flavor=flavor, durability="os") as store:
        store.update({f"k{number}": b"1" * 3000 for number in range(50)})
    torn = path if stage == WRITING else f"{path}.twin"
    for file in FLAVORS[flavor].files(str(torn)):
        os.truncate(file, file.stat().st_size // 2)
    left_off(path, stage)
    with DBM(path, durability="os") as store:
        assert dict(store) == {f"k{number}": b"1" * 3000 for number in range(50)}
        store["k0"] = b"2"
    left_off(path, WRITING)
    with DBM(path, durability="os") as store:
        assert store["k0"] == b"2"  # from the twin, which is whole again


@pytest.mark.parametrize("durability", ["full", "os"])
def test_each_step_of_a_write_is_on_the_disk_before_the_next_begins(durability, tmp_path, monkeypatch):
    steps = []

    def path_of(fd):
        return Path(os.readlink(f"/proc/self/fd/{fd}")).name

    def fsync(fd):
        steps.append(f"sync {path_of(fd)}")

    pwrite = os.pwrite

    def note(fd, line, offset):
        steps.append(f"note {line[:1].decode()}")
        return pwrite(fd, line, offset)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "pwrite", note)
    apply = Dumb.apply

    def write(handle, changes):
        steps.append(f"write {Path(handle._path).name}")
        apply(handle, changes)

    monkeypatch.setattr(Dumb, "apply", write)
    file = ["write store", "sync store.dat", "sync store.dir"]
    twin = ["write store.twin", "sync store.twin.dat", "sync store.twin.dir"]
    copy = twin[1:]
    folder = f"sync {tmp_path.name}"

    def expect(*expected):
        found = [step for step in expected if durability == "full" or not step.startswith("sync")]
        assert steps == found
        steps.clear()

    with DBM(tmp_path / "store", flavor="dumb", durability=durability) as store:
        store["a"] = b"1"
        lock = "sync store.lock"
        expect(folder, "note 0", lock, *file, folder, "note 2", lock, *twin, folder, "note =")
        store["b"] = b"2"
        expect("note 1", lock, *file, "note 2", lock, *twin, "note =")
        for path in tmp_path.glob("store.twin.*"):
            path.unlink()
        store["c"] = b"3"
        expect(*copy, folder, "note 1", lock, *file, "note 2", lock, *twin, "note =")


def test_a_store_that_was_left_in_the_middle_of_an_undo_is_recognised(tmp_path):
    for flavor in ("dumb", "gnu", "bsd"):
        needs_module(flavor)
        path = tmp_path / flavor
        with DBM(path, flavor=flavor, durability="os") as store:
            store["keep"] = b"precious"
        twins = FLAVORS[flavor].files(f"{path}.twin")
        os.replace(
            twins[0], str(twins[0]).replace(".twin", "")
        )  # of dumb, the other one is still to be moved
        left_off(path, WRITING)
        with DBM(path) as store:
            assert store.flavor == flavor
            assert dict(store) == {"keep": b"precious"}
