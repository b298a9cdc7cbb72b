"""Many keys at once: each is a revision as if written alone, and together they cost less."""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from holdall import Memory, Prefix, SQLite, Versions
from holdall.adapters.dynamodb import DynamoDB
from holdall.adapters.s3 import S3
from holdall.errors import TooLarge
from holdall.keys import is_reserved
from holdall.middleware.versions.records import Records
from holdall.store import Operation, Put, Store
from tests.middleware.versions.weaker import KINDS, Weaker
from tests.servers.s3 import Server


@pytest.fixture(params=[*KINDS, "SQLite", "LMDB"])
def below(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store[bytes]]:
    if request.param == "SQLite":
        made: Store[bytes] = SQLite(tmp_path / "store.db", durability="os")
    elif request.param == "LMDB":
        made = pytest.importorskip("holdall.adapters.lmdb").LMDB(tmp_path, durability="os")
    else:
        made = Weaker("", request.param)
    with made:
        yield made


def numbers(store: Store[bytes], key: str) -> list[int]:
    return [revision.number for revision in store.history(key)]


def values(store: Store[bytes], key: str) -> list[bytes | None]:
    """Newest first; None for a deletion."""
    return [None if one.deleted else store.at(key, one.number) for one in store.history(key)]


def test_keys_new_bare_settled_deleted_and_pruned_are_written_together(below: Store[bytes]) -> None:
    store = Versions(below)
    below["bare"] = b"0"
    store["settled"] = b"0"
    for key in ("deleted", "pruned"):
        store[key] = b"0"
        del store[key]
    store.prune(keep=1, prefix="pruned")
    keys = ["new", "bare", "new/er", "settled", "deleted", "pruned", "a", "zz"]
    store.update((key, key.encode()) for key in keys)
    assert dict(store) == {key: key.encode() for key in keys}
    assert values(store, "new") == [b"new"]
    assert values(store, "bare") == [b"bare", b"0"]
    assert values(store, "deleted") == [b"deleted", None, b"0"]
    assert numbers(store, "pruned") == [3, 2]
    store.delete_many([*keys, "missing"])
    assert (list(store), numbers(store, "new/er"), list(store.fsck())) == ([], [2, 1], [])


def test_the_last_of_equal_keys_wins(below: Store[bytes]) -> None:
    store = Versions(below)
    store.update([("a", b"1"), ("b", b"1"), ("a", b"2")])
    assert (store["a"], values(store, "a")[0]) == (b"2", b"2")


def test_a_key_of_full_length_under_a_prefix(below: Store[bytes]) -> None:
    store = Prefix(Versions(below), "p")
    key = "k" * 400
    store.update({key: b"1"})
    store.update({key: b"2"})
    assert numbers(store, key) == [2, 1]


@pytest.mark.parametrize("recorded", [(), ("b",), ("a", "c"), ("a/b", "z"), ("a", "b", "b/x", "c")])
def test_keys_without_a_record_are_told_from_those_with_one(recorded: tuple[str, ...]) -> None:
    below = Memory()
    for key in recorded:
        below.raw(".holdall/history/")[f"{key}/.holdall/999999999998"] = b""
    asked = ["c", "a", "b", "b/x", "a/b", "b-"]
    assert Records(below).unknown(asked) == set(asked) - set(recorded)


def statements(store: SQLite, run: Any) -> Counter[str]:
    """How many that read, that write, and that begin to, ``run`` makes on ``store``."""
    counted: Counter[str] = Counter()
    connection = store._link.connection()
    kinds = ("SELECT", "INSERT", "IMMEDIATE")
    connection.set_trace_callback(lambda told: counted.update(kind for kind in kinds if kind in told))
    try:
        run()
    finally:
        connection.set_trace_callback(None)
    return counted


