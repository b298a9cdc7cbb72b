"""The root of a tree, as the head or a group keeps it.

root = [height, slot, stamp, count, partial], or for a small tree [0, keys, values, count, partial]
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, Self

from holdall.query.views.nodes import Address, Node, Nodes


class Root(NamedTuple):
    """The root of a tree. ``node`` is the root itself if it has no row of its own."""

    height: int = 0
    slot: str | None = None
    stamp: bytes | None = None
    count: int = 0  # type: ignore[assignment]  # a tuple's method of this name is not needed
    partial: bytes | None = None
    node: Node | None = Node([], [])

    def top(self, nodes: Nodes) -> Node:
        """Return the root itself, which is one of ``nodes`` unless it has no row of its own."""
        return self.node or nodes.read(Address(self.slot or "", self.stamp))

    def dump(self) -> list[Any]:
        """Return the root as a list for MessagePack."""
        return list(self)

    @classmethod
    def load(cls, dumped: Sequence[Any]) -> Self:
        """Return the root that `dump` returned."""
        height, slot, stamp, count, partial, node = dumped
        return cls(height, slot, stamp, count, partial, node and Node(*node))


EMPTY: Final = Root()
