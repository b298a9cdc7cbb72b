"""`conflicts` lists the keys whose revisions are in conflict, and `settle` ends such a conflict."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple, TypeVar

from holdall.errors import Conflict
from holdall.history import Note, current_note
from holdall.middleware.versions.stamp import to_datetime
from holdall.replication.revisions.look import Look
from holdall.replication.revisions.settling import follow
from holdall.replication.revisions.side import RevisedSide
from holdall.store import ATTEMPTS, MISSING, Missing, Store, Tag, conflict, pause

T = TypeVar("T")


class Sibling(NamedTuple):
    """One of the revisions of a key that are in conflict.

    ``revision`` is its name, which is the same at every store: the number of its generation, and its id.
    ``value`` is MISSING if the revision is a deletion. ``time`` comes from the clock of the writer. ``note`` has the
    author and the message, which are empty for a deletion that is not the winner.
    """

    revision: str
    value: Any | Missing
    time: datetime
    note: Note = Note()


class KeyConflict(NamedTuple):
    """The revisions of ``key`` that are in conflict. The key has the value of the first one, the winner.

    ``tag`` is the tag of the key, or ABSENT if the winner is a deletion. ``base`` is the value of the last
    revision that all of them follow. It is MISSING if there is none, if it is a deletion, or if the history of
    this store does not have it, because it was pruned or never was the value here.
    """

    key: str
    siblings: list[Sibling]
    tag: Tag
    base: Any | Missing = MISSING


def conflicts(store: Store[Any], prefix: str = "") -> Iterator[KeyConflict]:
    """Yield the conflicts of the keys under ``prefix``, in the order of the keys.

    It reads the tree of every key under ``prefix`` that was synced by revisions.

    >>> from holdall import Json, Memory, Versions
    >>> from holdall.replication import sync_both
    >>> shop, cloud = Versions(Json(Memory())), Versions(Json(Memory()))
    >>> shop["a"], cloud["a"] = 1, 2
    >>> sync_both(shop, cloud, conflict="keep").siblings
    1
    >>> [sorted(each.value for each in found.siblings) for found in conflicts(shop)]
    [[1, 2]]
    >>> settle(shop, "a", 3)
    >>> sync_both(shop, cloud, conflict="keep").siblings, cloud["a"], list(conflicts(cloud))
    (0, 3, [])
    """
    side = RevisedSide(store, prefix, dry=False)
    found = (_find(side, key) for key in side.conflicting())
    return (each for each in found if each is not None)


def find_conflict(store: Store[Any], key: str) -> KeyConflict | None:
    """Return the conflict of ``key``, or None if it is not in conflict."""
    return _find(RevisedSide(store, "", dry=False), key)


def _find(side: RevisedSide, key: str) -> KeyConflict | None:
    look = _retry(key, partial(side.look, key))
    tree = look.record.tree
    if len(tree.leaves) < 2:
        return None
    base = side.past_value(key, tree.find_common_ancestors(tree.leaves))
    return KeyConflict(key, list(_siblings(side, key, look)), look.tag, base)


def settle(store: Store[Any], key: str, value: Any | Missing, *, expected: Tag | None = None) -> None:
    """End the conflict of ``key``: write ``value``, which follows all siblings, or delete the key if it is MISSING.

    A sync brings this revision to the other stores, where it follows the siblings too. Raises Conflict if
    ``expected`` is given and is not the tag of the key.
    """
    side = RevisedSide(store, "", dry=False)

    def attempt() -> bool:
        look = side.look(key)
        if expected in (None, look.tag):
            tree = look.record.tree
            followed, hash = follow(tree, tree.leaves, value)
            values = {} if value is MISSING else {hash: value}
            side.bring(key, look, followed, values, {hash: current_note()}, {})
        return expected in (None, look.tag)

    if not _retry(key, attempt):
        raise conflict(key)


def _siblings(side: RevisedSide, key: str, look: Look) -> Iterator[Sibling]:
    tree = look.record.tree
    for hash in tree.leaves:
        value, note = side.value(key, look, hash), side.note(key, look, hash)
        yield Sibling(tree.name(hash), value, to_datetime(tree[hash].micros), note)


def _retry(key: str, call: Callable[[], T]) -> T:
    for attempt in range(ATTEMPTS):
        try:
            return call()
        except Conflict:
            time.sleep(pause(attempt))
    raise Conflict(f"{key!r} changed {ATTEMPTS} times in the meantime; try again", key=key)
