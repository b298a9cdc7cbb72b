"""Databases of other programs, opened by mistake: the message names their tables and the remedy."""

import sqlite3
from contextlib import closing
from pathlib import Path

import diskcache
import pytest
from sqlitedict import SqliteDict

import holdall
from holdall.errors import Mismatch


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "app.db"


def make(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        for statement in statements:
            database.execute(statement)


def refusal(path: Path, **options: str) -> str:
    """The message with which reads and writes are refused. The file stays as it is."""
    before = path.read_bytes()
    with holdall.open(f"sqlite:///{path}", **options) as store:
        with pytest.raises(Mismatch) as refused:
            store["a"] = b"1"
        with pytest.raises(Mismatch):
            store.get("a")
    assert path.read_bytes() == before
    return str(refused.value)


def test_the_tables_of_an_app_are_named(path):
    make(
        path, "CREATE TABLE people (name)", "CREATE TABLE 'my \"pets' (name)", "CREATE VIEW seen AS SELECT 1"
    )
    assert refusal(path) == (
        f"{path} was not made by holdall: it has the tables 'my \"pets', 'people'; name another file, "
        "or to add a table of holdall, name a new table with ?table="
    )
    assert "table 'people' of" in refusal(path, table="people")


def test_many_tables_are_named_in_part(path):
    make(path, *(f"CREATE TABLE t{number:02} (name)" for number in range(30)))
    assert "'t09', …; name another file" in refusal(path)


def test_a_table_of_sqlitedict_is_recognised(path):
    with SqliteDict(str(path), tablename="orders") as old:
        old["a"] = 1
        old.commit()
    remedy = f"open it with sqlitedict:{path} and ?table=orders; to add a table of holdall, name a new table"
    assert remedy in refusal(path)
    assert remedy in refusal(path, table="orders")


def test_a_cache_of_diskcache_is_recognised(tmp_path):
    diskcache.Cache(str(tmp_path / "old")).close()
    assert "open its folder with diskcache:FOLDER" in refusal(tmp_path / "old" / "cache.db")


def test_a_table_may_be_added_by_name_and_is_found_without_it(path):
    make(path, "CREATE TABLE people (name)")
    holdall.open(f"sqlite:///{path}?table=holdall")["a"] = b"1"
    assert dict(holdall.open(f"sqlite:///{path}")) == {"a": b"1"}


def test_another_store_in_the_file_makes_it_one_of_holdall(path):
    make(path, "CREATE TABLE people (name)")
    holdall.open(f"sqlite:///{path}?table=books")["a"] = b"1"
    with holdall.open(f"sqlite:///{path}") as store:
        assert not store
        store["b"] = b"2"
        assert dict(store) == {"b": b"2"}
