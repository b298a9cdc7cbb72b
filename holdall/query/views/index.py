"""The index of a view: the documents, the groups, and the members of each group, in trees.

    documents: document → [text of a group, trace, …]     each group to which it contributes
    groups:    text of a group → [key, members, state]    the key is packed; members is the root of a tree
    members:   document → 0, or the values of the document

A change of a document is applied in three steps: its old traces are read, then the members and the state of each
group that differs are changed, then the groups.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from holdall.query.collation import Key, Place, collate
from holdall.query.views.nodes import Nodes
from holdall.query.views.packing import pack, unpack
from holdall.query.views.texts import plain
from holdall.query.views.tree import EMPTY, Root, Tree
from holdall.query.views.upkeep import Upkeep


class Share(NamedTuple):
    """What a document contributes to one group."""

    key: Key
    item: Any
    trace: Any


Shares = Mapping[str, Mapping[str, Share]]
"""The shares of documents, by document and by the text of the group."""


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


class _Changes:
    """The changes of one group."""

    def __init__(self) -> None:
        self.key: Key = None
        self.members: dict[str, Any] = {}
        self.old: list[Any] = []
        self.new: list[Any] = []


class Index:
    """The index in ``nodes`` with the trees at ``documents`` and ``groups``."""

    def __init__(self, nodes: Nodes, upkeep: Upkeep, documents: Root = EMPTY, groups: Root = EMPTY) -> None:
        self._nodes = nodes
        self.upkeep = upkeep
        self.documents = Tree(nodes, documents, counts=False)
        self.groups = Tree(nodes, groups)

    def group(self, text: str) -> Group | None:
        """Return the group with this text, or None if it has no members."""
        found = self.groups.get_many([text])
        return self._group(found[text]) if found else None

    def scan(self, start: str = "", stop: str | None = None) -> Iterator[Group]:
        """Yield the groups with texts from ``start`` on and before ``stop``, in order."""
        return (self._group(value) for _, value in self.groups.items(start, stop))

    def _group(self, value: Sequence[Any]) -> Group:
        key, members, state = value
        return Group(self._nodes, self.upkeep, unpack(key), Root.load(members), state)

    def replace(self, shares: Shares) -> None:
        """Replace what the documents of ``shares`` contribute. A document without shares has no pairs now."""
        changes = self._compare(shares)
        found = self.groups.get_many(sorted(changes))
        self.groups.update({text: self._change(found.get(text), change) for text, change in changes.items()})

    def _compare(self, shares: Shares) -> Mapping[str, _Changes]:
        """Replace the traces of the documents, and return the changes of groups by text."""
        changes: defaultdict[str, _Changes] = defaultdict(_Changes)
        traces = self.documents.get_many(sorted(shares))
        for document, new in shares.items():
            before = traces.get(document, [])
            old = dict(zip(before[::2], before[1::2], strict=True))
            for text, share in new.items():
                trace = old.pop(text, None)
                if trace != share.trace:
                    self._replace(changes[text], document, trace, share)
            for text, trace in old.items():
                changes[text].old.append(trace)
                changes[text].members[document] = None
        self.documents.update({document: _traces(new) for document, new in shares.items()})
        return changes

    def _replace(self, changes: _Changes, document: str, trace: Any, share: Share) -> None:
        changes.key = share.key
        changes.new.append(share.item)
        changes.members[document] = self.upkeep.member(share.item)
        if trace is not None:
            changes.old.append(trace)

    def _change(self, value: Sequence[Any] | None, changes: _Changes) -> list[Any] | None:
        """Return the new value of the group that had ``value``, or None if it has no members now."""
        group = self._group(value) if value else Group(self._nodes, self.upkeep, changes.key)
        group.members.update(changes.members)
        self.upkeep.change(group, changes.old, changes.new)
        return group.dump() if group.members.root.count else None


def _traces(shares: Mapping[str, Share]) -> list[Any] | None:
    """Return the value of a document in the tree of documents, or None for a document without shares."""
    return [part for text, share in shares.items() for part in (text, share.trace)] or None
