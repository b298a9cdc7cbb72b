"""A consumer of a change feed, and a state machine that drops it at any point."""

from collections.abc import Callable
from itertools import islice
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from holdall.store import ABSENT, Feature, Put, Store, Tag
from holdall.testing.values import BYTES, Values

_keys = st.sampled_from(["a", "a/b", "a/c", "b", "é", "z"])


class Follower:
    """Applies a feed to a dict of tags, and goes on from its position.

    >>> from holdall import Memory
    >>> store, follower = Memory(), Follower()
    >>> store["a"] = b"1"
    >>> follower.follow(store), follower.held
    (1, {'a': '1'})
    """

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix
        self.held: dict[str, Tag] = {}
        self.position: str | None = None

    def follow(self, store: Store[Any], most: int | None = None) -> int:
        """Apply all changes, or the first ``most``, and return how many came."""
        changes = store.changes(self.position, prefix=self.prefix)
        count = 0
        for change in islice(changes, most):
            count += 1
            if change.tag == ABSENT:
                self.held.pop(change.key, None)
            else:
                self.held[change.key] = change.tag
            self.position = change.position
        if most is None or count < most:
            self.position = changes.position
        return count


class FeedMachine(RuleBasedStateMachine):
    """Random writes to a new store from ``open_store()``, and a follower that is dropped after any change."""

    def __init__(self, open_store: Callable[[], Store[Any]], values: Values[Any] = BYTES) -> None:
        super().__init__()
        self.store = open_store()
        self.values = values
        self.follower = Follower()

    def teardown(self) -> None:
        self.store.close()

    @rule(key=_keys, number=st.integers(0, 9))
    def set(self, key: str, number: int) -> None:
        self.store[key] = self.values.of(number)

    @rule(key=_keys)
    def discard(self, key: str) -> None:
        self.store.discard(key)

    @rule(keys=st.lists(_keys), number=st.integers(0, 9))
    def write_many(self, keys: list[str], number: int) -> None:
        self.store.set_many((key, self.values.of(number)) for key in keys)

    @rule(keys=st.lists(_keys))
    def delete_many(self, keys: list[str]) -> None:
        self.store.delete_many(keys)

    @rule(key=_keys, number=st.integers(0, 9))
    def swap(self, key: str, number: int) -> None:
        if Feature.SWAP in self.store.features:
            self.store.swap(key, self.values.of(number), self.store.tag(key))

    @rule(key=_keys, number=st.integers(0, 9))
    def transact(self, key: str, number: int) -> None:
        if Feature.ATOMIC in self.store.features:
            self.store.transact([Put(key, self.values.of(number))])

    @rule()
    def clear(self) -> None:
        self.store.clear()

    @rule(most=st.integers(1, 4))
    def follow_some(self, most: int) -> None:
        self.follower.follow(self.store, most)

    @rule()
    def begin_again(self) -> None:
        self.follower = Follower()

    @invariant()
    def arrive(self) -> None:
        """Go on from the last position to the end, with a copy of the follower, and compare."""
        other = Follower()
        other.held, other.position = dict(self.follower.held), self.follower.position
        other.follow(self.store)
        assert other.held == dict(self.store.scan_tags())
