"""`holdall cp` and `convert` from the data of another library: they copy all that they can and name the rest."""

import re
from pathlib import Path

import pytest
from sqlitedict import SqliteDict

import holdall
from tests.cli.console import call

VALUES = {"a": {"total": 7}, "b": {"total": 8}, "c": {1, 2}, "x//y": {"total": 9}}


@pytest.fixture
def old(tmp_path: Path) -> str:
    with SqliteDict(str(tmp_path / "old.sqlite")) as database:
        database.update(VALUES)
        database.commit()
    return f"sqlitedict:{tmp_path}/old.sqlite?values=json&serializer=json"


@pytest.mark.parametrize("command", ["cp", "convert"])
def test_a_copy_takes_all_that_it_can_and_names_the_rest(command, old, tmp_path):
    new = f"sqlite:///{tmp_path}/new.db?serializer=msgpack"
    done = call(command, old, new)
    assert done.code == 1
    assert "not copied: 'c' in " in done.err
    assert "of the type set, which JSON cannot keep; open the source with ?values=bytes or" in done.err
    assert "left out 1 name that is not a key: 'x//y'; declare TO in holdall.toml" in done.err
    assert "left out 1 value that FROM cannot read as asked" in done.err
    assert dict(holdall.open(new)) == {"a": {"total": 7}, "b": {"total": 8}}


def test_a_copy_of_everything_ends_well(old, tmp_path):
    done = call("cp", "--prefix", "a", old, f"sqlite:///{tmp_path}/new.db?serializer=json")
    assert done.code == 0
    assert done.err.endswith("copied 1 key\n")


def test_nothing_is_copied_to_a_source(old, tmp_path):
    plain = old.partition("?")[0]
    holdall.open(f"sqlite:///{tmp_path}/new.db")["a"] = b"1"
    done = call("cp", f"sqlite:///{tmp_path}/new.db", plain)
    assert done.code == 1
    assert "is only read; copy it to another store" in done.err


def test_the_doctor_knows_that_a_source_is_read_only(old):
    done = call("doctor", old.partition("?")[0])
    assert done.code == 0
    assert re.search(
        r"^write +no +the store is read-only, as all data of other libraries is$", done.out, re.MULTILINE
    )
    assert "failed" not in done.out
