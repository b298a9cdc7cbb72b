"""Tables that sqlitedict wrote, read by holdall."""

import json
import pickle
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlitedict import SqliteDict

import holdall
from holdall.errors import InvalidAddress, Mismatch, PermissionDenied, StoreNotFound
from holdall.keys import Foreign, fits, is_reserved
from tests.adapters.sources.sources import SETTERS, Bomb, files, read
from tests.examples import share


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "old.sqlite"


def write(path: Path, values: dict[Any, Any], table: str = "unnamed", **options: Any) -> None:
    with SqliteDict(str(path), tablename=table, **options) as old:
        old.update(values)
        old.commit()


VALUES = {"bytes": b"1", "text": "é", "number": 7, "real": 1.5, "doc": {"a": [None, True]}, "tuple": (1, 2)}


@pytest.mark.parametrize("mode", ["DELETE", "WAL", "TRUNCATE", "PERSIST", "MEMORY", "OFF"])
@pytest.mark.parametrize("autocommit", [False, True])
def test_it_reads_each_value_in_the_form_that_was_asked_for(path, mode, autocommit):
    write(path, VALUES, journal_mode=mode, autocommit=autocommit)
    before = files(path.parent)
    assert read(f"sqlitedict:{path}") == {
        "bytes": b"1",
        "text": "é".encode(),
        "number": b"7",
        "real": b"1.5",
        "doc": "Corrupt",
        "tuple": "Corrupt",
    }
    assert read(f"sqlitedict:{path}", values="json") == {
        "bytes": "Corrupt",
        "text": '"é"'.encode(),
        "number": b"7",
        "real": b"1.5",
        "doc": b'{"a":[null,true]}',
        "tuple": "Corrupt",
    }
    raw = read(f"sqlitedict:{path}", values="pickle")
    assert {key: pickle.loads(value) for key, value in raw.items()} == VALUES
    assert files(path.parent) == before


def test_it_runs_no_pickle(path):
    write(path, {"bomb": Bomb()})
    SETTERS.clear()
    for values in ("bytes", "json"):
        assert read(f"sqlitedict:{path}", values=values) == {"bomb": "Corrupt"}
    assert b"append" in holdall.open(f"sqlitedict:{path}?values=pickle")["bomb"]
    assert not SETTERS


def test_a_small_pickle_cannot_become_a_large_document(path):
    nested: list[Any] = ["x" * 100]
    for _ in range(40):
        nested = [nested, nested]
    cycle: list[Any] = []
    cycle.append(cycle)
    write(path, {"wide": nested, "cycle": cycle})
    assert read(f"sqlitedict:{path}", values="json") == {"wide": "Corrupt", "cycle": "Corrupt"}


def test_a_small_pickle_cannot_hash_for_ever(path):
    key = b"K\x01\x85" + b"2\x86" * 60  # a tuple that contains another tuple twice, at 60 levels
    write(path, {"a": b"\x80\x04}" + key + b"K\x01s."}, encode=lambda value: value)
    for values in ("bytes", "json"):
        assert read(f"sqlitedict:{path}", values=values) == {"a": "Corrupt"}


def test_it_reads_values_that_the_app_encoded_itself(path):
    write(path, {"a": {"total": 7}, "b": "é"}, encode=json.dumps, decode=json.loads)
    assert read(f"sqlitedict:{path}", values="json") == {"a": b'{"total": 7}', "b": b'"\\u00e9"'}
    write(path, {"c": "plain"}, encode=lambda value: value, decode=lambda value: value)
    assert read(f"sqlitedict:{path}")["c"] == b"plain"
    assert read(f"sqlitedict:{path}", values="json")["c"] == "Corrupt"


def test_it_reads_the_table_that_is_named_and_chooses_only_if_there_is_one(path):
    write(path, {"a": b"1"}, table='my "books"')
    assert read(f"sqlitedict:{path}") == {"a": b"1"}
    write(path, {"b": b"2"}, table="more")
    with pytest.raises(Mismatch, match=r"several tables of sqlitedict; .*table=more"):
        read(f"sqlitedict:{path}")
    assert read(f"sqlitedict:{path}", table='my "books"') == {"a": b"1"}
    with pytest.raises(Mismatch, match=r"no table 'nope' of sqlitedict; .*table=more"):
        read(f"sqlitedict:{path}", table="nope")


