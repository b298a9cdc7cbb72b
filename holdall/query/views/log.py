"""The log of a part of a view: which groups changed, for a view of that view.

    log     = [first, last, root]           the numbers of the oldest and of the newest entry, and the root of
    entries = number -> [stamp, text]       a tree, whose keys have twelve hexadecimal digits

An entry has the text of a group, and the stamp of the commit that changed it. So a reader notices if the index
was restored from a backup since: the entry with its number is missing, or has another stamp. The first entry
has no group. A log has as many entries as there are groups, at least 10,000; who is further behind reads all
groups again.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple, Self

from holdall.query.views.nodes import Nodes
from holdall.query.views.root import EMPTY, Root
from holdall.query.views.tree import Tree

LEAST: Final = 10_000


class Entry(NamedTuple):
    """Entry number ``number``: a commit with ``stamp`` changed the group with ``text``."""

    number: int
    stamp: bytes
    text: str


class Log(NamedTuple):
    """The log with the entries from number ``first`` to number ``last``."""

    first: int
    last: int
    root: Root

    @classmethod
    def begin(cls, nodes: Nodes) -> Self:
        """Return a new log in ``nodes``."""
        return cls(0, -1, EMPTY).extend(nodes, [""], 0)

    def extend(self, nodes: Nodes, texts: Iterable[str], groups: int) -> Self:
        """Return this log with an entry for each of ``texts``, for a part that has this many ``groups``."""
        added = {_key(number): [nodes.stamp, text] for number, text in enumerate(texts, self.last + 1)}
        last = self.last + len(added)
        # Twice as many as are added, so that the log shrinks to its size step by step.
        first = max(self.first, min(last + 1 - max(LEAST, groups), self.first + 2 * len(added)))
        tree = Tree(nodes, self.root)
        tree.update(added | {_key(number): None for number in range(self.first, first)})
        return type(self)(first, last, tree.root)

    def entries(self, nodes: Nodes, start: int) -> Iterator[Entry]:
        """Yield the entries from number ``start`` on, lazily."""
        for key, (stamp, text) in Tree(nodes, self.root).items(_key(start)):
            yield Entry(int(key, 16), stamp, text)

    def dump(self) -> list[Any]:
        """Return the log as a list for MessagePack."""
        return [self.first, self.last, self.root.dump()]

    @classmethod
    def load(cls, dumped: list[Any]) -> Self:
        """Return the log that `dump` returned."""
        first, last, root = dumped
        return cls(first, last, Root.load(root))


def _key(number: int) -> str:
    return f"{number:012x}"
