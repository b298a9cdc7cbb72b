"""How a policy settles a conflict of revisions: it chooses a leaf of the tree, or a function merges the values."""

import os
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from holdall.replication.policies import Merge, Policy
from holdall.replication.revisions.merge import Merged
from holdall.replication.revisions.tree import Tree, digest_of
from holdall.store import MISSING, Missing


class Conflicting(NamedTuple):
    """A key with several leaves: the tree, the revisions that both sides have, and the values of the leaves.

    A leaf without a value is a deletion. ``past`` returns the value that the key had as one of the given revisions.
    """

    tree: Tree
    heads: tuple[str | None, str | None]
    values: dict[str, Any]
    past: Callable[[list[str]], Any | Missing]

    def leaf_of(self, side: int) -> str:
        """Return the leaf that follows the revision of ``side``; of several leaves, the first one."""
        head = self.heads[side]
        return next((leaf for leaf in self.tree.leaves if self.tree.follows(leaf, head)), self.tree.leaves[0])


class Settled(NamedTuple):
    """The tree with a revision after all leaves, and the value of this revision, which is MISSING if it is a deletion.

    ``chosen`` is the leaf whose value and note it has, or None if it has a new value.
    """

    tree: Tree
    value: Any | Missing
    chosen: str | None = None


def settle_by(policy: Policy, conflict: Conflicting) -> Settled | None:
    """Settle ``conflict``. Return None if all leaves stay: with "raise" and "keep", and if a function says so."""
    if callable(policy):
        return _merge(policy, conflict)
    if policy in ("raise", "keep"):
        return None
    if policy == "newest":
        tree = conflict.tree
        return _choose(conflict, max(tree.leaves, key=lambda leaf: (tree[leaf].micros, leaf)))
    return _choose(conflict, conflict.leaf_of(0 if policy == "ours" else 1))


def _choose(conflict: Conflicting, leaf: str) -> Settled:
    """Settle by the value of ``leaf``. The hash follows from the choice, so every pair of stores makes the same one."""
    tree = conflict.tree
    hash = digest_of("settled", leaf, *sorted(tree.leaves))
    followed = tree.with_child(hash, tree.leaves, tree[leaf].deleted, tree[leaf].micros)
    return Settled(followed, conflict.values.get(leaf, MISSING), leaf)


def _merge(merge: Merge, conflict: Conflicting) -> Settled | None:
    """Merge the leaves one after the other: that of the source, that of the target, and the others."""
    first, *others = dict.fromkeys([conflict.leaf_of(0), conflict.leaf_of(1), *conflict.tree.leaves])
    tree, value = conflict.tree, conflict.values.get(first, MISSING)
    for other in others:
        base = conflict.past(tree.find_common_ancestors([first, other]))
        value = merge(base, value, conflict.values.get(other, MISSING))
        if isinstance(value, Merged):
            if value.conflicts:
                return None
            value = value.value
        tree, first = follow(tree, [first, other], value)
    return Settled(follow(conflict.tree, conflict.tree.leaves, value)[0], value)


def follow(tree: Tree, parents: Iterable[str], value: Any | Missing) -> tuple[Tree, str]:
    """Return ``tree`` with a new revision after ``parents``, and the hash of this revision."""
    hash = os.urandom(8).hex()
    return tree.with_child(hash, parents, value is MISSING, time.time_ns() // 1000), hash
