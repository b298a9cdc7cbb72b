"""`ByRevisions`, the rule by which both sides get the revisions of each other, and choose the same winner."""

import time
from typing import Any

from holdall.errors import Conflict, Corrupt
from holdall.history import Note
from holdall.replication.revisions.look import Look
from holdall.replication.revisions.side import RevisedSide, join_tags
from holdall.replication.revisions.tree import Tree, join_of
from holdall.replication.rows import Block, Row
from holdall.replication.rules import REFUSALS, VOID, Outcome
from holdall.replication.side import is_same
from holdall.replication.tasks import Task
from holdall.store import ATTEMPTS, MISSING, conflict, pause

Looks = tuple[Look, Look]


class ByRevisions:
    """Each side gets the revisions that the other one has. If one follows the other, its value goes there.

    If a key changed at both, both revisions stay, and both sides show the same one. If ``verify``, it compares
    values that have not changed, too.
    """

    def __init__(self, sides: tuple[RevisedSide, RevisedSide], *, verify: bool) -> None:
        self._sides = sides
        self._verify = verify

    def keeps(self, block: Block) -> bool:
        return not self._verify

    def may_empty(self, remembered: bool) -> tuple[bool, bool]:
        return False, False  # a missing key without a revision is not a deletion

    def settle(self, task: Task) -> Outcome | None:
        key, source, target, row = task
        same = row is not None and (source, target) == (row.source, row.target) and VOID not in row
        if same and not self._verify:
            return Outcome(key, row)
        return None

    def perform(self, task: Task) -> Outcome:
        try:
            for attempt in range(ATTEMPTS):
                try:
                    return self._decide(task.key)
                except Conflict:
                    time.sleep(pause(attempt))
        except REFUSALS as error:
            return Outcome(task.key, task.row, "refused", error=error)
        raise Conflict(f"{task.key!r} changed {ATTEMPTS} times while it was synced; try again", key=task.key)

    def perform_many(self, tasks: list[Task]) -> list[Outcome]:
        return [self.perform(task) for task in tasks]

    def _decide(self, key: str) -> Outcome:
        looks = self._sides[0].look(key), self._sides[1].look(key)
        tree = _unite(key, looks)
        if not tree:
            return Outcome(key, Row(key, *(join_tags(look.tag, look.kept) for look in looks)))
        values = {hash: self._value(key, looks, hash) for hash in tree.leaves if not tree[hash].deleted}
        tree, values = join_equal(tree, values)
        said = _note_of(looks, tree.leaves[0])
        made = [
            side.bring(key, look, tree, values, said) for side, look in zip(self._sides, looks, strict=True)
        ]
        done = "deleted" if tree[tree.leaves[0]].deleted else "copied"
        written = any(writes for _, writes in made)
        row = Row(key, *(tag for tag, _ in made))
        return Outcome(key, row, done if written else "equal", siblings=len(tree.leaves) > 1)

    def _value(self, key: str, looks: Looks, hash: str) -> Any:
        for side, look in zip(self._sides, looks, strict=True):
            value = side.value(key, look, hash)
            if value is not MISSING:
                return value
        if any(side.has_moved(key, look) for side, look in zip(self._sides, looks, strict=True)):
            raise conflict(key)
        raise Corrupt(
            f"revision {hash} of {key!r} is at neither store; sync with a store that has it, or settle the key",
            key=key,
        )


def _unite(key: str, looks: Looks) -> Tree:
    """Return the revisions of both sides. Raises Corrupt if the sides have different values as one revision."""
    ours, theirs = looks
    if ours.head == theirs.head and not is_same(ours.value, theirs.value):
        raise Corrupt(f"the values of {key!r} differ, but their revision is the same", key=key)
    return ours.record.tree.union(theirs.record.tree)


def join_equal(tree: Tree, values: dict[str, Any]) -> tuple[Tree, dict[str, Any]]:
    """Return ``tree`` with one leaf for each value, and the value of each leaf that is not a deletion.

    Equal leaves get a common child. Its hash follows from theirs, so it is the same at every pair of stores.
    """
    groups: list[list[str]] = []
    for leaf in tree.leaves:
        value = values.get(leaf, MISSING)
        same = next((group for group in groups if is_same(values.get(group[0], MISSING), value)), None)
        if same is None:
            groups.append([leaf])
        else:
            same.append(leaf)
    for group in groups:
        if len(group) > 1:
            joined, first = join_of(group), group[0]
            tree = tree.with_child(
                joined, group, tree[first].deleted, max(tree[leaf].micros for leaf in group)
            )
            if first in values:
                values = {**values, joined: values[first]}
    return tree, {leaf: values[leaf] for leaf in tree.leaves if leaf in values}


def _note_of(looks: Looks, hash: str) -> Note:
    return next((look.note for look in looks if look.head == hash), Note())
