"""The SQLite store: addresses, the file it makes, its tags, and how it pages."""

import enum
import sqlite3
from collections.abc import Iterator
from itertools import starmap
from pathlib import Path

import pytest

import holdall
from holdall import ABSENT, SQLite
from holdall.errors import Conflict, InvalidAddress, InvalidKey
from holdall.keys import RawKey
from holdall.store import Expect, Feature, Put, Tag


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def store(path: Path) -> Iterator[SQLite]:
    with SQLite(path, durability="os") as opened:
        yield opened


def peek(path: Path, statement: str) -> list[tuple[object, ...]]:
    """What SQLite itself says of the file."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


# ---- Addresses -------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["sqlite:///here.db", "sqlite:///./here.db"])
def test_three_slashes_are_a_path_from_here_that_outlives_a_chdir(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = holdall.open(address)
    monkeypatch.chdir("/")
    store["a"] = b"1"
    store.close()
    assert (tmp_path / "here.db").exists()
    assert repr(store) == f"SQLite({str(tmp_path / 'here.db')!r})"


def test_four_slashes_are_a_path_from_the_root(path: Path) -> None:
    with holdall.open(f"sqlite:///{path}?table=t&durability=os&timeout=2.5") as store:
        store["a"] = b"1"
    assert peek(path, "SELECT key, value FROM t WHERE key <> ''") == [("a", b"1")]
    assert repr(store) == f"SQLite({str(path)!r}, table='t', durability='os', timeout=2.5)"


@pytest.mark.parametrize("name", ["a b", "50%", "q?mode=ro", "h#x", "é", "&a=b"])
def test_any_file_name_is_taken_literally(name: str, tmp_path: Path) -> None:
    with SQLite(tmp_path / name) as store:
        store["a"] = b"1"
    assert [file.name for file in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("address", ["sqlite://", "sqlite:///:memory:"])
def test_in_memory_is_private_and_makes_no_file(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with holdall.open(address) as one, holdall.open(address) as two:
        one["a"] = b"1"
        assert "a" not in two
        assert not one.features & (Feature.SHARED | Feature.DURABLE)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("address", "remedy"),
    [
        ("sqlite://rel.db", "sqlite:///rel.db"),
        ("sqlite://rel/x.db", "sqlite:///rel/x.db"),
        ("sqlite:rel.db", "sqlite:///rel.db"),
        ("sqlite://:80/rel.db", "sqlite:///rel.db"),
        ("sqlite:///", "sqlite:///books.db"),
        ("sqlite:///a.db?tabel=t", "did you mean 'table'?"),
        ("sqlite:///a.db?durability=none", "full, os"),
        ("sqlite:///a.db?timeout=soon", "not a number"),
        ("sqlite:///a.db?timeout=-1", "number of seconds"),
        ("sqlite:///a.db?timeout=nan", "number of seconds"),
        ("sqlite:///a.db?timeout=inf", "number of seconds"),
        ("sqlite:///a.db?table=x;drop table y", "letters, digits"),
        ('sqlite:///a.db?table=x"y', "letters, digits"),
        ("sqlite:///a.db?table=sqlite_master", "letters, digits"),
        ("sqlite:///a.db?table=", "letters, digits"),
        ("sqlite:///a%00.db", "not a path"),
    ],
)
def test_what_cannot_be_meant_says_what_to_write(address: str, remedy: str) -> None:
    with pytest.raises(InvalidAddress) as caught:
        holdall.open(address)
    assert remedy in str(caught.value)


# ---- The file --------------------------------------------------------------------------------------


def test_nothing_is_created_before_the_first_write(store: SQLite, path: Path) -> None:
    assert (len(store), bool(store), list(store.items()), store.get("a")) == (0, False, [], None)
    assert [*store.get_many(["a"]), *store.scan_tags()] == []
    store.discard("a")
    store.delete_many(["a"])
    store.clear()
    with pytest.raises(KeyError):
        del store["a"]
    with pytest.raises(KeyError):
        store.get_tagged("a")
    with pytest.raises(InvalidKey):
        store["../a"] = b""
    assert not path.exists()


def test_a_store_that_another_creates_later_is_seen(store: SQLite, path: Path) -> None:
    assert "a" not in store
    with SQLite(path) as other:
        other["a"] = b"1"
        assert store["a"] == b"1"


def test_the_schema_is_the_documented_one(store: SQLite, path: Path) -> None:
    store["a"] = b"1"
    assert peek(path, "PRAGMA journal_mode") == [("wal",)]
    assert peek(path, "PRAGMA page_size") == [(8192,)]
    assert [row[1:4] for row in peek(path, "PRAGMA table_info(holdall)")] == [
        ("tick", "INTEGER", 0),
        ("key", "TEXT", 1),
        ("value", "BLOB", 1),
    ]
    assert peek(path, "SELECT key, value FROM holdall ORDER BY key") == [
        ("", "holdall 2"),
        ("a", b"1"),
    ]


def test_it_shares_a_file_with_an_app_s_own_tables_and_other_stores(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE people (name)")
    connection.execute("INSERT INTO people VALUES ('Ada')")
    connection.commit()
    connection.close()
    with SQLite(path, table="holdall") as one, SQLite(path, table="order") as two:
        one["a"] = b"1"
        two["a"] = b"2"
        one.clear()
        assert (dict(one), dict(two)) == ({}, {"a": b"2"})
    assert peek(path, "SELECT * FROM people") == [("Ada",)]


@pytest.mark.parametrize(("durability", "level"), [("full", 2), ("os", 1)])
def test_durability_is_sqlite_s_synchronous(durability: str, level: int, path: Path) -> None:
    with SQLite(path, durability=durability) as store:
        store["a"] = b"1"
        assert store._link.connection().execute("PRAGMA synchronous").fetchone() == (level,)


def test_close_leaves_one_file(path: Path, tmp_path: Path) -> None:
    with SQLite(path) as store:
        store["a"] = b"1"
        assert len(list(tmp_path.iterdir())) == 3
    assert [file.name for file in tmp_path.iterdir()] == ["store.db"]


# ---- Tags ------------------------------------------------------------------------------------------


def test_tags_do_not_repeat_after_everything_was_deleted_and_vacuumed(store: SQLite, path: Path) -> None:
    seen = {store.swap(key, b"", ABSENT) for key in "abc"}
    for empty in (store.clear, lambda: store.delete_many("abc"), lambda: store.__delitem__("a")):
        empty()
        store.close()
        peek(path, "VACUUM")
        tag = store.swap("a", b"", ABSENT)
        assert tag not in seen
        seen.add(tag)


def test_tags_do_not_repeat_when_another_tool_deletes_rows(store: SQLite, path: Path) -> None:
    tag = store.swap("a", b"", ABSENT)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA recursive_triggers = ON")
    connection.execute("DELETE FROM holdall WHERE key = 'a'")
    connection.commit()
    connection.close()
    assert store.swap("a", b"", ABSENT) != tag


def test_tags_do_not_repeat_in_a_new_file_at_the_same_place(path: Path) -> None:
    tags = set()
    for _ in range(3):
        with SQLite(path) as store:
            tags.add(store.swap("a", b"", ABSENT))
        path.unlink()
    assert len(tags) == 3


@pytest.mark.parametrize("tag", ["x", " {}", "{}.0", "0{}", "+{}", "{}\0"])
def test_what_only_looks_like_the_tag_is_another(tag: str, store: SQLite) -> None:
    held = store.swap("a", b"1", ABSENT)
    with pytest.raises(holdall.Conflict):
        store.swap("a", b"2", holdall.Tag(tag.format(held)))
    with pytest.raises(holdall.Conflict):
        store.remove("a", holdall.Tag(tag.format(held)))
    assert store.get_tagged("a") == (b"1", held)


# ---- Pages -----------------------------------------------------------------------------------------


def test_a_scan_reads_pages_and_holds_no_transaction_between_them(store: SQLite, path: Path) -> None:
    store.update((f"k{i:04}", b"v") for i in range(5000))
    scan = store.scan_items()
    next(scan)
    store.update((f"k{i:04}", b"w" * 1000) for i in range(5000))
    # A reader that held a transaction would keep the log from being emptied.
    assert peek(path, "PRAGMA wal_checkpoint(TRUNCATE)") == [(0, 0, 0)]
    values = [value for _, value in scan]
    assert len(values) == 4999
    assert values[-1] == b"w" * 1000


def test_the_log_does_not_grow_without_bound_under_a_paused_scan(store: SQLite, path: Path) -> None:
    store.update((f"k{i:03}", b"") for i in range(100))
    scan = store.scan()
    next(scan)
    for _ in range(60):
        store.update((f"k{i:03}", bytes(10_000)) for i in range(100))
    assert path.with_name("store.db-wal").stat().st_size < 20e6  # of 60 MB that were written
    assert len(list(scan)) == 99


def test_a_get_holds_no_transaction(store: SQLite, path: Path) -> None:
    store["a"] = b"1"
    assert store["a"] == store.get("a") == b"1"
    assert (len(store), "a" in store, store.get_tagged("a").value) == (1, True, b"1")
    assert peek(path, "PRAGMA wal_checkpoint(TRUNCATE)") == [(0, 0, 0)]


def test_pages_are_bounded_by_bytes(store: SQLite, path: Path) -> None:
    store.update((f"k{i}", bytes(700_000)) for i in range(9))
    scan, found = store.scan_items(), store.get_many(f"k{i}" for i in range(9))
    next(scan)
    next(found)
    store.clear()
    # What had been read ahead is at most a MiB and one value.
    assert len(list(scan)) <= 2
    assert len(list(found)) <= 2


def test_scans_still_use_the_index_after_analyze(store: SQLite, path: Path) -> None:
    store.update((f"k{i:04}", bytes(100)) for i in range(3000))
    store.close()
    peek(path, "ANALYZE")
    for statement in (
        "SELECT key FROM holdall WHERE key >= 'k' ORDER BY key",
        "SELECT key, value FROM holdall WHERE key >= ' ' ORDER BY key",
        "SELECT key, value FROM holdall WHERE key >= 'a' AND key < 'z' ORDER BY key",
    ):
        plan = str(peek(path, f"EXPLAIN QUERY PLAN {statement}"))
        assert "sqlite_autoindex_holdall_1" in plan
        assert "TEMP B-TREE" not in plan


def test_a_scan_steps_over_reserved_parts_wherever_they_are(store: SQLite) -> None:
    raw = store.raw()
    hidden = [
        ".holdall",
        ".holdall/a",
        "a/.holdall",
        "a/.holdall/x",
        "b/.holdall/y/z",
        "z/.holdall",
    ]
    shown = [
        "-",
        ".holdall-",
        ".holdall0",
        "a",
        "a/.holdall!",
        "a/.holdall-x",
        "a/.holdall0",
        "b/c",
        "z/a",
    ]
    raw.update((key, b"") for key in hidden + shown)
    raw.update((f".holdall/history/{i:05}", b"") for i in range(3000))
    assert list(store) == sorted(shown)
    assert len(store) == len(shown)
    assert len(raw) == len(hidden) + len(shown) + 3000
    assert list(store.scan("a/", start="a/.holdall")) == [
        "a/.holdall!",
        "a/.holdall-x",
        "a/.holdall0",
    ]
    assert list(store.scan(stop="a")) == ["-", ".holdall-", ".holdall0"]
    assert list(store.scan(".holdall/history/")) == []
    statements: list[str] = []
    store._link.connection().set_trace_callback(statements.append)
    assert list(store.scan(stop="a")) == ["-", ".holdall-", ".holdall0"]
    assert len(statements) < 10  # not one for each thing that is hidden
    store._link.connection().set_trace_callback(None)
    store.clear()
    assert len(raw) == len(hidden) + 3000


# ---- Values and keys -------------------------------------------------------------------------------


class Colour(str, enum.Enum):  # noqa: UP042 - the kind whose str() is not its text
    RED = "red"


class Adapting(str):
    __slots__ = ()

    def __conform__(self, protocol: object) -> str:
        return "something else"


@pytest.mark.parametrize("key", [Colour.RED, Adapting("red"), RawKey("red")])
def test_a_subclass_of_str_is_the_text_it_holds(key: str, store: SQLite) -> None:
    store[key] = b"1"
    store.update({key: b"2"})
    store.transact([holdall.Put(key, b"3")])
    assert list(store) == ["red"]
    assert type(next(store.scan())) is str
    assert (store[key], store["red"], key in store) == (b"3", b"3", True)
    assert list(store.get_many([key])) == [("red", b"3")]
    store.swap(key, b"4", store.get_tagged(key).tag)
    store.delete_many([key])
    assert not store


def test_a_slow_source_of_set_many_holds_no_lock(store: SQLite, path: Path) -> None:
    with SQLite(path, timeout=0) as other:

        def pairs() -> Iterator[tuple[str, bytes]]:
            for i in range(2500):
                other["other"] = b"%d" % i  # Unavailable if the batch had begun
                yield f"k{i:04}", b""

        store.set_many(pairs())
    assert len(store) == 2501


def test_a_batch_that_fails_leaves_no_transaction_open(store: SQLite, path: Path) -> None:
    with pytest.raises(TypeError):
        store.update({"a": b"", "b": "text"})
    with pytest.raises(holdall.Conflict):
        store.transact([holdall.Put("a", b""), holdall.Expect("b", holdall.Tag("1"))])
    with SQLite(path, timeout=0) as other:
        other["c"] = b""
    assert list(store) == ["c"]


@pytest.mark.parametrize("count", range(1, 7))
@pytest.mark.parametrize("wrong", [None, "there", "absent", "new"])
def test_a_transaction_of_few_or_many_puts_keeps_its_conditions(
    count: int, wrong: str | None, store: SQLite
) -> None:
    old = store.swap("there", b"old", ABSENT)
    if wrong == "new":
        store["new"] = b"in the way"
    expected = {"there": old, "absent": ABSENT, "new": ABSENT}
    if wrong in ("there", "absent"):
        expected[wrong] = Tag("1")
    values = dict.fromkeys(("there", "new", "c", "d", "e", "f")[:count], b"%d" % count)
    before = dict(store)
    changes = [*starmap(Expect, expected.items()), *starmap(Put, values.items())]
    if wrong is None:
        store.transact(changes)
        assert dict(store) == before | values
    else:
        with pytest.raises(Conflict) as caught:
            store.transact(changes)
        assert (caught.value.key, dict(store)) == (wrong, before)


@pytest.mark.parametrize("taken", [None, "a", "b"])
def test_a_transaction_of_new_keys_creates_all_or_none(taken: str | None, store: SQLite) -> None:
    if taken is not None:
        store[taken] = b"in the way"
    before = dict(store)
    changes = [Expect("a", ABSENT), Put("a", b"1"), Expect("b", ABSENT), Put("b", b"2")]
    if taken is None:
        store.transact(changes)
        assert dict(store) == {"a": b"1", "b": b"2"}
    else:
        with pytest.raises(Conflict) as caught:
            store.transact(changes)
        assert (caught.value.key, dict(store)) == (taken, before)
