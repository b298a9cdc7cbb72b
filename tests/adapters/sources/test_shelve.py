"""Shelves that shelve wrote, read by holdall."""

import dbm.dumb
import pickle
import shelve
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import holdall
from holdall.errors import Corrupt, Mismatch, StoreNotFound
from tests.adapters.sources.sources import SETTERS, Bomb, files, read

VALUES: dict[str, Any] = {"bytes": b"1", "text": "é", "number": 7, "doc": {"a": [None, True]}, "é": (1, 2)}


def write(path: Path, values: dict[str, Any], module: Any = dbm.dumb) -> None:
    with shelve.Shelf(module.open(str(path), "c")) as shelf:
        shelf.update(values)


@pytest.mark.parametrize("name", ["dbm.dumb", "dbm.gnu", "dbm.ndbm", "dbm.sqlite3"])
def test_it_reads_each_value_in_the_form_that_was_asked_for(name, tmp_path):
    if name == "dbm.sqlite3":  # which Python has since 3.13
        database: Any = holdall.open(f"dbm:{tmp_path}/old?flavor=sqlite3")
        with closing(database):
            database.update({key: pickle.dumps(value) for key, value in VALUES.items()})
    else:
        write(tmp_path / "old", VALUES, import_module(name))
    before = files(tmp_path)
    address = f"shelve:{tmp_path}/old"
    assert read(address) == {
        "bytes": b"1",
        "text": "é".encode(),
        "number": b"7",
        "doc": "Corrupt",
        "é": "Corrupt",
    }
    assert read(address, values="json")["doc"] == b'{"a":[null,true]}'
    raw = read(address, values="pickle")
    assert {key: pickle.loads(value) for key, value in raw.items()} == VALUES
    assert files(tmp_path) == before


@pytest.mark.parametrize("name", ["dbm.dumb", "dbm.gnu"])
def test_a_store_that_was_copied_next_to_it_is_not_a_shelf(name, tmp_path):
    write(tmp_path / "old", {"a": b"1"}, import_module(name))
    with holdall.open(f"shelve:{tmp_path}/old") as old, holdall.open(f"sqlite:///{tmp_path}/old.db") as new:
        new.update(old)
        assert read(f"shelve:{tmp_path}/old") == dict(new) == {"a": b"1"}
    (tmp_path / "old.db").write_bytes(b"a file of ndbm")
    with pytest.raises(Mismatch, match="files of the flavors"):
        read(f"shelve:{tmp_path}/old")


def test_it_runs_no_pickle_and_names_foreign_keys(tmp_path):
    write(tmp_path / "old", {"bomb": Bomb(), "a//b": b"1"})
    SETTERS.clear()
    assert read(f"shelve:{tmp_path}/old") == {"bomb": "Corrupt"}
    with holdall.open(f"shelve:{tmp_path}/old") as store:
        assert [(name, store.get_foreign(name)) for name in store.foreign_names()] == [("a//b", b"1")]
        assert "bomb" in store
        assert "absent" not in store
        assert repr(pickle.loads(pickle.dumps(store))) == repr(store)
    assert not SETTERS


def test_a_damaged_shelf_is_refused(tmp_path):
    write(tmp_path / "old", {"a": b"1"})
    index = tmp_path / "old.dir"
    index.write_text("'a', (0, 1099511627776)\n")
    with pytest.raises(Corrupt, match="shorter than its index says"):
        read(f"shelve:{tmp_path}/old")
    index.write_text("'a', (-5, 3)\n")
    assert read(f"shelve:{tmp_path}/old") == {"a": "Corrupt"}
    index.write_text("'a', ((((\n")
    with pytest.raises(Corrupt, match="is damaged"):
        read(f"shelve:{tmp_path}/old")


def test_it_creates_nothing_and_names_what_it_finds_instead(tmp_path):
    with pytest.raises(StoreNotFound, match=r"name it as the app gave it to shelve\.open"):
        read(f"shelve:{tmp_path}/old")
    assert not files(tmp_path)
    holdall.open(f"sqlite:///{tmp_path}/books.db")["a"] = b"1"
    with pytest.raises(Mismatch, match="is not a shelf: it has the tables 'holdall'"):
        read(f"shelve:{tmp_path}/books.db")
