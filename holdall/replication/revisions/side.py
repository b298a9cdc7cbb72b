"""One of the two stores of a sync that follows revisions: it reads and changes the tree of a key and its value."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from typing import Any, Final

from holdall.changes import Change, Changes, Found
from holdall.errors import NoRevision
from holdall.history import Note, Revision, arriving, note
from holdall.middleware._lifetimes import Left, are_alike, left_of
from holdall.replication.revisions.kept import KeptSiblings, KeptTrees
from holdall.replication.revisions.look import Look, bring_up_to_date, is_derivable
from holdall.replication.revisions.tree import Record, Tree
from holdall.replication.rows import Listed
from holdall.replication.side import Side, is_same
from holdall.store import ABSENT, MISSING, Missing, Store, Tag, conflict

_DRY: Final = Tag("dry")


class RevisedSide(Side):
    """``store`` under ``prefix``. Its tag of a key is that of the value together with that of the tree.

    So a key is listed if it has a value or a tree, and a sibling that arrives is a change. If ``dry``, it
    writes nothing.
    """

    def __init__(self, store: Store[Any], prefix: str, *, dry: bool) -> None:
        super().__init__(store, prefix, raw=False)
        self.batches = False
        self._under = prefix
        self._dry = dry
        self._trees = KeptTrees(store)
        self.feeds = self.feeds and self._trees.feeds
        self._siblings = KeptSiblings(store)

    def listing(self) -> Iterator[Listed]:
        """Yield the keys and their tags, in order."""
        values, trees = super().listing(), self._trees.listing(self._under)
        value, tree = next(values, None), next(trees, None)
        while value and tree:
            if value[0] == tree[0]:
                yield value[0], join_tags(value[1], tree[1])
                value, tree = next(values, None), next(trees, None)
            elif value[0] < tree[0]:
                yield value[0], join_tags(value[1], ABSENT)
                value = next(values, None)
            else:
                yield tree[0], join_tags(ABSENT, tree[1])
                tree = next(trees, None)
        for key, tag in chain([value] if value else [], values):
            yield key, join_tags(tag, ABSENT)
        for key, tag in chain([tree] if tree else [], trees):
            yield key, join_tags(ABSENT, tag)

    def changes(self, since: str | None) -> Changes:
        """Return the changes of the keys and of their trees. The position stays ``since`` until all were yielded."""
        values = super().changes(since)
        return values if since is None else Changes(since, self._find_changes(since, values))

    def _find_changes(self, since: str, values: Changes) -> Found:
        for change in chain(values, self._trees.changes(since, self._under)):
            yield Change(change.key, self.tag(change.key), since)
        return values.position

    def tag(self, key: str) -> Tag:
        return join_tags(super().tag(key), self._trees.tag(key))

    def look(self, key: str) -> Look:
        """Return what the key is here. Raises Conflict if another sync changes its tree in the meantime.

        The tag is read first. If the key changes afterwards, a write that expects this tag fails.
        """
        stored, kept = self._trees.read(key)
        tag = super().tag(key)
        newest, record = self._bring_up_to_date(key, stored)
        value = MISSING if newest is None or newest.deleted else self._at(key, newest.number)
        if (
            record != stored and self._trees.tag(key) != kept
        ):  # it may have announced the newest revision since
            raise conflict(key)
        left = left_of(self.store, self.own(key)) if self.expires else None
        return Look(value, tag, newest, record, stored, kept, left)

    def _bring_up_to_date(self, key: str, record: Record) -> tuple[Revision | None, Record]:
        """Return the newest revision of ``key``, and ``record`` with the revisions that writers have added."""
        try:
            history = self.store.history(self.own(key))
            newest = next(history)
        except KeyError:
            return None, bring_up_to_date(record, iter(()), None)
        return newest, bring_up_to_date(record, chain([newest], history), newest)

    def _at(self, key: str, number: int) -> Any:
        try:
            return self.store.at(self.own(key), number)
        except (NoRevision, KeyError) as error:
            raise conflict(key) from error

    def conflicting(self) -> Iterator[str]:
        """Yield the keys whose tree has several leaves, in order."""
        return self._trees.conflicting(self._under)

    def value(self, key: str, look: Look, hash: str) -> Any | Missing:
        """Return the value of the leaf ``hash``, or MISSING if it is not here."""
        if hash == look.head:
            return look.value
        return self._siblings.read(key, hash) if hash in look.record.siblings else MISSING

    def lefts(self, key: str, look: Look, hashes: list[str]) -> Iterator[Left]:
        """Yield the times that the values of those of ``hashes`` have left that are here."""
        for hash in hashes:
            if hash == look.head:
                yield look.left
            elif hash in look.record.siblings:
                yield self._siblings.left(key, hash)

    def past_value(self, key: str, hashes: list[str]) -> Any | Missing:
        """Return the value that the key had here as one of the revisions ``hashes``, or MISSING."""
        found = self._past(key, hashes)
        with suppress(KeyError, NoRevision):
            return MISSING if found is None else self.store.at(self.own(key), found.number)
        return MISSING

    def note(self, key: str, look: Look, hash: str) -> Note:
        """Return the note of the leaf ``hash``, which is empty if its value is not here."""
        if hash == look.head:
            return look.note
        return self._siblings.note(key, hash) if hash in look.record.siblings else Note()

    def _past(self, key: str, hashes: list[str]) -> Revision | None:
        with suppress(KeyError):
            return next((each for each in self.store.history(self.own(key)) if each.id in hashes), None)
        return None

    def has_moved(self, key: str, look: Look) -> bool:
        """Return whether another sync has changed the tree of ``key`` since the ``look``."""
        return self._trees.tag(key) != look.kept

    def bring(
        self,
        key: str,
        look: Look,
        tree: Tree,
        values: dict[str, Any],
        notes: dict[str, Note],
        lefts: dict[str, Left],
    ) -> tuple[Tag, bool]:
        """Make ``tree`` the tree of ``key``, and its winner the value of ``key``.

        ``values`` are those of the leaves that are not deletions, and ``notes`` those of all leaves. ``lefts`` are
        the times that the values have left; others last as long as every value that is written here. Return the
        new tag, and whether the value was written. Raises Conflict if the key has changed since the ``look``.
        """
        winner, *losers = tree.leaves
        siblings = tuple(hash for hash in losers if hash in values)
        for hash in siblings:
            if hash not in look.record.siblings and not self._dry:
                self._siblings.write(key, hash, values[hash], notes[hash], lefts)
        value = values.get(winner, MISSING)
        alike = winner == look.head or winner not in lefts or are_alike(look.left, lefts[winner])
        if is_same(look.value, value) and alike:
            made = look.record.grow(tree, look.stand_for(winner), siblings)
            kept, tag, writes = self._write_tree(key, look, made), look.tag, False
        else:
            side = self.with_left(lefts[winner]) if winner in lefts else self
            kept, tag = side._write_value(key, look, tree, siblings, value, notes[winner])
            writes = True
        if not self._dry:
            self._siblings.drop(key, [hash for hash in look.stored.siblings if hash not in siblings])
        return join_tags(tag, kept), writes

    def _write_tree(self, key: str, look: Look, record: Record) -> Tag:
        if record == look.stored or self._dry:
            return look.kept
        return self._trees.write(key, record, look.kept)

    def _write_value(
        self, key: str, look: Look, tree: Tree, siblings: tuple[str, ...], value: Any, said: Note
    ) -> tuple[Tag, Tag]:
        """Write ``value``, and return the tags of the tree and of the value."""
        if self._dry:
            return _DRY, _DRY
        winner = tree.leaves[0]
        if siblings or look.record.coming or not is_derivable(tree, look):
            announced = look.record.announce(winner, tree, siblings)
            look = look._replace(stored=announced, kept=self._write_tree(key, look, announced))
        with note(*said), arriving(bytes.fromhex(winner)):
            tag = self._replace(key, value, look.tag)
        _, record = self._bring_up_to_date(key, look.stored)
        # The times in the tree are those of the writers, and not those of the arrivals.
        grown = Tree({**record.tree, **tree})
        return self._write_tree(key, look, record.grow(grown, record.at, siblings)), tag

    def _replace(self, key: str, value: Any, expected: Tag) -> Tag:
        if value is not MISSING:
            return self.put(key, value, expected)
        self.remove(key, expected)
        return ABSENT


def join_tags(value: Tag, tree: Tag) -> Tag:
    """Return the tag of a key whose value and tree have these tags."""
    return Tag(f"{value}|{tree}") if value or tree else ABSENT
