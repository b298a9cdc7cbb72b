"""A table on a store with transactions: one row for each name, and one for the head.

key = "head" / "n/" name      relative to the part of the store that belongs to the table
"""

import time
from collections.abc import Iterable, Mapping
from typing import Final

from holdall.errors import Conflict
from holdall.query.views.table import Head
from holdall.store import ABSENT, ATTEMPTS, Delete, Expect, Operation, Put, Store, Tag, pause

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
            data, tag = self._raw.get_tagged(_HEAD)
        except KeyError:
            return None
        return Head(data, tag)

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
        """Delete everything of this table.

        It deletes the rows that it listed under the head that it deletes, because another process may begin
        the table again in the meantime.
        """
        for attempt in range(ATTEMPTS):
            tag = self._raw.tag(_HEAD)
            rows = list(self._raw.scan(_NAMES))
            try:
                self._raw.transact([Expect(_HEAD, tag), Delete(_HEAD)])
            except Conflict:
                time.sleep(pause(attempt))
                continue
            self._raw.delete_many(rows)
            return
        raise Conflict(f"the view was refreshed {ATTEMPTS} times while it was deleted; try again")
