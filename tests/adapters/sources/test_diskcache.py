"""Caches that diskcache wrote, read by holdall."""

import pickle
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import diskcache
import pytest

import holdall
from holdall.errors import InvalidAddress, Mismatch, StoreNotFound
from tests.adapters.sources.sources import SETTERS, Bomb, files, read

VALUES: dict[Any, Any] = {
    "bytes": b"1",
    "file": b"x" * 99,
    "text": "é",
    "text file": "é" * 99,
    "number": 7,
    "real": 1.5,
    "doc": {"a": [None, True]},
    "doc file": {"a": "x" * 99},
    "tuple": (1, 2),
}


def write(kind: Any, path: Path, values: dict[Any, Any], **settings: Any) -> None:
    with kind(str(path), disk_min_file_size=50, **settings) as cache:
        for key, value in values.items():
            cache[key] = value


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "old"


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (diskcache.Cache, {}),
        (diskcache.Cache, {"sqlite_journal_mode": "delete"}),
        (diskcache.FanoutCache, {"shards": 2}),
    ],
    ids=["cache", "without a log", "shards"],
)
def test_it_reads_each_value_in_the_form_that_was_asked_for(path, kind, settings):
    write(kind, path, VALUES, **settings)
    before = files(path)
    assert read(f"diskcache:{path}") == {
        "bytes": b"1",
        "file": b"x" * 99,
        "number": b"7",
        "real": b"1.5",
        "text": "é".encode(),
        "text file": ("é" * 99).encode(),
        **dict.fromkeys(("doc", "doc file", "tuple"), "Corrupt"),
    }
    assert read(f"diskcache:{path}", values="json") == {
        "text": '"é"'.encode(),
        "text file": f'"{"é" * 99}"'.encode(),
        "number": b"7",
        "real": b"1.5",
        "doc": b'{"a":[null,true]}',
        "doc file": b'{"a":"%s"}' % (b"x" * 99),
        **dict.fromkeys(("bytes", "file", "tuple"), "Corrupt"),
    }
    raw = read(f"diskcache:{path}", values="pickle")
    assert {key: pickle.loads(value) for key, value in raw.items()} == VALUES
    assert files(path) == before


def test_it_passes_over_expired_values_and_counts_them(path):
    with diskcache.Cache(str(path), cull_limit=0, eviction_policy="least-recently-used") as cache:
        cache.set("gone", 1, expire=-1)
        cache.set("lasts", 2, expire=10_000)
        cache.set("stays", 3, tag="t")
    with holdall.open(f"diskcache:{path}") as store:
        assert dict(store) == {"lasts": b"2", "stays": b"3"}
        assert "gone" not in store
        assert store.info() == {"expired values": "1"}


def test_keys_that_are_not_text_are_foreign_names(path):
    write(diskcache.Cache, path, {1: b"1", ("a", 1): b"2", b"b": b"3", "x//y": b"4", None: b"5", "1": b"6"})
    with holdall.open(f"diskcache:{path}") as store:
        found = {str(name): store.get_foreign(name) for name in store.foreign_names()}
        assert found == {"1": b"1", "('a', 1)": b"2", "b'b'": b"3", "x//y": b"4", "None": b"5"}
        assert dict(store) == {"1": b"6"}


def test_it_reads_a_cache_of_json(path):
    write(diskcache.Cache, path, {"a": {"total": 7}, "b": "x" * 999, 1: 2}, disk=diskcache.JSONDisk)
    found = read(f"diskcache:{path}?disk=json&values=json")
    assert found == {"a": b'{"total": 7}', "b": b'"%s"' % (b"x" * 999)}
    assert not read(f"diskcache:{path}")  # its keys are bytes


def test_it_reads_an_index_and_no_deque(path):
    diskcache.Index(str(path / "index"), a=b"1").cache.close()
    assert read(f"diskcache:{path}/index") == {"a": b"1"}
    diskcache.Deque([b"1"], str(path / "deque")).cache.close()
    assert not read(f"diskcache:{path}/deque")


