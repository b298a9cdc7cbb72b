"""A tree has the content of a dict, and the same nodes as a tree that was made of this content at once."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdall import Memory
from holdall.query.views import tree as trees
from holdall.query.views.nodes import Address, Node, Nodes
from holdall.query.views.root import EMPTY, Root
from holdall.query.views.rows import RowTable
from holdall.query.views.tree import Tree

KEYS = [f"documents/{number:03}" for number in range(60)]

changes = st.dictionaries(st.sampled_from(KEYS), st.one_of(st.none(), st.integers(0, 99)), max_size=40)


@pytest.fixture(autouse=True, scope="module")
def small_nodes() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trees, "_BITS", 1)
        patch.setattr(trees, "_FEW", 1)
        patch.setattr(trees, "_SMALL", 60)
        yield


class Total:
    """The sum of the values, as text."""

    def fold(self, values: Sequence[int], /) -> bytes:
        return b"%d" % sum(values)

    def merge(self, partials: Sequence[bytes], /) -> bytes:
        return b"%d" % sum(map(int, partials))


class Stored:
    """A tree in a table, which is opened for each step."""

    def __init__(self, counts: bool) -> None:
        self.raw = Memory()
        self.root, self.slots, self.counts = EMPTY, 0, counts

    def open(self) -> Tree:
        self.nodes = Nodes(RowTable(self.raw), self.slots)
        return Tree(self.nodes, self.root, Total() if self.counts else None, counts=self.counts)

    def update(self, changes: dict[str, int | None]) -> None:
        tree = self.open()
        tree.update(changes)
        table = RowTable(self.raw)
        table.commit(self.nodes.changes, b"", table.head())
        self.root, self.slots = tree.root, self.nodes.slots

    def shape(self) -> Any:
        """Return the keys of each node, and what is below it."""
        tree = self.open()

        def below(height: int, node: Node) -> Any:
            values = node.values if height else []
            return node.keys, [below(height - 1, self.nodes.read(Address(*each[:2]))) for each in values]

        root = self.root.node or self.nodes.read(Address(self.root.slot or "", self.root.stamp))
        return below(tree.root.height, root)


@settings(max_examples=40)
@given(st.lists(changes, max_size=6), st.booleans())
def test_history_leaves_no_traces(history: list[dict[str, int | None]], counts: bool) -> None:
    stored, expected = Stored(counts), dict[str, int]()
    for step in history:
        stored.update(step)
        expected |= {key: value for key, value in step.items() if value is not None}
        expected = {key: value for key, value in sorted(expected.items()) if step.get(key, 0) is not None}
    tree = stored.open()
    assert list(tree.items()) == list(expected.items())
    assert tree.get_many(KEYS) == expected
    at_once = Stored(counts)
    at_once.update(expected)
    assert stored.shape() == at_once.shape()
    assert {f"n/{slot}" for slot in tree.slots()} == set(stored.raw.scan("n/"))
    if counts:
        assert tree.root.count == len(expected)
        assert int(tree.root.partial or 0) == sum(expected.values())


@settings(max_examples=40)
@given(changes, st.sampled_from(KEYS), st.sampled_from(KEYS))
def test_items_of_a_range(content: dict[str, int | None], start: str, stop: str) -> None:
    stored = Stored(counts=True)
    stored.update(content)
    found = stored.open().items(start, stop)
    expected = [(key, value) for key, value in sorted(content.items()) if value is not None]
    assert list(found) == [(key, value) for key, value in expected if start <= key < stop]


def test_a_change_of_one_key_writes_the_nodes_on_its_path_only() -> None:
    stored = Stored(counts=True)
    stored.update(dict.fromkeys(KEYS, 1))
    tree = stored.open()
    tree.update({KEYS[30]: 2})
    assert len(stored.nodes.changes) == tree.root.height + 1
    assert Root.load(tree.root.dump()) == tree.root
