"""Where batches and pages end: at so many keys, or as soon as they are over so many bytes."""

from collections.abc import Callable

import pytest

from holdall import ABSENT, LMDB, Conflict, Delete, Expect, InvalidKey, Put, SQLite, Store
from holdall.adapters._shared.batches import BATCH, ROOM, keys_of, look_up, pairs_of, sides_of
from holdall.adapters.file import store as file
from holdall.store import Tag

Batches = Callable[[list[tuple[str, bytes]]], list[int]]


def sizes(items: list[tuple[str, bytes]]) -> list[int]:
    return [len(batch) for batch in pairs_of(items)]


def sizes_of_file(items: list[tuple[str, bytes]]) -> list[int]:
    return [len(batch) for batch in file._batches(items)]


def looked_up(items: list[tuple[str, bytes]]) -> list[int]:
    stored = {key.encode(): value for key, value in items}
    rest = iter(dict(items))
    return [len(page) for page in iter(lambda: look_up(stored.get, rest), [])]


def of(count: int, size: int) -> list[tuple[str, bytes]]:
    return [(f"k{number}", bytes(size)) for number in range(count)]


@pytest.mark.parametrize(
    ("batches", "items", "expected"),
    [
        (sizes, of(BATCH, 1), [BATCH]),
        (sizes, of(BATCH + 1, 1), [BATCH, 1]),
        (sizes, of(3, ROOM // 2), [3]),
        (sizes, of(4, ROOM // 2), [3, 1]),
        (sizes, of(2, ROOM + 1), [1, 1]),
        (sizes, of(2, ROOM), [2]),
        (sizes, [], []),
        (sizes_of_file, of(64, 1), [64]),
        (sizes_of_file, of(65, 1), [64, 1]),
        (sizes_of_file, of(4, 2_000_000), [2, 2]),
        (sizes_of_file, of(3, 1_999_999), [3]),
        (sizes_of_file, [], []),
        (looked_up, of(3, ROOM // 2), [3]),
        (looked_up, of(4, ROOM // 2), [3, 1]),
        (looked_up, of(2, ROOM + 1), [1, 1]),
    ],
)
def test_a_batch_ends_at_its_bounds(
    batches: Batches, items: list[tuple[str, bytes]], expected: list[int]
) -> None:
    assert batches(items) == expected


@pytest.mark.parametrize(("count", "expected"), [(0, []), (3, [3]), (4, [3, 1]), (6, [3, 3])])
def test_keys_are_taken_so_many_at_a_time(count: int, expected: list[int]) -> None:
    assert [len(batch) for batch in keys_of((f"k{number}" for number in range(count)), 3)] == expected


def test_batches_refuse_what_a_store_refuses() -> None:
    with pytest.raises(InvalidKey):
        list(keys_of(["a", "b//c"]))
    with pytest.raises(InvalidKey):
        list(pairs_of([("a", b""), ("b//c", b"")]))
    with pytest.raises(TypeError):
        list(pairs_of([("a", "text")]))  # type: ignore


class Name(str):
    __slots__ = ()


def test_keys_of_another_class_become_text() -> None:
    ((pair,),) = pairs_of([(Name("a"), b"1")])
    before, after = sides_of([Expect(Name("a"), ABSENT), Put(Name("b"), b"2")])
    assert [type(key) for key in (pair[0], *before, *after)] == [str] * 3


def test_a_transaction_has_two_sides() -> None:
    one = Tag("1")
    changes = [Expect("a", one), Put("a", bytearray(b"1")), Put("b", b"2"), Delete("b"), Expect("a", one)]
    assert sides_of(changes) == ({"a": one}, {"a": b"1", "b": None})
    assert type(sides_of(changes)[1]["a"]) is bytes
    for other in (ABSENT, Tag("0"), Tag("2")):
        with pytest.raises(Conflict) as conflict:
            sides_of([*changes, Expect("a", other)])
        assert conflict.value.key == "a"
    with pytest.raises(InvalidKey):
        sides_of([Delete("b//c")])


@pytest.fixture(params=["sqlite", "lmdb"])
def store(request: pytest.FixtureRequest, tmp_path: object) -> Store[bytes]:
    if request.param == "sqlite":
        return SQLite(f"{tmp_path}/s.db", durability="os")
    pytest.importorskip("lmdb")
    return LMDB(f"{tmp_path}/s", durability="os")


@pytest.mark.parametrize("size", [ROOM // 2, ROOM, ROOM + 1])
@pytest.mark.parametrize("count", [1, 2, 3, 17])
def test_a_scan_goes_on_wherever_a_page_ends(store: Store[bytes], size: int, count: int) -> None:
    with store:
        items = [(f"k{number:02}", bytes([number]) * size) for number in range(count)]
        store.update(items)
        assert list(store.items()) == items
        assert list(store.get_many(key for key, _ in items)) == items


@pytest.mark.parametrize("count", [15, 16, 17, 79, 80, 81, 1100])
def test_a_scan_of_small_values_goes_on_wherever_a_page_ends(store: Store[bytes], count: int) -> None:
    with store:
        keys = [f"k{number:04}" for number in range(count)]
        store.update(dict.fromkeys(keys, b""))
        assert list(store) == keys
        assert [key for key, _ in store.scan_tags()] == keys
