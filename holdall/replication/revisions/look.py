"""Finds out which revision of its tree a key has at a store, and which revisions writers have added."""

import time
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final, NamedTuple

from holdall.history import Note, Revision
from holdall.middleware._lifetimes import Left
from holdall.middleware.versions.stamp import micros_of
from holdall.replication.revisions.tree import At, Record, Tree, digest_of
from holdall.store import Missing, Tag

MOST: Final = 100
"""The most revisions that writers have added since the last sync and that the tree gets one by one."""


class Look(NamedTuple):
    """A key at one store: its value with its ``tag``, its newest revision, and its ``record``.

    ``record`` is up to date, and ``stored`` is the one that is stored, with the tag ``kept``. ``left`` is the time
    that the value has left, and None if the values of the store do not expire.
    """

    value: Any | Missing
    tag: Tag
    newest: Revision | None
    record: Record
    stored: Record
    kept: Tag
    left: Left

    @property
    def head(self) -> str | None:
        """The revision that the key has; None if it never existed here."""
        return None if self.record.at is None else self.record.at.hash

    @property
    def number(self) -> int:
        """The number of the newest local revision; 0 if there is none."""
        return 0 if self.newest is None else self.newest.number

    @property
    def note(self) -> Note:
        """The note of the newest local revision."""
        return Note() if self.newest is None else self.newest.note

    def stand_for(self, hash: str) -> At:
        """Return the entry by which the newest local revision stands for ``hash``."""
        return At(self.number, "" if self.newest is None else self.newest.id, hash)


def bring_up_to_date(record: Record, history: Iterator[Revision], newest: Revision | None) -> Record:
    """Return ``record`` with the revisions of ``history`` that it lacks; ``newest`` is the first one.

    A sync that was killed may have written the revision that it announced, and other writers may have gone on
    from there.
    """
    if newest is None:
        return _lose(record)
    at = record.at
    if at is not None and (newest.number, newest.id) == (at.number, at.id):
        return record
    added: list[Revision] = []
    for revision in islice(history, MOST):
        known = _find(record, revision, newest)
        if known is not None:
            record, at = known
            break
        added.append(revision)
    if at is not None and at.number > newest.number:  # the store was restored without its tree
        at = None
    return _add(record, at, added[::-1])


def _find(record: Record, revision: Revision, newest: Revision) -> tuple[Record, At] | None:
    """Return ``record`` with the place of ``revision`` in its tree, or None if it is not there."""
    at = record.at
    if at is not None and revision.number <= at.number and revision is not newest:
        return record, at
    for hash, tree in record.coming:
        if revision.id == hash:
            record = record._replace(tree=record.tree.union(tree))
    if revision.id in record.tree:
        return record, At(revision.number, revision.id, revision.id)
    return None


def _add(record: Record, at: At | None, added: list[Revision]) -> Record:
    """Return ``record`` with ``added``, which came one after the other after the revision ``at``.

    If revisions in between were dropped, the numbers tell how many.
    """
    tree = record.tree
    for each in added:
        number, parents = (0, ()) if at is None else (at.number, (at.hash,))
        micros = micros_of(each.time)
        tree = tree.with_child(each.id, parents, each.deleted, micros, max(1, each.number - number))
        at = At(each.number, each.id, each.id)
    return record._replace(tree=tree, at=at)


def _lose(record: Record) -> Record:
    """Return ``record`` for a key without history. A writer without versions may have deleted an adopted value."""
    if record.at is None or record.at.number == 0:
        return record
    hash = digest_of("lost", record.at.hash)
    tree = record.tree.with_child(hash, (record.at.hash,), True, time.time_ns() // 1000)
    return record._replace(tree=tree, at=At(0, "", hash))


def is_derivable(tree: Tree, look: Look) -> bool:
    """Return whether a reader finds out ``tree`` by itself as soon as the key has its winner."""
    hash = tree.leaves[0]
    known, number, at = tree[hash], look.number + 1, look.record.at
    if at is None:
        derived = look.record.tree.with_child(hash, (), known.deleted, known.micros, number)
    else:
        derived = look.record.tree.with_child(hash, (at.hash,), known.deleted, known.micros)
    return derived == tree
