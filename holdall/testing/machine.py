"""Compares a store with a dict, by every operation that the features of the store promise."""

import pickle
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, precondition, rule

from holdall.errors import Conflict
from holdall.store import ABSENT, Change, Delete, Expect, Feature, Put, Store, Tag
from holdall.testing.keyspace import near_keys
from holdall.testing.mapping_machine import MappingMachine
from holdall.testing.oracle import Seen
from holdall.testing.values import BYTES, Values

R = TypeVar("R", bound=Callable[..., Any])

_keys = near_keys()
_numbers = st.integers(0, 9)


def _requires(feature: Feature) -> Callable[[R], R]:
    """Return a decorator: the rule runs only if the store promises ``feature``."""
    return precondition(lambda machine: feature in machine.store.features)


class StoreMachine(MappingMachine):
    """A `MappingMachine` with tags: it also swaps, removes and transacts by remembered tags, fresh and stale.

    ``open_store`` returns a new and empty store. ``values`` converts the numbers that are written to it.

    >>> from holdall import Memory
    >>> from hypothesis.stateful import run_state_machine_as_test
    >>> run_state_machine_as_test(lambda: StoreMachine(Memory))
    """

    remembered = Bundle("remembered")

    def __init__(self, open_store: Callable[[], Store[Any]], values: Values[Any] = BYTES) -> None:
        super().__init__(open_store, values)
        self.issued: dict[tuple[str, Tag], Seen[int]] = {}

    def remember(self, key: str, tag: Tag) -> Seen[int]:
        """Return the state that ``tag`` names now. The same tag must not have named another state before."""
        seen = self.oracle.snapshot(key, tag)
        named = self.issued.setdefault((key, tag), seen)
        if tag != ABSENT:
            assert named == seen if Feature.UNIQUE_TAGS in self.store.features else named.value == seen.value
        return seen

    def settle(self, call: Callable[[], object], *expected: Seen[int]) -> bool:
        """Return whether a call that ``expected`` these states won.

        The call must win if all of these states are current, and must lose otherwise. Without UNIQUE_TAGS, it may
        also win if the keys have their old values again.
        """
        try:
            call()
        except Conflict:
            assert not all(map(self.oracle.is_as, expected)), "a conflict, but nothing was written in between"
            return False
        told = self.oracle.is_as if Feature.UNIQUE_TAGS in self.store.features else self.oracle.looks_as
        assert all(map(told, expected)), "a stale tag won"
        return True

    @_requires(Feature.TAGS)
    @rule(target=remembered, key=_keys)
    def read_tag(self, key: str) -> Seen[int]:
        if key not in self.oracle.held:
            return self.remember(key, self.store.tag(key))
        value, tag = self.store.get_tagged(key)
        assert self.store.tag(key) == tag
        assert self.values.number(value) == self.oracle.held[key]
        return self.remember(key, tag)

    @_requires(Feature.TAGS)
    @rule()
    def scan_tags(self) -> None:
        tags = list(self.store.scan_tags())
        assert [key for key, _ in tags] == self.oracle.scan()
        for key, tag in tags:
            self.remember(key, tag)

    @_requires(Feature.SWAP)
    @rule(target=remembered, seen=remembered, number=_numbers)
    def swap(self, seen: Seen[int], number: int) -> Seen[int]:
        tags = []
        if self.settle(
            lambda: tags.append(self.store.swap(seen.key, self.values.of(number), seen.tag)), seen
        ):
            self.oracle.put(seen.key, number)
            return self.remember(seen.key, tags[0])
        return seen

    @_requires(Feature.REMOVE)
    @rule(seen=remembered)
    def remove(self, seen: Seen[int]) -> None:
        if seen.tag == ABSENT:
            with pytest.raises(Conflict):
                self.store.remove(seen.key, ABSENT)
        elif self.settle(lambda: self.store.remove(seen.key, seen.tag), seen):
            self.oracle.delete(seen.key)

    @_requires(Feature.SWAP)
    @rule(key=_keys, number=_numbers)
    def modify(self, key: str, number: int) -> None:
        expected = self.oracle.held.get(key, number) + 1
        value = self.store.modify(key, self._next, default=self.values.of(number))
        assert self.values.number(value) == expected
        self.oracle.put(key, expected)

    def _next(self, value: Any) -> Any:
        return self.values.of(self.values.number(value) + 1)

    @_requires(Feature.SWAP)
    @rule(key=_keys, number=_numbers)
    def setdefault(self, key: str, number: int) -> None:
        if key not in self.oracle.held:
            self.oracle.put(key, number)
        value = self.store.setdefault(key, self.values.of(number))
        assert self.values.number(value) == self.oracle.held[key]

    @_requires(Feature.REMOVE)
    @rule(key=_keys)
    def pop(self, key: str) -> None:
        found = self.store.pop(key, None)
        assert (None if found is None else self.values.number(found)) == self.oracle.held.get(key)
        self.oracle.delete(key)

    @_requires(Feature.REMOVE)
    @rule()
    def popitem(self) -> None:
        if self.oracle.held:
            popped = self.store.popitem()
            assert self.numbers([popped]) == self.oracle.items()[:1]
            self.oracle.delete(popped[0])

    @_requires(Feature.ATOMIC)
    @rule(
        seen=st.lists(remembered, max_size=3),
        changes=st.lists(st.builds(Put, _keys, _numbers) | st.builds(Delete, _keys), max_size=4),
    )
    def transact(self, seen: list[Seen[int]], changes: list[Put[int] | Delete]) -> None:
        expectations: list[Change[Any]] = [Expect(one.key, one.tag) for one in seen]
        written = [
            Put(change.key, self.values.of(change.value)) if isinstance(change, Put) else change
            for change in changes
        ]
        if self.settle(lambda: self.store.transact([*written, *expectations]), *seen):
            for change in changes:
                if isinstance(change, Put):
                    self.oracle.put(change.key, change.value)
                else:
                    self.oracle.delete(change.key)

    @_requires(Feature.SHARED)
    @rule()
    def reopen(self) -> None:
        with self.store as store:
            self.store = pickle.loads(pickle.dumps(store))
