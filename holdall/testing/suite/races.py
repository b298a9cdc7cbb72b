"""Tests of one call in the middle of another: no write is lost, and one of two rival swaps wins."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any, TypeVar

from holdall.errors import Conflict
from holdall.store import ABSENT, Expect, Feature, Put, Store, Tag
from holdall.testing.interleave import POINTS, Met, interleave
from holdall.testing.suite.case import StoreCase, needs

A = TypeVar("A")
B = TypeVar("B")
V = TypeVar("V")
OLD, ONE, TWO = 1, 2, 3
FEW = 20  # places in an operation on many keys: most of its lines run once per key


class RaceTests(StoreCase[V]):
    """Tests in which another writer runs at every line of an operation (see `holdall.testing.interleave`)."""

    def interleave(
        self, first: Callable[[int], A], second: Callable[[int], B], points: int = POINTS
    ) -> Iterator[Met[A, B]]:
        """Run ``second`` in the middle of ``first``, at ``points`` places, or at ``self.points`` if fewer."""
        return interleave(first, second, min(points, self.points))

    def prepare(self, store: Store[V]) -> dict[str, Tag]:
        """Write OLD to a key for each round, and return the tags by key."""
        value = self.values.of(OLD)
        store.set_many((f"k{turn}", value) for turn in range(self.points + 1))
        return {f"k{turn}": store.get_tagged(f"k{turn}").tag for turn in range(self.points + 1)}

    def read_number(self, store: Store[V], turn: int) -> int | None:
        """Return the number under the key of a round, or None if the key is missing."""
        return next((self.values.number(value) for _, value in store.get_many([f"k{turn}"])), None)

    def setter(self, store: Store[V]) -> Callable[[int], None]:
        """Return a function that writes TWO to the key of a round unconditionally."""
        return lambda turn: store.__setitem__(f"k{turn}", self.values.of(TWO))

    @needs(Feature.TAGS | Feature.SWAP)
    def test_one_of_two_creations_wins(self, store: Store[V]) -> None:
        def create(number: int) -> Callable[[int], object]:
            return lambda turn: store.swap(f"k{turn}", self.values.of(number), ABSENT)

        for turn, first, second in self.interleave(create(ONE), create(TWO)):
            assert has_won(first) != has_won(second)
            assert self.read_number(store, turn) == (ONE if has_won(first) else TWO)

    @needs(Feature.TAGS | Feature.SWAP)
    def test_one_of_two_swaps_wins(self, store: Store[V]) -> None:
        tags = self.prepare(store)

        def swap(number: int) -> Callable[[int], object]:
            return lambda turn: store.swap(f"k{turn}", self.values.of(number), tags[f"k{turn}"])

        for turn, first, second in self.interleave(swap(ONE), swap(TWO)):
            assert has_won(first) != has_won(second)
            assert self.read_number(store, turn) == (ONE if has_won(first) else TWO)

    @needs(Feature.TAGS | Feature.SWAP)
    def test_a_swap_loses_to_a_write_or_comes_before_it(self, store: Store[V]) -> None:
        tags = self.prepare(store)
        swap = lambda turn: store.swap(f"k{turn}", self.values.of(ONE), tags[f"k{turn}"])  # noqa: E731
        for turn, first, second in self.interleave(swap, self.setter(store)):
            second.result()
            has_won(first)
            assert self.read_number(store, turn) == TWO

    @needs(Feature.TAGS | Feature.SWAP)
    def test_a_swap_in_the_middle_of_a_write(self, store: Store[V]) -> None:
        tags = self.prepare(store)
        swap = lambda turn: store.swap(f"k{turn}", self.values.of(ONE), tags[f"k{turn}"])  # noqa: E731
        for turn, first, second in self.interleave(self.setter(store), swap):
            first.result()
            assert self.read_number(store, turn) == TWO
            assert not has_won(second) or store.get_tagged(f"k{turn}").tag != second.result()

    @needs(Feature.TAGS | Feature.REMOVE)
    def test_a_remove_loses_to_a_write_or_comes_before_it(self, store: Store[V]) -> None:
        tags = self.prepare(store)
        remove = lambda turn: store.remove(f"k{turn}", tags[f"k{turn}"])  # noqa: E731
        for turn, first, second in self.interleave(remove, self.setter(store)):
            second.result()
            has_won(first)
            assert self.read_number(store, turn) == TWO

    @needs(Feature.TAGS | Feature.REMOVE)
    def test_a_pop_returns_what_it_deleted(self, store: Store[V]) -> None:
        self.prepare(store)
        for turn, first, second in self.interleave(lambda turn: store.pop(f"k{turn}"), self.setter(store)):
            second.result()
            left = self.read_number(store, turn)
            assert (self.values.number(first.result()), left) in [(OLD, TWO), (TWO, None)]

    @needs(Feature.TAGS | Feature.SWAP | Feature.REMOVE)
    def test_a_key_deleted_in_the_meantime_is_missing_and_not_a_conflict(self, store: Store[V]) -> None:
        self.prepare(store)
        one = self.values.of(ONE)
        operations: list[Callable[[str], V | None]] = [
            lambda key: store.pop(key, None),
            lambda key: store.setdefault(key, one),
            lambda key: store.modify(key, lambda held: held, one),
        ]
        for operation in operations:
            operate = lambda turn: operation(f"k{turn}")  # noqa: B023, E731 - called before the next
            for turn, first, second in self.interleave(operate, lambda turn: store.discard(f"k{turn}"), FEW):
                second.result()
                found = first.result()
                assert found is None or self.values.number(found) in (OLD, ONE)
                assert self.read_number(store, turn) in (
                    None,
                    None if found is None else self.values.number(found),
                )
                store[f"k{turn}"] = self.values.of(OLD)

    @needs(Feature.TAGS | Feature.REMOVE)
    def test_two_popitem_calls_take_two_items(self, store: Store[V]) -> None:
        held = self.fill(store, self.make_keys(2 * self.points + 2))
        popped = []
        for _, first, second in self.interleave(lambda turn: store.popitem(), lambda turn: store.popitem()):
            popped += [first.result(), second.result()]
        assert dict(popped) == {key: held[key] for key, _ in popped}
        assert len(store) + len(popped) == len(held)

    @needs(Feature.TAGS | Feature.SWAP)
    def test_setdefault_overwrites_nothing(self, store: Store[V]) -> None:
        default = lambda turn: store.setdefault(f"k{turn}", self.values.of(ONE))  # noqa: E731
        for turn, first, second in self.interleave(default, self.setter(store)):
            second.result()
            assert self.values.number(first.result()) in (ONE, TWO)
            assert self.read_number(store, turn) == TWO

    @needs(Feature.TAGS | Feature.SWAP)
    def test_two_modify_calls_both_count(self, store: Store[V]) -> None:
        self.prepare(store)

        def add(turn: int) -> V:
            return store.modify(f"k{turn}", lambda value: self.values.of(self.values.number(value) + 1))

        for turn, first, second in self.interleave(add, add):
            assert {self.values.number(call.result()) for call in (first, second)} == {OLD + 1, OLD + 2}
            assert self.read_number(store, turn) == OLD + 2

    @needs(Feature.TAGS | Feature.ATOMIC)
    def test_a_transaction_is_all_or_nothing_to_others(self, store: Store[V]) -> None:
        tags = self.prepare(store)

        def transact(turn: int) -> None:
            key, value = f"k{turn}", self.values.of(ONE)
            store.transact(
                [Put(f"b{turn}", value), Expect(key, tags[key]), Put(key, value), Put(f"a{turn}", value)]
            )

        for turn, first, second in self.interleave(transact, self.setter(store)):
            second.result()
            assert self.read_number(store, turn) == TWO
            assert (f"a{turn}" in store) == (f"b{turn}" in store) == has_won(first)

    @needs(Feature.TAGS | Feature.ATOMIC)
    def test_one_of_two_creating_transactions_wins(self, store: Store[V]) -> None:
        def create(number: int) -> Callable[[int], object]:
            value = self.values.of(number)
            return lambda turn: store.transact([Expect(f"k{turn}", ABSENT), Put(f"k{turn}", value)])

        for turn, first, second in self.interleave(create(ONE), create(TWO), FEW):
            assert has_won(first) != has_won(second)
            assert self.read_number(store, turn) == (ONE if has_won(first) else TWO)

    def set_some(self, store: Store[V]) -> Callable[[int], None]:
        """Return a function that writes ONE to two keys of a round."""
        value = self.values.of(ONE)
        return lambda turn: store.set_many([(f"a{turn}", value), (f"b{turn}", value)])

    def test_many_are_written_while_another_writes(self, store: Store[V]) -> None:
        expected: dict[str, int] = {}
        for turn, first, second in self.interleave(self.set_some(store), self.setter(store), FEW):
            finish(first, second)
            expected |= {f"a{turn}": ONE, f"b{turn}": ONE, f"k{turn}": TWO}
        assert {key: self.values.number(value) for key, value in store.items()} == expected

    def test_many_are_written_while_another_clears(self, store: Store[V]) -> None:
        self.fill(store, ["old"])
        for turn, first, second in self.interleave(self.set_some(store), lambda turn: store.clear(), FEW):
            finish(first, second)
            assert set(store) <= {f"a{turn}", f"b{turn}"}
            self.fill(store, ["old"])

    def test_many_are_deleted_while_another_writes_and_deletes(self, store: Store[V]) -> None:
        def write(turn: int) -> None:
            store.discard(f"b{turn}")
            store[f"k{turn}"] = self.values.of(TWO)

        self.fill(store, ["a0", "b0"])
        left = set()
        delete = lambda turn: store.delete_many([f"a{turn}", f"b{turn}"])  # noqa: E731
        for turn, first, second in self.interleave(delete, write, FEW):
            finish(first, second)
            left.add(f"k{turn}")
            assert set(store) == left
            self.fill(store, [f"a{turn + 1}", f"b{turn + 1}"])

    def test_a_delete_in_the_middle_of_a_clear(self, store: Store[V]) -> None:
        keys = ["a", "b", "c"]
        self.fill(store, keys)

        def discard(turn: int) -> None:
            for key in keys:
                store.discard(key)

        for _, first, second in self.interleave(lambda turn: store.clear(), discard, FEW):
            finish(first, second)
            assert list(store) == []
            self.fill(store, keys)

    @needs(Feature.TAGS)
    def test_a_value_and_its_tag_belong_together(self, store: Store[V]) -> None:
        tags = self.prepare(store)
        for turn, first, second in self.interleave(
            lambda turn: store.get_tagged(f"k{turn}"), self.setter(store)
        ):
            second.result()
            value, tag = first.result()
            assert (self.values.number(value) == OLD) == (tag == tags[f"k{turn}"])

    def test_a_value_is_written_whole(self, store: Store[V]) -> None:
        small = store["a"] = self.values.of(OLD)
        written = [self.values.large, small]  # the lines of the first call are counted
        write = lambda turn: store.__setitem__("a", written[turn % 2])  # noqa: E731
        for turn, first, second in self.interleave(write, lambda turn: store["a"]):
            first.result()
            assert second.result() in written
            assert store["a"] == written[turn % 2]

    def test_a_key_deleted_in_the_middle_of_a_scan(self, store: Store[V]) -> None:
        turns = min(FEW, self.points)
        for scan in (store.scan, store.scan_items, store.values):
            self.fill(store, ["stays", *(f"k{turn}" for turn in range(turns + 1))])
            read = lambda turn: len(list(scan()))  # noqa: B023, E731 - called before the next scan
            for turn, first, second in self.interleave(read, lambda turn: store.discard(f"k{turn}"), turns):
                second.result()
                assert turns + 1 - turn <= first.result() <= turns + 2 - turn


def finish(*calls: "Future[Any]") -> None:
    """Raise the error of ``calls``, if one of them raised an error."""
    for call in calls:
        call.result()


def has_won(call: "Future[Any]") -> bool:
    """Return whether a compare-and-swap won. Raise its error if that is not a Conflict."""
    error = call.exception()
    if error is not None and not isinstance(error, Conflict):
        raise error
    return error is None
