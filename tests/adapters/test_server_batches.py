"""Where a batch for a server, and a part of a large object, ends: at its bound exactly, and one beyond it."""

from itertools import pairwise

import pytest

from holdall import InvalidKey, TooLarge
from holdall.adapters._shared.batches import BATCH, ROOM
from holdall.adapters._shared.servers import pairs_of, to_bytes_within
from holdall.adapters.s3.multipart import _MOST, _PART, _parts


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, []), (1, [1]), (BATCH, [BATCH]), (BATCH + 1, [BATCH, 1]), (2 * BATCH, [BATCH, BATCH])],
)
def test_a_batch_is_full_at_its_number_of_pairs(count, expected):
    assert [len(batch) for batch in pairs_of(((f"k{number}", b"") for number in range(count)), 9)] == expected


@pytest.mark.parametrize(("first", "expected"), [(ROOM - 1, [3]), (ROOM, [2, 1]), (ROOM + 1, [1, 2])])
def test_a_batch_ends_with_the_value_that_goes_beyond_its_room(first, expected):
    items = [("a", bytes(first)), ("b", b"1"), ("c", b"")]
    assert [len(batch) for batch in pairs_of(items, ROOM * 9)] == expected


def test_of_equal_keys_in_a_batch_the_last_is_kept():
    items = [("a", b"1"), ("b", b"2"), ("a", b"3")]
    assert list(pairs_of(items, 9)) == [{"a": b"3", "b": b"2"}]
    assert list(pairs_of(items, 9, 2)) == [{"a": b"1", "b": b"2"}, {"a": b"3"}]


def test_a_batch_with_a_wrong_key_is_not_begun():
    with pytest.raises(InvalidKey):
        next(pairs_of([("a", b""), ("..", b"")], 9))


def test_a_value_of_the_most_bytes_fits():
    assert to_bytes_within("a", bytes(7), 7) == bytes(7)
    with pytest.raises(TooLarge, match="8 bytes, and this store takes 7"):
        to_bytes_within("a", bytes(8), 7)


@pytest.mark.parametrize("length", [1, _PART, _PART + 1, _PART * _MOST, _PART * _MOST + 1])
def test_parts_are_the_value_and_no_more_than_are_taken(length):
    parts = [part.indices(length)[:2] for part in _parts(length)]
    assert parts[0][0] == 0
    assert parts[-1][1] == length
    assert all(one[1] == two[0] for one, two in pairwise(parts))
    assert len(parts) <= _MOST
    assert all(end - begin >= _PART for begin, end in parts[:-1])
