"""An ordered map from text to values, in nodes that a hash of the keys divides.

    leaf  = keys and their values
    inner = the last key of each node below it, and for each [slot, stamp, count, partial]
    root  = [height, slot, stamp, count, partial], or for a small tree [0, keys, values, count, partial]

A node ends after each key whose hash says so: a leaf after one key in 64, a node of the next level after one
in 64 * 64, and so on. So the same content makes the same nodes, whatever its history, and a change of one key
changes only the node of this key and the nodes above it. With a summary, each inner node has the partial of
each node below it, merged in the order of the keys. So the partial of all values is known after each change,
without reading them again, also if no step of the reducer can be undone.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import compress, pairwise
from typing import Any, Final, NamedTuple, Protocol, Self, TypeAlias
from zlib import crc32

from holdall.batches import split_growing
from holdall.query.views.nodes import Address, Node, Nodes, size

_BITS: Final = 6  # 2 ** 6 keys in a node, on average
_SMALL: Final = 256  # bytes of a leaf that needs no row of its own
_BATCH: Final = 64  # nodes that a scan reads at once, at most

Changes: TypeAlias = Node
"""Keys in order, and the new value of each; None deletes the key."""


class Summary(Protocol):
    """Makes the partials of a tree, as packed bytes."""

    def fold(self, values: Sequence[Any], /) -> bytes:
        """Return the partial of the values of a leaf."""
        ...

    def merge(self, partials: Sequence[bytes], /) -> bytes:
        """Return the partial of several partials, in their order."""
        ...


class Root(NamedTuple):
    """The root of a tree. ``node`` is the root itself if it has no row of its own."""

    height: int = 0
    slot: str | None = None
    stamp: bytes | None = None
    count: int = 0  # type: ignore[assignment]  # a tuple's method of this name is not needed
    partial: bytes | None = None
    node: Node | None = Node([], [])

    def dump(self) -> list[Any]:
        """Return the root as a list for MessagePack."""
        return list(self)

    @classmethod
    def load(cls, dumped: Sequence[Any]) -> Self:
        """Return the root that `dump` returned."""
        height, slot, stamp, count, partial, node = dumped
        return cls(height, slot, stamp, count, partial, node and Node(*node))


EMPTY: Final = Root()


class Tree:
    """The tree at ``root``. `update` changes it; ``root`` is then the new root.

    If ``counts`` is false, an inner node has neither stamps nor counts of the nodes below it. Then a change of
    a leaf changes no other node. Only a process that commits the nodes that it has read may read such a tree, because
    only the commit finds out whether the nodes belonged together.
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
        return self._walk(self.root.height, self._top(), start, stop)

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
            yield from self._slots(self.root.height, self._top())

    def _slots(self, height: int, node: Node) -> Iterator[str]:
        for slot, stamp, *_ in node.values if height else ():
            yield slot
            if height > 1:
                yield from self._slots(height - 1, *self._nodes.fetch([Address(slot, stamp)]))

    def _top(self) -> Node:
        root = self.root
        return root.node or self._nodes.read(Address(root.slot or "", root.stamp))

    def _load(self, keys: Sequence[str]) -> list[tuple[Node, int, int]]:
        """Return the leaves where ``keys`` belong, each with the range of its keys. One request per level."""
        spans = [(self._top(), 0, len(keys))]
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
        ordered = _order(changes)
        self._load(ordered.keys)
        top = self._top()
        height = self.root.height
        for level in range(height + 1):
            ordered = self._rewrite(level, ordered)
        if self._counts and not ordered.keys:  # without stamps, the root may have changed in its slot
            return
        entries = {top.keys[-1]: list(self.root[1:5])} if top.keys else {}
        entries |= zip(*ordered, strict=True)
        self._set_root(height, _order({key: value for key, value in entries.items() if value}))

    def _rewrite(self, level: int, changes: Changes) -> Changes:
        """Write the nodes of ``level`` that ``changes`` change. Return the changes of the level above."""
        above: dict[str, Any] = {}
        done = 0
        while done < len(changes.keys):
            run = _Run(self, level, changes.keys[done])
            done = run.apply(changes, done)
            above |= run.above
        return _order(above)

    def write(self, slot: str | None, level: int, node: Node) -> list[Any]:
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
            ends = _ends(entries.keys, entries.keys, height)
            bounds = pairwise(sorted({0, *ends, len(entries.keys)}))
            nodes = [Node(entries.keys[low:high], entries.values[low:high]) for low, high in bounds]
            values = [self.write(None, height, node) for node in nodes]
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