def test_keys_that_are_not_keys_of_holdall_are_foreign_names(path):
    write(path, {"a//b": b"1", "": b"2", "é": b"3", b"\xff": b"4"})
    with holdall.open(f"sqlitedict:{path}") as store:
        found = {str(name): store.get_foreign(name) for name in store.foreign_names()}
        assert found == {"a//b": b"1", "": b"2", "b'\\xff'": b"4"}
        assert list(store) == ["é"]
        assert "é" in store
        assert "absent" not in store
        with pytest.raises(KeyError):
            store["absent"]
        with pytest.raises(KeyError):
            store.get_foreign(Foreign("x//y", b"x//y"))


def test_it_refuses_every_write(path):
    write(path, {"a": b"1"})
    before = files(path.parent)
    store = holdall.open(f"sqlitedict:{path}")
    for work in (lambda: store.update(a=b"2"), lambda: store.__delitem__("a"), lambda: store.clear()):
        with pytest.raises(PermissionDenied, match="is only read; copy it"):
            work()
    assert files(path.parent) == before
    assert repr(pickle.loads(pickle.dumps(store))) == repr(store)


def test_it_reads_what_an_open_writer_has_committed(path):
    with SqliteDict(str(path), journal_mode="WAL") as old:
        old["a"] = b"1"
        old.commit()
        old["b"] = b"2"
        assert "b" in old  # the writer has it, in a transaction
        assert read(f"sqlitedict:{path}") == {"a": b"1"}


def test_it_creates_nothing_and_names_what_it_finds_instead(path):
    with pytest.raises(StoreNotFound, match="a source is never created"):
        read(f"sqlitedict:{path}")
    with pytest.raises(StoreNotFound, match="is a folder"):
        read(f"sqlitedict:{path.parent}")
    assert not files(path.parent)
    path.write_bytes(b"no database" * 100)
    with pytest.raises(Mismatch, match="not an SQLite database"):
        read(f"sqlitedict:{path}")
    with pytest.raises(InvalidAddress, match="names a host"):
        holdall.open("sqlitedict://host/old.sqlite")


def test_a_view_cannot_stand_in_for_a_table(path):
    with sqlite3.connect(path) as database:
        database.execute(
            "CREATE VIEW unnamed AS WITH RECURSIVE n(key, value) AS "
            "(SELECT 1, x'' UNION ALL SELECT key + 1, x'' FROM n) SELECT * FROM n"
        )
    database.close()
    with pytest.raises(Mismatch, match="was not made by sqlitedict: it has no table"):
        read(f"sqlitedict:{path}")


def test_a_scan_reads_a_page_of_keys_at_a_time_in_their_order(path, sizes):
    keys = [f"{place}{number:04}" for number in range(2500) for place in ("a/", "é", "\ue000", "\U0001f600")]
    write_names(path, keys)
    with holdall.open(f"sqlitedict:{path}") as store:
        assert list(store) == sorted(keys)
        assert max(sizes) <= 1000
        sizes.clear()
        assert list(store.scan("a/", start="a/2490", stop="a/2495")) == [
            f"a/{each}" for each in range(2490, 2495)
        ]
        assert bool(store)
        assert sum(sizes) < 50


def write_names(path: Path, names: Iterable[Any]) -> None:
    """Make a table as sqlitedict makes it, in a fraction of the time."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("PRAGMA synchronous = OFF")
        database.execute("CREATE TABLE unnamed (key TEXT PRIMARY KEY, value BLOB)")
        database.executemany("INSERT INTO unnamed VALUES (?, x'')", [(name,) for name in names])


NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=3) | st.binary(max_size=2)


@settings(max_examples=share(4))
@given(st.sets(NAMES), st.text(max_size=1), st.text(max_size=2), st.none() | st.text(max_size=2))
def test_scans_have_the_order_and_the_bounds_of_a_dict(names, prefix, start, stop):
    with TemporaryDirectory() as folder:
        path = Path(folder, "old.sqlite")
        write_names(path, names)
        texts = [name for name in names if isinstance(name, str)]
        keys = sorted(key for key in texts if fits(key) and not is_reserved(key))
        within = [
            key for key in keys if key.startswith(prefix) and key >= start and (stop is None or key < stop)
        ]
        with holdall.open(f"sqlitedict:{path}") as store:
            assert list(store.scan(prefix, start=start, stop=stop)) == within
            found = list(store.scan_names())
            assert found == sorted(found)
            assert len(found) == len(names) - sum(map(is_reserved, filter(fits, texts)))
