"""`ByRevisions`, the rule by which both sides get the revisions of each other, and choose the same winner."""

import time
from functools import partial
from typing import Any

from holdall.errors import Conflict, Corrupt
from holdall.history import Note, current_note
from holdall.middleware._lifetimes import Left, longest
from holdall.replication.policies import Policy
from holdall.replication.revisions.look import Look
from holdall.replication.revisions.settling import Conflicting, settle_by
from holdall.replication.revisions.side import RevisedSide, join_tags
from holdall.replication.revisions.tree import Tree, join_of, require_leaf
from holdall.replication.rows import Block, Row
from holdall.replication.rules import REFUSALS, VOID, Outcome
from holdall.replication.side import is_same
from holdall.replication.tasks import Task
from holdall.store import ATTEMPTS, MISSING, Missing, Tag, conflict, pause

Looks = tuple[Look, Look]


class ByRevisions:
    """Each side gets the revisions that the other one has. If one follows the other, its value goes there.

    If a key changed at both, ``policy`` decides. With "keep", or if a function leaves the conflict, both revisions
    stay, and both sides show the same one. With "raise", neither side changes. If ``verify``, it compares values
    that have not changed, too.
    """

    def __init__(self, sides: tuple[RevisedSide, RevisedSide], policy: Policy, *, verify: bool) -> None:
        self._sides = sides
        self._expire = sides[0].expires and sides[1].expires
        self._policy: Policy = policy
        self._verify = verify

    def keeps(self, block: Block) -> bool:
        return not self._verify

    def may_empty(self, remembered: bool) -> tuple[bool, bool]:
        return False, False  # a missing key without a revision is not a deletion

    def settle(self, task: Task) -> Outcome | None:
        row = task.row
        if row is None or VOID in row or self._verify:
            return None
        same = task.source in (None, row.source) and task.target in (None, row.target)
        return Outcome(task.key, row) if same else None

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
        notes = {leaf: self._note(key, looks, tree.find_equal(leaf)) for leaf in tree.leaves}
        lefts = self._lefts(key, looks, tree, values)
        conflict = len(tree.leaves) > 1
        if conflict and self._policy == "raise":
            return Outcome(key, Row(key, VOID, VOID), "conflict")
        settled = settle_by(self._policy, self._conflict(key, looks, tree, values)) if conflict else None
        if settled is not None:
            tree = settled.tree
            values = {} if settled.value is MISSING else {tree.leaves[0]: settled.value}
            if lefts:
                left = longest([lefts[settled.chosen]] if settled.chosen in lefts else lefts.values())
                lefts = dict.fromkeys(values, left)
            said = current_note() if settled.chosen is None else notes[settled.chosen]
            notes = {tree.leaves[0]: said}
        made = [
            side.bring(key, look, tree, values, notes, lefts)
            for side, look in zip(self._sides, looks, strict=True)
        ]
        return _outcome(key, tree, made, replaced=settled is not None)

    def _conflict(self, key: str, looks: Looks, tree: Tree, values: dict[str, Any]) -> Conflicting:
        ours, theirs = looks
        return Conflicting(tree, (ours.head, theirs.head), values, partial(self._past_value, key))

    def _past_value(self, key: str, hashes: list[str]) -> Any | Missing:
        found = (side.past_value(key, hashes) for side in self._sides)
        return next((value for value in found if value is not MISSING), MISSING)

    def _note(self, key: str, looks: Looks, equal: list[str]) -> Note:
        """Return the first note of one of the ``equal`` revisions."""
        sides = [*zip(self._sides, looks, strict=True)]
        found = (side.note(key, look, hash) for hash in equal for side, look in sides)
        return next((note for note in found if note != Note()), Note())

    def _lefts(self, key: str, looks: Looks, tree: Tree, values: dict[str, Any]) -> dict[str, Left]:
        """Return the time that the value of each leaf has left; of equal values, that of the one that lasts longest."""
        if not self._expire:
            return {}
        sides = [*zip(self._sides, looks, strict=True)]
        return {
            leaf: longest(
                left for side, look in sides for left in side.lefts(key, look, tree.find_equal(leaf))
            )
            for leaf in values
        }

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
    tree = ours.record.tree.union(theirs.record.tree)
    try:
        require_leaf(tree)
    except ValueError as error:
        raise Corrupt(
            f"the revisions of {key!r} at the two stores contradict each other: {error}", key=key
        ) from error
    return tree


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


def _outcome(key: str, tree: Tree, made: list[tuple[Tag, bool]], *, replaced: bool) -> Outcome:
    """Return the outcome of a key that both sides have with ``tree`` now.

    The tags of a key with siblings are not remembered, so that the next sync finds it again.
    """
    siblings = len(tree.leaves) > 1
    written = any(writes for _, writes in made)
    done = "equal" if not written else "deleted" if tree[tree.leaves[0]].deleted else "copied"
    row = Row(key, VOID, VOID) if siblings else Row(key, *(tag for tag, _ in made))
    return Outcome(key, row, done, replaced and written, siblings=siblings)
