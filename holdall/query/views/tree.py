"""An ordered map from text to values, in nodes that a hash of the keys divides.

    leaf  = keys and their values
    inner = the last key of each node below it, and for each [slot, stamp, count, partial]

A node ends after each key whose hash says so: a leaf after one key in 64, a node of the next level after one
in 64 * 64, and so on. In a tree without counts, 16 takes the place of 64. So the same content makes the same
nodes, whatever its history, and a change of one key changes only the node of this key and the nodes above it.
With a summary, each inner node has the partial of each node below it, merged in the order of the keys. So the
partial of all values is known after each change, without reading them again, also if no step of the reducer
can be undone.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final, Protocol

from holdall.batches import split_growing
from holdall.query.views.editing import Changes, ends_of, order
from holdall.query.views.nodes import Address, Node, Nodes, size
from holdall.query.views.root import EMPTY, Root
from holdall.query.views.run import Run

_BITS: Final = 6  # 2 ** 6 keys in a node, on average
_FEW: Final = 4  # of a tree without counts
_SMALL: Final = 256  # bytes of a leaf that needs no row of its own
_BATCH: Final = 64  # nodes that a scan reads at once, at most


class Summary(Protocol):
    """Makes the partials of a tree, as packed bytes."""

    def fold(self, values: Sequence[Any], /) -> bytes:
        """Return the partial of the values of a leaf."""
        ...

    def merge(self, partials: Sequence[bytes], /) -> bytes:
        """Return the partial of several partials, in their order."""
        ...


class Tree:
    """The tree at ``root``. `update` changes it; ``root`` is then the new root.

    If ``counts`` is false, an inner node has neither stamps nor counts of the nodes below it. Then a change of
    a leaf changes no other node, and nodes are smaller, because few of them are written for each change.
    Only a process that commits the nodes that it has read may read such a tree, because only the commit finds
    out whether the nodes belonged together.
    """

    def __init__(
        self, nodes: Nodes, root: Root = EMPTY, summary: Summary | None = None, *, counts: bool = True
    ) -> None:
        self.root = root
        self._nodes = nodes
        self._summary = summary
        self._counts = counts

    # ---- Reading -------------------------------------------------------------------------------

    def get_many(self, keys: Sequence[str]) -> dict[str, Any]:
        """Return the values of those of ``keys``, which are sorted, that exist."""
        found = {}
        for leaf, low, high in self._load(keys):
            for key in keys[low:high]:
                index = bisect_left(leaf.keys, key)
                if index < len(leaf.keys) and leaf.keys[index] == key:
                    found[key] = leaf.values[index]
        return found

    def items(self, start: str = "", stop: str | None = None) -> Iterator[tuple[str, Any]]:
        """Yield keys and values in order, from ``start`` on and before ``stop``, lazily."""
        return self._walk(self.root.height, self.root.top(self._nodes), start, stop)

    def _walk(self, height: int, node: Node, start: str, stop: str | None) -> Iterator[tuple[str, Any]]:
        low = bisect_left(node.keys, start)
        high = len(node.keys) if stop is None else bisect_left(node.keys, stop)
        if not height:
            yield from zip(node.keys[low:high], node.values[low:high], strict=True)
            return
        for values in split_growing(node.values[low : high + 1], _BATCH):
            for below in self._nodes.fetch([Address(*value[:2]) for value in values]):
                yield from self._walk(height - 1, below, start, stop)

    def slots(self) -> Iterator[str]:
        """Yield the slot of every node."""
        if self.root.slot is not None:
            yield self.root.slot
            yield from self._slots(self.root.height, self.root.top(self._nodes))

    def _slots(self, height: int, node: Node) -> Iterator[str]:
        for slot, stamp, *_ in node.values if height else ():
            yield slot
            if height > 1:
                yield from self._slots(height - 1, *self._nodes.fetch([Address(slot, stamp)]))

    def _load(self, keys: Sequence[str]) -> list[tuple[Node, int, int]]:
        """Return the leaves where ``keys`` belong, each with the range of its keys. One request per level."""
        spans = [(self.root.top(self._nodes), 0, len(keys))]
        for _ in range(self.root.height):
            found: list[tuple[Address, int, int]] = []
            for node, low, high in spans:
                while low < high:
                    index = min(bisect_left(node.keys, keys[low]), len(node.keys) - 1)
                    last = index == len(node.keys) - 1
                    end = high if last else bisect_right(keys, node.keys[index], low, high)
                    found.append((Address(*node.values[index][:2]), low, end))
                    low = end
            self._nodes.load(address for address, _, _ in found)
            spans = [(self._nodes.read(address), low, high) for address, low, high in found]
        return spans

    # ---- Changing ------------------------------------------------------------------------------

    def update(self, changes: Mapping[str, Any]) -> None:
        """Set the values of keys, and delete the keys whose value is None."""
        if not changes:
            return
        ordered = order(changes)
        self._load(ordered.keys)
        top = self.root.top(self._nodes)
        height = self.root.height
        for level in range(height + 1):
            ordered = self._rewrite(level, ordered)
        if self._counts and not ordered.keys:  # without stamps, the root may have changed in its slot
            return
        entries = {top.keys[-1]: list(self.root[1:5])} if top.keys else {}
        entries |= zip(*ordered, strict=True)
        self._set_root(height, order({key: value for key, value in entries.items() if value}))

    def _rewrite(self, level: int, changes: Changes) -> Changes:
        """Write the nodes of ``level`` that ``changes`` change. Return the changes of the level above."""
        above: dict[str, Any] = {}
        done = 0
        while done < len(changes.keys):
            run = Run(self._nodes, self.root, self._write, level, self._zeros(level), changes.keys[done])
            done = run.apply(changes, done)
            above |= run.above
        return order(above)

    def _zeros(self, level: int) -> int:
        """Return after keys with how many zeros a node of ``level`` ends."""
        return (_BITS if self._counts else _FEW) * (level + 1)

    def _write(self, slot: str | None, level: int, node: Node) -> list[Any]:
        """Write ``node``, and return the value that the level above has for it."""
        written, stamp = self._nodes.write(slot, node)
        if not self._counts:
            return [written, None, 0, None]
        count = sum(value[2] for value in node.values) if level else len(node.keys)
        if self._summary is None:
            return [written, stamp, count, None]
        values = [value[3] for value in node.values] if level else node.values
        return [written, stamp, count, (self._summary.merge if level else self._summary.fold)(values)]

    def _set_root(self, height: int, entries: Changes) -> None:
        """Make the root for the nodes ``entries`` of the level ``height``."""
        while len(entries.keys) > 1:
            height += 1
            ends = ends_of(entries.keys, entries.keys, self._zeros(height))
            bounds = pairwise(sorted({0, *ends, len(entries.keys)}))
            nodes = [Node(entries.keys[low:high], entries.values[low:high]) for low, high in bounds]
            values = [self._write(None, height, node) for node in nodes]
            entries = Node([node.keys[-1] for node in nodes], values)
        if not entries.keys:
            self.root = EMPTY
            return
        (value,) = entries.values
        node = self._nodes.read(Address(*value[:2]))
        while height and len(node.keys) == 1:
            self._nodes.free(value[0])
            height, value = height - 1, node.values[0]
            node = self._nodes.read(Address(*value[:2]))
        if self._counts and not height and size(node) <= _SMALL:
            self._nodes.free(value[0])
            self.root = Root(0, None, None, value[2], value[3], node)
        else:
            self.root = Root.load([height, *value, None])
