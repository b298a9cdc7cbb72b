"""A table on a store with transactions: one row for each name, and one for the head.

key = "head" / "n/" name      relative to the part of the store that belongs to the table
"""

from collections.abc import Iterable, Mapping
from typing import Final

from holdall.query.views.table import Head
from holdall.store import ABSENT, Delete, Expect, Operation, Put, Store, Tag

_HEAD: Final = "head"
_NAMES: Final = "n/"


class RowTable:
    """A `Table` in ``raw``, a store of bytes that has ATOMIC and is the table's own, such as a `Store.raw`.

    >>> from holdall import Memory
    >>> table = RowTable(Memory())
    >>> table.commit({"a1": b"node"}, b"first", None)
    >>> table.head().data, table.get_many(["a1", "a2"])
    (b'first', {'a1': b'node'})
    """

    def __init__(self, raw: Store[bytes]) -> None:
        self._raw = raw

    def head(self) -> Head | None:
        try:
            return Head(*self._raw.get_tagged(_HEAD))
        except KeyError:
            return None

    def get_many(self, names: Iterable[str], /) -> dict[str, bytes]:
        found = self._raw.get_many([_NAMES + name for name in names])
        return {key.removeprefix(_NAMES): value for key, value in found}

    def commit(self, changes: Mapping[str, bytes | None], data: bytes, expected: Head | None) -> None:
        tag = ABSENT if expected is None else Tag(str(expected.token))
        operations: list[Operation[bytes]] = [Expect(_HEAD, tag), Put(_HEAD, data)]
        for name, value in changes.items():
            key = _NAMES + name
            operations.append(Delete(key) if value is None else Put(key, value))
        self._raw.transact(operations)

    def drop(self) -> None:
        """Delete everything of this table, the head first, so that no reader takes it for a whole table."""
        self._raw.discard(_HEAD)
        self._raw.clear()
