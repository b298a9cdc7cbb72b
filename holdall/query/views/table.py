"""The protocol of a table: named values that change all at once, under one head.

Each generation of a view has a table of its own. A table is not a snapshot: while a reader reads the names that
a head refers to, another process may commit. So a value carries a stamp where a reader needs one state, and a
reader that meets a missing name or another stamp begins again with the new head.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol


class Head(NamedTuple):
    """The bytes of a head, and the token that `Table.commit` compares; only the table that made it reads it."""

    data: bytes
    token: object


class Table(Protocol):
    """Named values and one head, in a part of a store that belongs to this table alone."""

    def head(self) -> Head | None:
        """Return the newest head, or None if nothing was committed yet."""
        ...

    def get_many(self, names: Iterable[str], /) -> dict[str, bytes]:
        """Return the values of those of ``names`` that exist, by name.

        Each value is the newest one, or the one as of the newest head that this table returned or a later one.
        """
        ...

    def commit(self, changes: Mapping[str, bytes | None], data: bytes, expected: Head | None) -> None:
        """Put and delete (None) the names of ``changes``, and make ``data`` the head: all of it or nothing.

        Names match ``[0-9a-z]{1,24}``, and may be put again. ``expected`` is the head that the changes were
        made from, or None for the first commit. Raises Conflict and changes nothing if the head is another
        one now. After any other error, the commit may or may not have happened, but never in part.
        """
        ...

    def drop(self) -> None:
        """Delete everything of this table. If it is interrupted, call it again."""
        ...
