"""Compares a store with a dict, by the operations that every store has. The two must stay equal."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from holdall.store import Store
from holdall.testing.keyspace import near_keys, spans
from holdall.testing.oracle import Oracle
from holdall.testing.values import BYTES, Values

_keys = near_keys()
_many_keys = st.lists(_keys, max_size=6)


class MappingMachine(RuleBasedStateMachine):
    """Random operations on a new store from ``open_store()``, which is compared with an `Oracle` after each.

    >>> from holdall import Memory
    >>> machine = MappingMachine(Memory)
    >>> machine.set("a", 1)
    >>> machine.equal()
    """

    def __init__(self, open_store: Callable[[], Store[Any]], values: Values[Any] = BYTES) -> None:
        super().__init__()
        self.store = open_store()
        self.values = values
        self.oracle: Oracle[int] = Oracle()

    @initialize()
    def begin(self) -> None:
        """Write a reserved key among the user's keys. It must still exist at the end."""
        self.store.raw("a/.holdall/")["record"] = b"record"

    def teardown(self) -> None:
        assert list(self.store.raw("a/.holdall/").items()) == [("record", b"record")]
        self.store.close()

    def numbers(self, items: Any) -> list[tuple[str, int]]:
        return [(key, self.values.number(value)) for key, value in items]

    @invariant()
    def equal(self) -> None:
        assert self.numbers(self.store.scan_items()) == self.oracle.items()

    @rule(key=_keys, number=st.integers(0, 9))
    def set(self, key: str, number: int) -> None:
        self.store[key] = self.values.of(number)
        self.oracle.put(key, number)

    @rule(key=_keys)
    def get(self, key: str) -> None:
        assert (key in self.store) == (key in self.oracle.held)
        found = self.store.get(key)
        assert (None if found is None else self.values.number(found)) == self.oracle.held.get(key)

    @rule(key=_keys)
    def delete(self, key: str) -> None:
        if key in self.oracle.held:
            del self.store[key]
        else:
            with pytest.raises(KeyError):
                del self.store[key]
        self.oracle.delete(key)

    @rule(items=st.lists(st.tuples(_keys, st.integers(0, 9)), max_size=6))
    def set_many(self, items: list[tuple[str, int]]) -> None:
        self.store.set_many((key, self.values.of(number)) for key, number in items)
        for key, number in items:
            self.oracle.put(key, number)

    @rule(keys=_many_keys)
    def get_many(self, keys: list[str]) -> None:
        expected = [(key, self.oracle.held[key]) for key in keys if key in self.oracle.held]
        assert self.numbers(self.store.get_many(keys)) == expected

    @rule(keys=_many_keys)
    def delete_many(self, keys: list[str]) -> None:
        self.store.delete_many(keys)
        for key in keys:
            self.oracle.delete(key)

    @rule()
    def clear(self) -> None:
        self.store.clear()
        self.oracle.clear()
        assert not self.store

    @rule(span=spans())
    def scan(self, span: tuple[str, str, str | None]) -> None:
        prefix, start, stop = span
        expected = self.oracle.items(prefix, start, stop)
        assert self.numbers(self.store.scan_items(prefix, start=start, stop=stop)) == expected
        assert list(self.store.scan(prefix, start=start, stop=stop)) == [key for key, _ in expected]
