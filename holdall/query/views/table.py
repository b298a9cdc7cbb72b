"""The protocol of a table: named values that change all at once, under one head.

A view keeps each of its generations in a table of its own. The head says which names are in use. A name is
made once, at random: while it exists its bytes never change, and after its deletion it is never used again.
So a reader that finds all names of a head has read one consistent state. If a name is missing, the head that
named it is old, and the reader begins again with a new head.
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
        """Return the values of those of ``names`` that exist, by name."""
        ...

    def commit(self, changes: Mapping[str, bytes | None], data: bytes, expected: Head | None) -> None:
        r"""Put and delete (None) the names of ``changes``, and make ``data`` the head: all of it or nothing.

        Names match ``[0-9a-z]{1,24}(\.[0-9a-z]{1,8})?``. ``expected`` is the head that the changes were made
        from, or None for the first commit. Raises Conflict and changes nothing if the head is another one
        now. After any other error, the commit may or may not have happened, but never in part.
        """
        ...

    def drop(self) -> None:
        """Delete everything of this table. If it is interrupted, call it again."""
        ...
