"""The protocol of one way to keep groups up to date, and of the groups that it changes.

A document contributes an item to each of its groups. The index remembers a trace of each item, so that it knows
which items a changed document replaces. Items and traces are lists.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from holdall.query.collation import Place
from holdall.query.views.root import Root
from holdall.query.views.tree import Summary, Tree


class Group(Protocol):
    """A group, as the index keeps it."""

    place: Place
    state: Any
    """The state of the upkeep, or None for a new group. It is packed as MessagePack without tags."""

    @property
    def members(self) -> Tree:
        """The documents of the group."""
        ...

    def tree(self, root: Root) -> Tree:
        """Return another tree of the same index."""
        ...


class Upkeep(Protocol):
    """One way to keep groups up to date."""

    ordered: bool
    """Whether each value is a pair of its number in the document and itself."""

    def items(self, values: Mapping[str, list[Any]]) -> Mapping[str, list[Any]]:
        """Return the items of a document, made of its ``values`` by group. Raises InvalidQuery for wrong ones."""
        ...

    def dump(self, items: Mapping[str, list[Any]]) -> bytes:
        """Return the traces of ``items``, packed. If an item changes, its trace changes."""
        ...

    def load(self, dumped: bytes) -> dict[str, list[Any]]:
        """Return the traces that `dump` packed."""
        ...

    def is_same(self, item: list[Any], trace: list[Any]) -> bool:
        """Return whether ``trace`` is that of ``item``. If that is not known, return False."""
        ...

    def member(self, item: list[Any]) -> Any:
        """Return the value of the document in the tree of the members of the group."""
        ...

    def summary(self, place: Place) -> Summary | None:
        """Return the summary of the members of the group at ``place``."""
        ...

    def change(self, group: Group, old: list[Any], new: list[Any]) -> None:
        """Change the state of ``group``: ``old`` are all former traces, and ``new`` all new items, joined."""
        ...

    def result(self, groups: Sequence[Group]) -> Any:
        """Return the value of the row that ``groups`` make together."""
        ...
