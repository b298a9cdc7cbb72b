"""Where batches and pages end: at so many keys, or as soon as they are over so many bytes."""

from collections.abc import Callable

import pytest

from holdall import ABSENT, LMDB, Conflict, Delete, Expect, InvalidKey, Put, SQLite, Store, TooLarge
from holdall.batches import (
    BATCH,
    FIRST_PAGE,
    ROOM,
    look_up,
    look_up_all,
    read_pages,
    split_by_bytes,
    split_growing,
    split_keys,
    split_pairs,
    split_transaction,
    take_page,
    to_bytes_within,
)
from holdall.store import Tag

Batches = Callable[[list[tuple[str, bytes]]], list[int]]


def sizes(items: list[tuple[str, bytes]]) -> list[int]:
    return [len(batch) for batch in split_pairs(items)]


def sizes_of_three(items: list[tuple[str, bytes]]) -> list[int]:
    return [len(batch) for batch in split_by_bytes(items, 3, 4)]


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
        (sizes_of_three, of(3, 1), [3]),
        (sizes_of_three, of(4, 1), [3, 1]),
        (sizes_of_three, of(4, 2), [3, 1]),
        (sizes_of_three, of(2, 4), [2]),
        (sizes_of_three, of(3, 5), [1, 1, 1]),
        (sizes_of_three, [], []),
        (looked_up, of(3, ROOM // 2), [3]),
        (looked_up, of(4, ROOM // 2), [3, 1]),
        (looked_up, of(2, ROOM + 1), [1, 1]),
    ],
)
def test_a_batch_ends_at_its_bounds(
    batches: Batches, items: list[tuple[str, bytes]], expected: list[int]
) -> None:
    assert batches(items) == expected


@pytest.mark.parametrize(("first", "expected"), [(ROOM - 1, [3]), (ROOM, [2, 1]), (ROOM + 1, [1, 2])])
def test_a_batch_ends_with_the_value_that_goes_beyond_its_room(first: int, expected: list[int]) -> None:
    assert sizes([("a", bytes(first)), ("b", b"1"), ("c", b"")]) == expected


def test_a_batch_with_a_wrong_key_is_not_begun() -> None:
    with pytest.raises(InvalidKey):
        next(split_pairs([("a", b""), ("..", b"")]))


@pytest.mark.parametrize(("count", "expected"), [(0, []), (3, [3]), (4, [3, 1]), (6, [3, 3])])
def test_keys_are_taken_so_many_at_a_time(count: int, expected: list[int]) -> None:
    assert [len(batch) for batch in split_keys((f"k{number}" for number in range(count)), 3)] == expected


@pytest.mark.parametrize(("count", "expected"), [(0, []), (1, [1]), (3, [1, 2]), (12, [1, 2, 4, 4, 1])])
def test_growing_batches_end_at_their_bound(count: int, expected: list[int]) -> None:
    assert [len(batch) for batch in split_growing(range(count), 4)] == expected


def test_growing_batches_read_no_further_than_the_caller() -> None:
    source = iter(range(9))
    batches = split_growing(source, 4)
    assert (next(batches), next(batches), next(source)) == ([0], [1, 2], 3)


def test_pages_grow_up_to_their_bound() -> None:
    asked: list[tuple[str, int]] = []

    def read(low: str, size: int) -> tuple[list[int], str | None]:
        asked.append((low, size))
        return [size], None if len(asked) == 5 else low + "a"

    assert list(read_pages(read, "", 1000)) == [[16], [64], [256], [1000], [1000]]
    assert asked[:2] == [("", FIRST_PAGE), ("a", 4 * FIRST_PAGE)]
    assert list(read_pages(read, None)) == []


@pytest.mark.parametrize(
    ("values", "size", "taken", "low"),
    [
        ([1, 1, 1], 4, 3, None),
        ([1, 1, 1], 3, 3, "k2\0"),
        ([1, 1, 1], 2, 2, "k1\0"),
        ([ROOM, 1, 1], 9, 2, "k1\0"),
        ([ROOM + 1, 1, 1], 9, 1, "k0\0"),
        ([], 9, 0, None),
    ],
)
def test_a_page_ends_at_its_bounds(values: list[int], size: int, taken: int, low: str | None) -> None:
    rows = [(f"k{number}", bytes(length)) for number, length in enumerate(values)]
    assert take_page(rows, size, hides=False) == (rows[:taken], low)


def test_a_page_ends_before_reserved_keys() -> None:
    rows = [("a", b""), (".holdall/b", b""), ("c", b"")]
    page, low = take_page(rows, 9, hides=True)
    assert page == rows[:1]
    assert low is not None
    assert ".holdall/\U0010ffff" < low <= ".holdall0"
    assert take_page(rows, 9, hides=False) == (rows, None)


def test_lookups_take_up_keys_that_had_no_room() -> None:
    stored = {key.encode(): value for key, value in of(5, ROOM)}
    keys = ["k0", "none", "k1", "k2", "k3", "k4"]
    found = look_up_all(lambda rest: look_up(stored.get, rest), keys, 4)
    assert [key for key, _ in found] == ["k0", "k1", "k2", "k3", "k4"]
    with pytest.raises(InvalidKey):
        list(look_up_all(lambda rest: list(rest), ["a", "b//c"], 4))


def test_the_largest_value_fits() -> None:
    assert to_bytes_within("a", b"123", 3) == b"123"
    with pytest.raises(TooLarge, match=r"'a' is 4 bytes, and this store takes at most 3") as refusal:
        to_bytes_within("a", b"1234", 3)
    assert refusal.value.key == "a"
    assert list(split_pairs([("a", bytearray(b"123"))], most=3)) == [[("a", b"123")]]
    assert split_transaction([Put("a", b"123")], most=3) == ({}, {"a": b"123"})
    for value in (b"1234", bytearray(b"1234")):
        with pytest.raises(TooLarge):
            list(split_pairs([("a", value)], most=3))
        with pytest.raises(TooLarge):
            split_transaction([Put("a", value)], most=3)


def test_batches_refuse_what_a_store_refuses() -> None:
    with pytest.raises(InvalidKey):
        list(split_keys(["a", "b//c"]))
    with pytest.raises(InvalidKey):
        list(split_pairs([("a", b""), ("b//c", b"")]))
    with pytest.raises(TypeError):
        list(split_pairs([("a", "text")]))  # type: ignore


class Name(str):
    __slots__ = ()


def test_split_keys_another_class_become_text() -> None:
    ((pair,),) = split_pairs([(Name("a"), b"1")])
    before, after = split_transaction([Expect(Name("a"), ABSENT), Put(Name("b"), b"2")])
    assert [type(key) for key in (pair[0], *before, *after)] == [str] * 3


def test_a_transaction_has_two_sides() -> None:
    one = Tag("1")
    changes = [Expect("a", one), Put("a", bytearray(b"1")), Put("b", b"2"), Delete("b"), Expect("a", one)]
    assert split_transaction(changes) == ({"a": one}, {"a": b"1", "b": None})
    assert type(split_transaction(changes)[1]["a"]) is bytes
    for other in (ABSENT, Tag("0"), Tag("2")):
        with pytest.raises(Conflict) as conflict:
            split_transaction([*changes, Expect("a", other)])
        assert conflict.value.key == "a"
    with pytest.raises(InvalidKey):
        split_transaction([Delete("b//c")])


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
