"""Tests of the change feed: nothing is missed, and a position holds for as long as the store does."""

import functools
import pickle
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from holdall.errors import Expired, InvalidPosition
from holdall.store import ABSENT, Delete, Feature, Put, Store
from holdall.testing.follower import FeedMachine, Follower
from holdall.testing.interleave import interleave
from holdall.testing.suite import processes
from holdall.testing.suite.case import StoreCase, needs
from holdall.testing.suite.processes import child

V = TypeVar("V")
C = TypeVar("C", bound="FeedTests[Any]")
TIMES = 20
PATIENCE = 60  # seconds; a watch that has not ended by then is a failure


def with_feed(check: Callable[[C, Store[Any]], None]) -> Callable[[C, Store[Any]], None]:
    """Run a check if the store has a feed. `test_a_feed_begins_with_every_key` checks the refusal of others."""

    @functools.wraps(check)
    def choose(self: C, store: Store[Any]) -> None:
        if Feature.CHANGES in store.features:
            check(self, store)

    return choose


class FeedTests(StoreCase[V]):
    """Tests of `changes` and `watch`."""

    def back_up(self, store: Store[V]) -> Callable[[], Store[V]] | None:
        """Copy ``store``, and return a function that replaces it by the copy and opens it again.

        Override it if ``store`` can be restored from a backup while its address stays the same.
        """
        return None

    def expect_equal(self, follower: Follower, store: Store[V]) -> None:
        """Follow ``store`` to the end, and check that the follower then has its keys and tags."""
        follower.follow(store)
        held = {key: tag for key, tag in store.scan_tags() if key.startswith(follower.prefix)}
        assert follower.held == held

    @needs(Feature.CHANGES)
    def test_a_feed_begins_with_every_key(self, store: Store[V]) -> None:
        assert list(store.changes()) == []
        self.fill(store, ["b", "a/b", "a", "c"])
        store["a"] = self.values.of(9)
        del store["c"]
        found = [(change.key, change.tag) for change in store.changes()]
        assert sorted(found) == list(store.scan_tags())
        assert {type(key) for key, _ in found} == {str}

    @with_feed
    def test_a_feed_goes_on_with_the_changes(self, store: Store[V]) -> None:
        empty = store.changes().position
        self.fill(store, self.make_keys(self.many))
        position = list(store.changes(empty))[-1].position
        before = dict(store.scan_tags())
        store["k00007"] = self.values.of(70)
        store["new"] = self.values.of(71)
        del store["k00009"]
        del store["k00011"]
        store["k00011"] = self.values.of(72)
        store["brief"] = self.values.of(73)
        del store["brief"]
        changed = {change.key: change.tag for change in store.changes(position)}
        now = dict(store.scan_tags())
        differing = {key for key in before | now if before.get(key) != now.get(key)}
        assert differing <= set(changed) <= differing | {"brief"}
        assert changed == {key: now.get(key, ABSENT) for key in changed}

    @with_feed
    def test_a_feed_without_changes_is_empty(self, store: Store[V]) -> None:
        position = store.changes().position
        assert list(store.changes(position)) == []
        self.fill(store, ["a", "b"])
        store.discard("b")
        changes = store.changes(position)
        assert len(list(changes)) >= 1
        for _ in range(2):
            after = store.changes(changes.position)
            assert list(after) == []
            changes = after
        skipped = store.changes()
        position = skipped.skip()
        assert [position, list(skipped), list(store.changes(position))] == [skipped.position, [], []]
        store["a"] = self.values.of(7)
        assert [change.key for change in store.changes(position)] == ["a"]

    @with_feed
    def test_every_operation_is_told(self, store: Store[V]) -> None:
        follower = Follower()
        for operation in self._operations(store):
            store.set_many((key, self.values.of(number)) for number, key in enumerate("abcd"))
            self.expect_equal(follower, store)
            operation()
            self.expect_equal(follower, store)

    def _operations(self, store: Store[V]) -> Iterator[Callable[[], object]]:
        value = self.values.of(7)
        yield lambda: store.__setitem__("a", value)
        yield lambda: store.update({"a": value, "x": value})
        yield lambda: store.__delitem__("a")
        yield lambda: store.discard("b")
        yield lambda: store.delete_many(["a", "c", "x"])
        yield lambda: store.delete_prefix("b")
        yield lambda: store.clear()
        if Feature.SWAP in store.features:
            yield lambda: store.swap("a", value, store.tag("a"))
            yield lambda: store.modify("b", lambda held: held)
            yield lambda: store.setdefault("y", value)
        if Feature.REMOVE in store.features:
            yield lambda: store.remove("a", store.tag("a"))
            yield lambda: (store.pop("b"), store.popitem())
        if Feature.ATOMIC in store.features:
            yield lambda: store.transact([Put("a", value), Delete("b"), Put("z", value)])

    @with_feed
    def test_a_follower_goes_on_after_any_change(self, store: Store[V]) -> None:
        self.fill(store, self.make_keys(9))
        for most in range(1, 9):
            follower = Follower()
            follower.follow(store, most)
            store[f"k{most:05}"] = self.values.of(most)
            store.discard(f"k{most - 1:05}")
            store["k00000"] = self.values.of(100 + most)
            self.expect_equal(follower, store)

    @with_feed
    def test_a_prefix_selects_the_changes_of_its_keys(self, store: Store[V]) -> None:
        self.fill(store, ["a", "a/1", "a/2", "ab", "b"])
        follower = Follower("a/")
        self.expect_equal(follower, store)
        store["b"] = self.values.of(7)
        assert follower.follow(store) == 0
        store["a/3"] = self.values.of(8)
        del store["a/1"]
        del store["ab"]
        assert {change.key for change in store.changes(follower.position, prefix="a/")} == {"a/1", "a/3"}
        self.expect_equal(follower, store)

    @with_feed
    def test_reserved_keys_do_not_appear(self, store: Store[V]) -> None:
        position = store.changes().position
        raw = store.raw()
        raw[".holdall/manifest"] = b"1"
        raw["a/.holdall/history/1"] = b"1"
        del raw["a/.holdall/history/1"]
        assert list(store.changes()) == []
        assert list(store.changes(position)) == list(store.changes(position, prefix="a/.holdall/")) == []
        if Feature.CHANGES in raw.features:
            assert ".holdall/manifest" in {change.key for change in raw.changes()}

    @with_feed
    def test_a_feed_ends_while_another_writes(self, store: Store[V]) -> None:
        self.fill(store, self.make_keys(5))
        for number, change in enumerate(store.changes()):
            assert number < 100
            store[change.key] = self.values.of(number)
            store[f"more{number}"] = self.values.of(number)

    @with_feed
    def test_a_write_in_the_midst_of_which_another_follows(self, store: Store[V]) -> None:
        self._interleave(store, lambda turn: store.__setitem__(f"w{turn}", self.values.of(turn)))

    @with_feed
    def test_a_delete_in_the_midst_of_which_another_follows(self, store: Store[V]) -> None:
        self.fill(store, [f"w{turn}" for turn in range(self.points + 1)])
        self._interleave(store, lambda turn: store.discard(f"w{turn}"))

    def _interleave(self, store: Store[V], write: Callable[[int], object]) -> None:
        follower = Follower()

        def look(turn: int) -> None:
            store[f"other{turn}"] = self.values.of(turn)
            follower.follow(store)

        for _, first, second in interleave(write, look, min(self.points, TIMES)):
            first.result()
            second.result()
            self.expect_equal(follower, store)

    @with_feed
    def test_a_text_that_is_not_a_position_is_refused(self, store: Store[V]) -> None:
        store["a"] = self.values.of(1)
        for wrong in ("", "now", "../1", "a.1\n", "a.٣", "a." + "9" * 400):
            with pytest.raises(InvalidPosition):
                store.changes(wrong)
        with pytest.raises(TypeError):
            store.changes(7)  # type: ignore[arg-type]  # this tests the wrong type

    def test_a_position_of_another_store_is_refused(self, open_store: Callable[[], Store[V]]) -> None:
        with open_store() as store, open_store() as other:
            if Feature.CHANGES not in store.features:
                return
            self.fill(store, ["a", "b"])
            position = list(store.changes())[-1].position
            other["a"] = self.values.of(1)
            other["b"] = self.values.of(1)
            other["c"] = self.values.of(1)
            for wrong in (position, "0.0", "0.1", "1.2.3.4"):
                with pytest.raises(Expired):
                    other.changes(wrong)

    @with_feed
    def test_a_position_survives_a_restart(self, store: Store[V]) -> None:
        if Feature.SHARED not in store.features:
            return
        self.fill(store, ["a", "b", "c"])
        follower = Follower()
        follower.follow(store)
        del store["a"]
        store["b"] = self.values.of(8)
        reopened = pickle.dumps(store)
        store.close()
        with pickle.loads(reopened) as other:
            assert follower.follow(other) == 2
            other["d"] = self.values.of(9)
            self.expect_equal(follower, other)

    @with_feed
    def test_a_position_does_not_survive_a_restored_backup(self, store: Store[V]) -> None:
        self.fill(store, ["a", "b"])
        early = list(store.changes())[-1].position
        restore = self.back_up(store)
        if restore is None:
            return
        for number in range(4):
            store["b"] = self.values.of(number)
        late = [change.position for change in store.changes(early)][-1]
        with restore() as restored:
            with pytest.raises(Expired):
                restored.changes(late)
            for number in range(9):
                restored["c"] = self.values.of(number)
                with pytest.raises(Expired):
                    restored.changes(late)
            assert {change.key for change in restored.changes(early)} == {"c"}

    @with_feed
    def test_a_backup_from_the_midst_of_a_feed_is_noticed(self, store: Store[V]) -> None:
        self.fill(store, ["a", "b", "x"])
        early = list(store.changes())[-1].position
        store["x"] = self.values.of(7)
        begun = [store.changes(), store.changes(early)]
        restore = self.back_up(store)
        if restore is None:
            return
        del store["x"]
        told = [({change.key for change in changes}, changes.position) for changes in begun]
        with restore() as restored:
            restored["c"] = self.values.of(8)
            for keys, position in told:
                with suppress(Expired):
                    assert "x" in keys | {change.key for change in restored.changes(position)}

    @with_feed
    def test_a_follower_misses_nothing_of_several_threads(self, store: Store[V]) -> None:
        follower = Follower()
        with ThreadPoolExecutor(2) as pool:
            writers = [pool.submit(_write, store, self.values.of, name) for name in "ab"]
            while wait(writers, 0.001).not_done:
                follower.follow(store, 5)  # the rest is dropped
                follower.follow(store)
        for writer in writers:
            writer.result()
        self.expect_equal(follower, store)

    @with_feed
    def test_a_follower_misses_nothing_of_another_process(self, store: Store[V]) -> None:
        if Feature.SHARED not in store.features:
            return
        follower = Follower()
        follower.follow(store)
        assert follower.position is not None
        with child(_write, store, self.values.of, "c") as other, ThreadPoolExecutor(1) as pool:
            assert store.watch(follower.position, timeout=processes.PATIENCE)
            thread = pool.submit(_write, store, self.values.of, "d")
            while other.is_alive() or not thread.done():
                follower.follow(store, 5)
                follower.follow(store)
                store.watch(follower.position, timeout=0.05)
        thread.result()
        self.expect_equal(follower, store)

    @with_feed
    def test_watch_tells_whether_there_is_a_change(self, store: Store[V]) -> None:
        store["a"] = self.values.of(1)
        position = store.changes().position
        assert store.watch(position, timeout=0)
        position = list(store.changes())[-1].position
        assert not store.watch(position, timeout=0)
        store["b"] = self.values.of(2)
        assert not store.watch(position, prefix="a", timeout=0)
        assert store.watch(position)
        with pytest.raises(InvalidPosition):
            store.watch("now", timeout=0)

    @with_feed
    def test_watch_wakes_for_a_write(self, store: Store[V]) -> None:
        store["a"] = self.values.of(1)
        for write in (lambda: store.__setitem__("b", self.values.of(2)), lambda: store.__delitem__("b")):
            position = list(store.changes())[-1].position
            timer = threading.Timer(0.01, write)
            timer.start()
            assert store.watch(position, timeout=PATIENCE)
            timer.join()

    @with_feed
    def test_close_ends_a_watch(self, store: Store[V]) -> None:
        store["a"] = self.values.of(1)
        position = list(store.changes())[-1].position
        with ThreadPoolExecutor(1) as pool:
            watching = pool.submit(store.watch, position)
            pause = 0.02  # the watch may begin after the first close, so close again and again
            while not wait([watching], pause).done and pause < PATIENCE:
                store.close()
                pause *= 2
            if not watching.done():
                store["b"] = self.values.of(2)  # else a wrong store would watch for ever
        assert not watching.result()

    def test_a_follower_and_a_store_stay_equal(self, open_store: Callable[[], Store[V]]) -> None:
        with open_store() as store:
            has_feed = Feature.CHANGES in store.features
        if not has_feed:
            return

        values = self.values

        class Machine(FeedMachine):
            def __init__(self) -> None:
                super().__init__(open_store, values)

        every: Any = list(HealthCheck)  # type checkers do not see that its metaclass can be iterated
        few = settings(max_examples=4, stateful_step_count=15, deadline=None, suppress_health_check=every)
        run_state_machine_as_test(Machine, settings=few)


def _write(store: Store[Any], of: Callable[[int], Any], name: str) -> None:
    for number in range(TIMES):  # each key is written and deleted once: no later change tells a missed one
        store[f"{name}/{number}"] = of(number)
        store.discard(f"{name}/{number - 3}")
        time.sleep(0.001)  # let the follower come in between
