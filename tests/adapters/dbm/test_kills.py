"""Dbm stores after their writer was killed."""

import os

import pytest

from holdall import DBM
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
