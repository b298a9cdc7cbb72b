"""The index of a view: the documents, the groups, and the members of each group, in trees.

    documents: document → {text of a group: trace, …}     packed by the upkeep: the contribution of the document
    groups:    text of a group → [key, members, state]    the key is packed; members is the root of a tree
    members:   document → 0, or the part of the document that the upkeep needs

A batch of documents is applied in three steps: the documents are compared with their former contributions,
then the members and the state of each group that differs are changed, then the groups.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from holdall.query.collation import Key, Place, collate
from holdall.query.views.groups import plain
from holdall.query.views.nodes import Nodes
from holdall.query.views.packing import pack, unpack
from holdall.query.views.root import EMPTY, Root
from holdall.query.views.state import Part
from holdall.query.views.tree import Tree
from holdall.query.views.upkeep import Upkeep


class Group:
    """A group of the index in ``nodes``. ``place`` is the place of its key."""

    def __init__(
        self, nodes: Nodes, upkeep: Upkeep, key: Key, members: Root = EMPTY, state: Any = None
    ) -> None:
        self.place: Place = collate(key)
        self.state = state
        self.members = Tree(nodes, members, upkeep.summary(self.place))
        self._nodes = nodes

    def tree(self, root: Root) -> Tree:
        """Return another tree of the same index."""
        return Tree(self._nodes, root)

    def dump(self) -> list[Any]:
        """Return the value of the group in the tree of groups."""
        return [pack(plain(self.place)), self.members.root.dump(), self.state]


class Index:
    """The index of one query, in ``nodes``, with the trees of ``part``.

    ``count`` is the number of documents that contribute to a group. ``log`` is None if nobody reads it.
    """

    def __init__(self, nodes: Nodes, upkeep: Upkeep, part: Part) -> None:
        self.nodes = nodes
        self.upkeep = upkeep
        self.count = part.count
        self.documents = Tree(nodes, part.documents, counts=False)
        self.groups = Tree(nodes, part.groups)
        self.log = part.log
        self._reduce = part.reduce

    def part(self) -> Part:
        """Return the state of this index, for the head."""
        return Part(self._reduce, self.count, self.documents.root, self.groups.root, self.log)

    def group(self, text: str) -> Group | None:
        """Return the group with this text, or None if it has no members."""
        found = self.groups.get_many([text])
        return self.load(found[text]) if found else None

    def scan(self, start: str = "", stop: str | None = None) -> Iterator[Group]:
        """Yield the groups with texts from ``start`` on and before ``stop``, in order."""
        return (self.load(value) for _, value in self.groups.items(start, stop))

    def load(self, value: Sequence[Any]) -> Group:
        """Return the group that has ``value`` in the tree of groups."""
        key, members, state = value
        return Group(self.nodes, self.upkeep, unpack(key), Root.load(members), state)


class _Changes:
    """The changes of one group: its members, and the traces and items that it loses and gets."""

    def __init__(self) -> None:
        self.members: dict[str, Any] = {}
        self.old: list[Any] = []
        self.new: list[Any] = []


class Batch:
    """Changes of documents that are applied to ``index`` together.

    ``before`` has their former contributions, as the tree of documents has them. Those of them that are not
    replaced were deleted. If ``ordered``, each value must be a pair of its number, from 0, and itself.
    """

    def __init__(self, index: Index, before: Mapping[str, bytes]) -> None:
        self.ordered = index.upkeep.ordered
        self._index = index
        self._before = dict(before)
        self._documents: dict[str, bytes | None] = {}
        self._added = 0  # documents
        self._groups: defaultdict[str, _Changes] = defaultdict(_Changes)

    def replace(self, document: str, values: Mapping[str, list[Any]]) -> None:
        """Let ``document`` contribute ``values``, by the text of the group, and nothing else.

        Raises InvalidQuery if the upkeep refuses a value.
        """
        upkeep, groups = self._index.upkeep, self._groups
        items = upkeep.items(values)
        dumped = upkeep.dump(items) if items else None
        before = self._before.pop(document, None)
        if dumped == before:
            return
        self._documents[document] = dumped
        self._added += (dumped is not None) - (before is not None)
        if before:
            self._change(document, items, upkeep.load(before))
            return
        for text, item in items.items():
            changes = groups[text]
            changes.members[document] = upkeep.member(item)
            changes.new += item

    def _change(self, document: str, items: Mapping[str, list[Any]], traces: Mapping[str, list[Any]]) -> None:
        """Replace the ``traces`` of ``document`` by ``items``."""
        upkeep, groups = self._index.upkeep, self._groups
        for text, item in items.items():
            trace = traces.get(text)
            if trace is None or not upkeep.is_same(item, trace):
                changes = groups[text]
                changes.new += item
                changes.old += trace or ()
                if trace is None or upkeep.ordered:  # otherwise, the members have no values
                    changes.members[document] = upkeep.member(item)
        for text in traces.keys() - items.keys():
            groups[text].old += traces[text]
            groups[text].members[document] = None

    def apply(self, keys: Mapping[str, Key]) -> None:
        """Apply the changes to the trees. ``keys`` has the key of each new group, by its text."""
        for document in list(self._before):
            self.replace(document, {})
        index = self._index
        found = index.groups.get_many(sorted(self._groups))
        changed: dict[str, Any] = {}
        for text, changes in self._groups.items():
            value = found.get(text)
            group = index.load(value) if value else Group(index.nodes, index.upkeep, keys[text])
            group.members.update(changes.members)
            index.upkeep.change(group, changes.old, changes.new)
            changed[text] = group.dump() if group.members.root.count else None
        index.groups.update(changed)
        index.documents.update(self._documents)
        index.count += self._added
        if index.log and changed:
            index.log = index.log.extend(index.nodes, sorted(changed), index.groups.root.count)