def test_statements_on_sqlite(tmp_path: Path) -> None:
    with SQLite(tmp_path / "store.db", durability="os") as below:
        store = Versions(below)
        store["first"] = b"1"
        items = {f"k{number:03}": b"1" for number in range(100)}
        told = statements(below, lambda: store.update(items))
        # All heads, one look at all of history, two at the tags of heads and records, and head and record of each.
        assert told == {"SELECT": 4, "INSERT": 200, "IMMEDIATE": 1}
        told = statements(below, lambda: store.update(dict.fromkeys(items, b"2")))
        # All heads, one look at all of their tags, and head and record of each.
        assert told == {"SELECT": 2, "INSERT": 200, "IMMEDIATE": 1}
        # One key: its head, its history if it is new, and one statement that checks and writes both.
        told = statements(below, lambda: store.__setitem__("new", b"1"))
        assert told == {"SELECT": 2, "INSERT": 1}
        told = statements(below, lambda: store.__setitem__("new", b"2"))
        assert told == {"SELECT": 2, "INSERT": 1}


class Counted(Memory):
    """Tells how many heads each transaction wrote, and takes no more than ``most``."""

    most = 10**6

    def transact(self, changes: Iterable[Operation[bytes]], /) -> None:
        found = list(changes)
        heads = [change for change in found if isinstance(change, Put) and not is_reserved(change.key)]
        if len(heads) > self.most:
            raise TooLarge(f"{len(heads)} keys are more than {self.most}")
        super().transact(found)
        self.sizes = [*getattr(self, "sizes", []), len(heads)]


MIB = 1 << 20


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([b"v"] * 199, [199]),
        ([b"v"] * 200, [200]),
        ([b"v"] * 201, [200, 1]),
        ([b"v"] * 401, [200, 200, 1]),
        ([bytes(MIB // 2)] * 2 + [b""], [3]),
        ([bytes(MIB // 2), bytes(MIB // 2 + 1), b"v"], [2, 1]),
        ([bytes(MIB), b"v", b"v"], [2, 1]),
        ([bytes(MIB + 1), b"v", b"v"], [1, 2]),
        ([], []),
    ],
)
def test_a_batch_ends_at_its_bounds(values: list[bytes], expected: list[int]) -> None:
    below = Counted()
    Versions(below).update((f"k{number:03}", value) for number, value in enumerate(values))
    assert getattr(below, "sizes", []) == expected


@pytest.mark.parametrize(("most", "expected"), [(1, [1] * 5), (2, [2, 1, 2]), (4, [2, 3]), (5, [5])])
def test_a_batch_that_is_too_large_is_halved(most: int, expected: list[int]) -> None:
    below = Counted()
    below.most = most
    store = Versions(below)
    store.update((f"k{number}", b"v") for number in range(5))
    assert below.sizes == expected
    assert len(store) == 5
    below.most = 0
    with pytest.raises(TooLarge, match="1 keys are more than 0"):
        store.update(a=b"1", b=b"2")


def test_an_update_takes_as_many_transactions_as_the_store_needs(moto: Server) -> None:
    with DynamoDB("holdall", uuid4().hex, create=True) as below:
        store = Versions(below)
        store.update((f"k{number}", b"1") for number in range(51))  # and a transaction takes a hundred items
        assert len(store) == len(below.raw(".holdall/history/")) == 51
        with pytest.raises(TooLarge):
            store.update(a=bytes(500_000))


def test_an_update_on_s3_makes_several_requests_at_once(moto: Server) -> None:
    with moto.store(prefix="books") as below:
        assert below.features
        _meet(below, 4)
        store = Versions(below)
        store.update((f"k{number}", b"%d" % number) for number in range(4))
        store.delete_many(f"k{number}" for number in range(4))
        assert [numbers(store, f"k{number}") for number in range(4)] == [[2, 1]] * 4


def _meet(store: S3, count: int) -> None:
    """Hold each new head and each deletion up until ``count`` of them are under way."""
    meeting = threading.Barrier(count)

    def wait(params: dict[str, Any], **event: Any) -> None:
        if ".holdall" not in params["url_path"]:
            meeting.wait(timeout=60)

    store.client.meta.events.register("before-call.s3.PutObject", wait)
    store.client.meta.events.register("before-call.s3.DeleteObject", wait)