@pytest.mark.parametrize(
    "filename",
    ["../secret", "/etc/hostname", "ab/../../secret", "", "link", "up/secret", "..\\secret", None, b"\xff"],
)
def test_a_hostile_row_reads_no_file_outside_the_folder(path, filename):
    write(diskcache.Cache, path, {"a": b"x" * 99, "b": b"1"})
    (path.parent / "secret").write_bytes(b"secret")
    (path / "link").symlink_to(path.parent / "secret")
    (path / "up").symlink_to(path.parent)
    with closing(sqlite3.connect(path / "cache.db", isolation_level=None)) as database:
        database.execute("UPDATE Cache SET filename = CAST(? AS TEXT) WHERE key = 'a'", (filename,))
    assert read(f"diskcache:{path}") == {"a": "Corrupt", "b": b"1"}


@pytest.mark.parametrize(
    "change",
    ["mode = 9", "mode = 'x'", "mode = 4, value = 1000000000000, filename = NULL", "mode = 4, value = x'80'"],
)
def test_a_damaged_row_is_refused_by_its_key(path, change):
    write(diskcache.Cache, path, {"a": b"1", "b": b"1"})
    with closing(sqlite3.connect(path / "cache.db", isolation_level=None)) as database:
        database.execute(f"UPDATE Cache SET {change} WHERE key = 'a'")
    assert read(f"diskcache:{path}") == {"a": "Corrupt", "b": b"1"}


def test_it_runs_no_pickle_and_shows_no_endless_key(path):
    wide: Any = ("x",)
    for _ in range(60):
        wide = (wide, wide)
    write(diskcache.Cache, path, {"bomb": Bomb(), Bomb(): b"1"})
    with diskcache.Cache(str(path)) as cache:
        cache[wide] = b"2"
    SETTERS.clear()
    for values in ("bytes", "json"):
        assert read(f"diskcache:{path}", values=values) == {"bomb": "Corrupt"}
    with holdall.open(f"diskcache:{path}") as store:
        assert all(len(name) < 2000 for name in store.foreign_names())
    assert not SETTERS


def test_it_reads_while_a_cache_is_open(path):
    with diskcache.Cache(str(path)) as cache:
        cache["a"] = b"1"
        assert read(f"diskcache:{path}") == {"a": b"1"}
    assert repr(pickle.loads(pickle.dumps(holdall.open(f"diskcache:{path}")))) == f"DiskCache('{path}')"


def test_other_places_are_refused_by_name(path):
    with pytest.raises(StoreNotFound, match="name a folder that exists"):
        read(f"diskcache:{path}")
    path.mkdir()
    with pytest.raises(Mismatch, match=r"has no cache\.db, so it is not a Cache or FanoutCache"):
        read(f"diskcache:{path}")
    with closing(sqlite3.connect(path / "cache.db")) as database:
        database.execute("CREATE TABLE other (a)")
    with pytest.raises(Mismatch, match=r"was not made by diskcache: it has the tables 'other'"):
        read(f"diskcache:{path}")
    with pytest.raises(InvalidAddress, match="disk='zip' is not one of disk, json"):
        holdall.open(f"diskcache:{path}?disk=zip")


def test_a_scan_reads_a_page_of_keys_of_all_shards_at_a_time_in_their_order(path, sizes):
    diskcache.FanoutCache(str(path), shards=3).close()
    keys = [f"{place}{number:04}" for number in range(1200) for place in ("a/", "é", "\ue000", "\U0001f600")]
    for shard in range(3):
        with closing(sqlite3.connect(path / f"{shard:03}" / "cache.db")) as database, database:
            rows = [(key,) for key in keys[shard::3]]
            database.executemany(
                "INSERT INTO Cache (key, raw, size, mode, value) VALUES (?, 1, 0, 1, 7)", rows
            )
    with holdall.open(f"diskcache:{path}") as store:
        assert list(store) == sorted(keys)
        assert max(sizes) <= 1000
        assert list(store.scan("a/", start="a/1190", stop="a/1195")) == [
            f"a/{each}" for each in range(1190, 1195)
        ]
        assert store["a/0001"] == store["\U0001f6001199"] == b"7"
        assert "a/1200" not in store


def test_a_row_that_was_written_again_is_found(path):
    with diskcache.Cache(str(path), disk=diskcache.JSONDisk) as cache:
        cache["a"] = 1
        with holdall.open(f"diskcache:{path}?disk=json&values=json") as store:
            assert list(store) == ["a"]
            del cache["a"]
            cache["b"], cache["a"] = 2, 3
            assert store["a"] == b"3"
