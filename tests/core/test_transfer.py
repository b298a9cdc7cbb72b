"""The engine of copies: batches and what is under way have exact bounds, and an error ends all of it."""

import itertools
import pickle
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from holdall import Codec, Corrupt, Memory
from holdall.transfer import BATCH, copy, copy_and_verify, digest, try_copy
from holdall.transfer import transfer as transferred


def filled(count: int) -> Memory:
    store = Memory()
    store.update({f"k{number:05}": b"%d" % number for number in range(count)})
    return store


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("count", [0, 1, BATCH - 1, BATCH, BATCH + 1, 2 * BATCH, 9 * BATCH + 1])
def test_every_key_is_moved_in_full_batches_and_told_in_order(count: int, workers: int) -> None:
    here, there = filled(count), Memory()
    sizes: list[int] = []
    told: list[tuple[str, int]] = []

    def move(*arguments: Any) -> int:
        sizes.append(len(arguments[-1]))
        return copy(*arguments)

    moved = transferred(
        here, there, move=move, workers=workers, tell=lambda key, so_far: told.append((key, so_far))
    )
    assert (moved, dict(there)) == (count, dict(here))
    assert sorted(sizes, reverse=True) == [BATCH] * (count // BATCH) + [count % BATCH] * (count % BATCH > 0)
    ends = [*range(BATCH, count, BATCH), count] if count else []
    assert told == [(f"k{end - 1:05}", end) for end in ends]


@pytest.mark.parametrize("move", [copy, copy_and_verify, try_copy])
def test_it_goes_on_after_a_key_and_keeps_to_a_prefix(move: Any) -> None:
    here, there = Memory(), Memory()
    here.update(dict.fromkeys(["a", "a!", "a/b", "b", "b/c"], b"1"))
    told: list[str] = []
    assert transferred(here, there, move=move, after="a", tell=lambda key, count: told.append(key)) == 4
    assert told == ["b/c"]
    assert list(there) == ([] if move is try_copy else ["a!", "a/b", "b", "b/c"])
    assert transferred(here, Memory(), "a", move=move, after="a!") == 1
    assert transferred(here, Memory(), "b", move=move) == 2
    assert transferred(here, Memory(), move=move, after="b/c") == 0


@pytest.mark.parametrize("workers", [1, 3])
def test_no_more_than_two_batches_a_worker_are_under_way(workers: int) -> None:
    taken, moved = itertools.count(1), itertools.count(BATCH, BATCH)
    seen, done = [0], [0]

    class Counting(Memory):
        def scan(self, prefix: str = "", **bounds: Any) -> Iterator[str]:
            for key in super().scan(prefix, **bounds):
                seen[0] = next(taken)
                yield key

    here = Counting()
    here.update({f"k{number:05}": b"" for number in range(20 * BATCH)})

    def move(*arguments: Any) -> int:
        count = copy(*arguments)
        done[0] = next(moved)
        return count

    ahead = []
    total = transferred(
        here, Memory(), move=move, workers=workers, tell=lambda key, count: ahead.append(seen[0] - count)
    )
    assert total == 20 * BATCH
    assert max(ahead) <= 2 * workers * BATCH
    assert done[0] == total


def test_an_error_ends_it_and_leaves_no_thread_at_work() -> None:
    before = threading.active_count()
    told: list[int] = []
    moves = itertools.count(1)

    def move(*arguments: Any) -> int:
        if next(moves) == 3:
            raise ZeroDivisionError
        return copy(*arguments)

    there = Memory()
    with pytest.raises(ZeroDivisionError):
        transferred(
            filled(50 * BATCH), there, move=move, workers=2, tell=lambda key, count: told.append(count)
        )
    held = len(there)
    assert held < 50 * BATCH
    assert all(count <= held for count in told)
    assert threading.active_count() <= before + 2
    assert len(there) == held


class Altering(Memory):
    """Keeps something else than it was given."""

    def __init__(self, alter: Callable[[bytes], bytes]) -> None:
        super().__init__()
        self._alter = alter

    def set_many(self, items: Iterable[tuple[str, bytes]]) -> None:
        super().set_many((key, self._alter(value)) for key, value in items)


@pytest.mark.parametrize("alter", [lambda value: value + b"0", lambda value: value[:-1]])
@pytest.mark.parametrize("move", [copy_and_verify, try_copy])
def test_a_value_that_is_read_back_as_another_is_corrupt(move: Any, alter: Callable[[bytes], bytes]) -> None:
    with pytest.raises(Corrupt, match=r"'k00000' differs from the value that was read back") as caught:
        transferred(filled(1), Altering(alter), move=move)
    assert caught.value.key == "k00000"


class Sets(Codec[Any, bytes]):
    """Sets, whose elements come back in another order."""

    def encode(self, key: str, value: Any) -> bytes:
        return pickle.dumps(list(value))

    def decode(self, key: str, data: bytes) -> Any:
        return frozenset(reversed(pickle.loads(data)))


def test_equal_values_that_are_shown_differently_are_well() -> None:
    there = Sets(Memory())
    value = frozenset({0, 8})
    there["a"] = value
    assert repr(there["a"]) != repr(value)
    assert copy_and_verify(lambda keys: [(key, value) for key in keys], there, ["a"]) == 1


def test_a_document_whose_repr_is_not_valid_unicode_has_a_digest() -> None:
    class Odd:
        def __init__(self, text: str) -> None:
            self.text = text

        def __repr__(self) -> str:
            return self.text

    assert digest(Odd("\ud800")) == digest(Odd("\ud800")) != digest(Odd("\ud801"))