class _Run:
    """A run of neighbouring nodes of ``level`` that change together, from the node where ``key`` belongs on.

    ``above`` are the changes of the level above.
    """

    def __init__(self, tree: Tree, level: int, key: str) -> None:
        self.above: dict[str, Any] = {}
        self._tree = tree
        self._nodes = tree._nodes
        self._level = level
        self._path: list[tuple[Node, int]] = []  # the nodes above, and the index of the next node below each
        self._keys: list[str] = []  # those that are not yet written
        self._values: list[Any] = []
        self._spare: list[str] = []  # slots of the nodes that the run replaces
        self._before: dict[str, list[Any]] = {}  # the values of these nodes in the level above
        self._value: list[Any] = list(tree.root[1:5])
        self._node = tree._top()
        while tree.root.height - len(self._path) > level:
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
        edited = _edit(old, changes, self._level)
        if edited is None:
            if not self._keys:
                return
            edited = _Edited(old, _ends(old.keys, old.keys[-1:], self._level))
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
        self.above[node.keys[-1]] = self._tree.write(slot, self._level, node)


class _Edited(NamedTuple):
    """A changed node, and where it ends: after how many keys each of the nodes in its place ends."""

    node: Node
    ends: list[int]


def _edit(node: Node, changes: Changes, level: int) -> _Edited | None:
    """Return a copy of ``node`` with ``changes``, or None if they change nothing."""
    if not node.keys or (changes.keys and node.keys[-1] < changes.keys[0]):
        return _append(node, changes, level)
    keys, values = node.keys.copy(), node.values.copy()
    changed, inserted = False, []
    for key, value in zip(*changes, strict=True):
        index = bisect_left(keys, key)
        exists = index < len(keys) and keys[index] == key
        if value is None:
            if not exists:
                continue
            del keys[index], values[index]
        elif exists:
            if values[index] == value:
                continue
            values[index] = value
        else:
            keys.insert(index, key)
            values.insert(index, value)
            inserted.append(key)
        changed = True
    return _Edited(Node(keys, values), _ends(keys, inserted + node.keys[-1:], level)) if changed else None


def _append(node: Node, changes: Changes, level: int) -> _Edited | None:
    """Return ``node`` with ``changes``, which come after its keys. This is faster than to insert each key."""
    keys, values = changes
    if None in values:
        keys = [key for key, value in zip(keys, values, strict=True) if value is not None]
        values = [value for value in values if value is not None]
    if not keys:
        return None
    edited = Node(node.keys + keys, node.values + values)
    return _Edited(edited, _ends(edited.keys, node.keys[-1:] + keys, level))


def _ends(keys: list[str], candidates: Sequence[str], level: int) -> list[int]:
    """Return after how many of ``keys`` a node ends. Of ``keys``, only ``candidates`` can end a node."""
    ending = sorted(compress(candidates, map(level.__lt__, map(height_of, candidates))))
    found = ((bisect_left(keys, key), key) for key in ending)
    return [index + 1 for index, key in found if keys[index : index + 1] == [key]]


def _order(changes: Mapping[str, Any]) -> Changes:
    keys = sorted(changes)
    return Node(keys, [changes[key] for key in keys])


@lru_cache(maxsize=1 << 15)  # a batch asks for the same documents again in each of their groups
def height_of(key: str) -> int:
    """Return how many levels have a node that ends after ``key``."""
    # CRC-32 is linear, so that keys with consecutive numbers would end nodes at regular places, or never.
    mixed = crc32(key.encode()) * 0x9E3779B1 & 0xFFFFFFFF
    return (32 - mixed.bit_length()) // _BITS
