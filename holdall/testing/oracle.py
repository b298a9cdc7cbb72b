"""The expected content of a store: a dict, and the state of a key that each remembered tag named."""

from typing import Any, Generic, NamedTuple, TypeVar

from holdall.store import ABSENT, Tag
from holdall.testing.keyspace import between

V = TypeVar("V")


class Seen(NamedTuple, Generic[V]):
    """A tag that was read for a key, the write that made it, and its value (None for ABSENT)."""

    key: str
    tag: Tag
    write: int
    value: V | None


class Oracle(Generic[V]):
    """A dict that knows which write each value came from.

    >>> oracle = Oracle()
    >>> oracle.put("b", 1), oracle.put("a", 2), oracle.scan()
    (None, None, ['a', 'b'])
    """

    def __init__(self) -> None:
        self.held: dict[str, V] = {}
        self._writes: dict[str, int] = {}
        self._count = 0

    def put(self, key: str, value: V) -> None:
        self._count += 1
        self.held[key] = value
        self._writes[key] = self._count

    def delete(self, key: str) -> None:
        self.held.pop(key, None)
        self._writes.pop(key, None)

    def clear(self) -> None:
        self.held.clear()
        self._writes.clear()

    def scan(self, prefix: str = "", start: str = "", stop: str | None = None) -> list[str]:
        return between(self.held, prefix, start, stop)

    def items(self, *bounds: Any) -> list[tuple[str, V]]:
        return [(key, self.held[key]) for key in self.scan(*bounds)]

    def snapshot(self, key: str, tag: Tag) -> Seen[V]:
        """Return a record of the current state of ``key``, whose tag is ``tag``."""
        return Seen(key, tag, self._writes.get(key, 0), self.held.get(key))

    def is_as(self, seen: Seen[V]) -> bool:
        """Return whether the key was not written since ``seen`` was made."""
        return self._writes.get(seen.key, 0) == seen.write

    def looks_as(self, seen: Seen[V]) -> bool:
        """Return whether the key has the same value as in ``seen``. A tag that is a hash shows only this."""
        if seen.tag == ABSENT:
            return seen.key not in self.held
        return seen.key in self.held and self.held[seen.key] == seen.value
