"""Rewrites the nodes of one level of a tree that a batch of changes touches."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from itertools import pairwise
from typing import Any, TypeAlias

from holdall.query.views.editing import Changes, Edited, edit, ends_of
from holdall.query.views.nodes import Address, Node, Nodes
from holdall.query.views.root import Root

Write: TypeAlias = Callable[[str | None, int, Node], list[Any]]
"""Writes a node of a level into a slot, or into a new one, and returns its value in the level above."""


class Run:
    """A run of neighbouring nodes of ``level`` that change together, from the node where ``key`` belongs on.

    A node ends after each key with so many ``zeros`` (see `ends_of`). ``above`` are the changes of the level above.
    """

    def __init__(self, nodes: Nodes, root: Root, write: Write, level: int, zeros: int, key: str) -> None:
        self.above: dict[str, Any] = {}
        self._nodes = nodes
        self._put = write
        self._level = level
        self._zeros = zeros
        self._path: list[tuple[Node, int]] = []  # the nodes above, and the index of the next node below each
        self._keys: list[str] = []  # those that are not yet written
        self._values: list[Any] = []
        self._spare: list[str] = []  # slots of the nodes that the run replaces
        self._before: dict[str, list[Any]] = {}  # the values of these nodes in the level above
        self._value: list[Any] = list(root[1:5])
        self._node = root.top(nodes)
        while root.height - len(self._path) > level:
            index = min(bisect_left(self._node.keys, key), len(self._node.keys) - 1)
            self._descend(self._node, index)

    def _descend(self, node: Node, index: int) -> None:
        self._path.append((node, index))
        self._value = node.values[index]
        self._node = self._nodes.read(Address(*self._value[:2]))

    def _next(self) -> None:
        depth = len(self._path)
        while True:
            node, index = self._path.pop()
            if index + 1 < len(node.keys):
                break
        self._descend(node, index + 1)
        while len(self._path) < depth:
            self._descend(self._node, 0)

    def apply(self, changes: Changes, done: int) -> int:
        """Apply ``changes`` from number ``done`` on, and return the number of the first that is left."""
        while True:
            more = any(index + 1 < len(node.keys) for node, index in self._path)
            end = bisect_right(changes.keys, self._node.keys[-1], done) if more else len(changes.keys)
            self._take(Node(changes.keys[done:end], changes.values[done:end]))
            done = end
            if not (more and self._keys):
                break
            self._next()
        self._finish()
        return done

    def _take(self, changes: Changes) -> None:
        """Add the keys of the node to those that are not yet written, with ``changes``. Write full nodes."""
        old = self._node
        edited = edit(old, changes, self._zeros)
        if edited is None:
            if not self._keys:
                return
            edited = Edited(old, ends_of(old.keys, old.keys[-1:], self._zeros))
        if old.keys:
            self._before[old.keys[-1]] = self._value
            self.above[old.keys[-1]] = None
        if self._value[0] is not None:
            self._spare.append(self._value[0])
        ends = [0, *(len(self._keys) + end for end in edited.ends)]
        self._keys += edited.node.keys
        self._values += edited.node.values
        for low, high in pairwise(ends):
            self._write(Node(self._keys[low:high], self._values[low:high]))
        del self._keys[: ends[-1]], self._values[: ends[-1]]

    def _finish(self) -> None:
        if self._keys:
            self._write(Node(self._keys, self._values))
        for key, value in self._before.items():
            if self.above[key] == value:
                del self.above[key]
        for slot in self._spare:
            self._nodes.free(slot)

    def _write(self, node: Node) -> None:
        slot = self._spare.pop(0) if self._spare else None
        self.above[node.keys[-1]] = self._put(slot, self._level, node)
