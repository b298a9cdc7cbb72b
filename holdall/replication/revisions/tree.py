"""The revisions of a key that a store knows, and the form in which it keeps them.

    record   = JSON object: "format": 1, "at": null / at, "revisions": tree,
               "siblings": [ *hash ], "coming": [ *[ hash, tree ] ]
    at       = [ number, id, hash ]        the local revision with this number and id is the revision ``hash``
    tree     = { *hash: [ generation, [ *hash ], deleted, time ] }
    hash     = 16HEXDIG
    time     = microseconds since 1970, by the clock of the writer

A revision follows its parents, whose hashes the second item lists. "siblings" are the losing revisions whose values
are stored. "coming" has trees, each of which becomes valid as soon as the key has the revision ``hash``.
A *leaf* has no children. The winner is the leaf with the greatest generation, and of several the one with the
greatest hash. A tree has at most the last 1,000 revisions before each leaf, so the parents of the oldest ones may be
missing.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Any, Final, NamedTuple, Self

from holdall.errors import Corrupt, Mismatch
from holdall.middleware.versions.stamp import to_datetime
from holdall.redact import brief

FORMAT: Final = 1
LIMIT: Final = 1_000
"""A record keeps so many revisions before each leaf, with the leaf itself."""
_is_hash: Final = re.compile("[0-9a-f]{16}").fullmatch


class Known(NamedTuple):
    """One revision of a key: its generation, its parents, whether it is a deletion, and its time."""

    generation: int
    parents: tuple[str, ...]
    deleted: bool
    micros: int


class Tree(dict[str, Known]):
    """The known revisions by hash.

    >>> a, b = Known(1, (), False, 0), Known(2, ("aa",), False, 0)
    >>> Tree({"aa": a}).union(Tree({"aa": a, "bb": b})).leaves
    ['bb']
    """

    @property
    def leaves(self) -> list[str]:
        """The revisions without children, the winner first."""
        parents = {parent for known in self.values() for parent in known.parents}
        return sorted(self.keys() - parents, key=self._rank, reverse=True)

    def _rank(self, hash: str) -> tuple[int, str]:
        return self[hash].generation, hash

    def union(self, other: "Tree") -> "Tree":
        """Return the revisions of both trees."""
        made = Tree(self)
        for hash, known in other.items():
            made[hash] = _unite(made[hash], known) if hash in made else known
        return made

    def with_child(
        self, hash: str, parents: Iterable[str], deleted: bool, micros: int, steps: int = 1
    ) -> "Tree":
        """Return a tree with the revision ``hash``, which is ``steps`` generations after ``parents``."""
        ordered = tuple(sorted(parents))
        last = max((self[parent].generation for parent in ordered), default=0)
        return self.union(Tree({hash: Known(last + steps, ordered, deleted, micros)}))

    def cut(self, limit: int) -> "Tree":
        """Return the tree with the last ``limit`` revisions before each leaf, with the leaf itself.

        Each revision that stays has a child that stays, unless it is a leaf. So no other revision becomes a leaf.
        """
        if len(self) <= limit:
            return self
        last = set(self.leaves)
        kept = set(last)
        for _ in range(limit - 1):
            last = {parent for hash in last for parent in self[hash].parents if parent in self} - kept
            kept |= last
        return Tree({hash: known for hash, known in self.items() if hash in kept})

    def follows(self, hash: str, other: str | None) -> bool:
        """Return whether the revision ``hash`` is ``other`` or comes after it."""
        return hash == other or other in self._find_ancestors(hash)

    def find_common_ancestors(self, hashes: Iterable[str]) -> list[str]:
        """Return the last revision that all of ``hashes`` follow, and those that have its value.

        Equal revisions have the value of their common child. Without such a revision, return nothing.
        """
        followed = set.intersection(*map(self._find_ancestors, hashes))
        last = max(followed, key=self._rank, default=None)
        return [] if last is None else self.find_equal(last)

    def find_equal(self, hash: str) -> list[str]:
        """Return ``hash``, and the revisions that it joins because they are equal."""
        parents = self[hash].parents
        return [hash, *parents] if hash == join_of(parents) else [hash]

    def _find_ancestors(self, hash: str) -> set[str]:
        found: set[str] = set()
        waiting = [hash]
        while waiting:
            waiting.extend(
                parent for parent in self[waiting.pop()].parents if parent in self and parent not in found
            )
            found.update(waiting)
        return found

    def name(self, hash: str) -> str:
        """Return the name of a revision as CouchDB writes it."""
        return f"{self[hash].generation}-{hash}"


def _unite(a: Known, b: Known) -> Known:
    parents = tuple(sorted({*a.parents, *b.parents}))
    return Known(max(a.generation, b.generation), parents, a.deleted, min(a.micros, b.micros))


def digest_of(*texts: str) -> str:
    """Return a hash that is the same at every store."""
    return hashlib.blake2b("\0".join(texts).encode(), digest_size=8).hexdigest()


def join_of(equal: Iterable[str]) -> str:
    """Return the hash of the common child of revisions that are ``equal``."""
    return digest_of("equal", *sorted(equal))


class At(NamedTuple):
    """The local revision with this ``number`` and ``id`` is the revision ``hash`` of the tree."""

    number: int
    id: str
    hash: str


class Coming(NamedTuple):
    """The revision that a sync is about to write, and the tree from then on."""

    hash: str
    tree: Tree


class Record(NamedTuple):
    """What a store keeps about the revisions of a key."""

    tree: Tree
    at: At | None = None
    siblings: tuple[str, ...] = ()
    coming: tuple[Coming, ...] = ()

    def grow(self, tree: Tree, at: At | None, siblings: tuple[str, ...]) -> "Record":
        """Return the record with another tree, and with the trees that may still come."""
        coming = tuple(each for each in self.coming if each.hash not in tree)
        return Record(tree.cut(LIMIT), at, siblings, coming)

    def announce(self, hash: str, tree: Tree, siblings: tuple[str, ...]) -> "Record":
        """Return the record with ``tree`` as one that may come, and with all siblings that it needs or has."""
        others = tuple(each for each in self.coming if each.hash != hash)
        parked = tuple(sorted({*self.siblings, *siblings}))
        return self._replace(siblings=parked, coming=(*others, Coming(hash, tree)))

    def dump(self) -> bytes:
        """Return the record as `load` reads it."""
        return json.dumps(
            {
                "format": FORMAT,
                "at": self.at,
                "revisions": self.tree,
                "siblings": self.siblings,
                "coming": self.coming,
            },
            separators=(",", ":"),
        ).encode()

    @classmethod
    def load(cls, key: str, data: bytes) -> Self:
        """Return the record of ``key``. Raises Mismatch if a later holdall wrote it, and Corrupt if it is damaged."""
        try:
            read = json.loads(data)
            if read["format"] != FORMAT:
                raise Mismatch(
                    f"a later version of holdall wrote the revisions of {key!r}; upgrade holdall", key=key
                )
            tree = _tree(read["revisions"])
            return cls(
                tree,
                _at(read["at"], tree),
                tuple(map(_hash, read["siblings"])),
                tuple(Coming(_hash(hash), _tree(coming)) for hash, coming in read["coming"]),
            )
        except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
            if isinstance(error, Mismatch):
                raise
            raise Corrupt(f"the revisions of {key!r} are damaged: {error}", key=key) from error


def _at(read: Any, tree: Tree) -> At | None:
    at = None if read is None else At(int(read[0]), str(read[1]), _hash(read[2]))
    return at if at is not None and at.hash in tree else None


def _tree(read: dict[str, Any]) -> Tree:
    tree = Tree({_hash(hash): _known(*fields) for hash, fields in read.items()})
    require_leaf(tree)
    return tree


def require_leaf(tree: Tree) -> None:
    """Raise ValueError if each revision has a child, so that some of them follow themselves."""
    if tree and not tree.leaves:
        raise ValueError("each revision of its tree has a child")


def _known(generation: Any, parents: Any, deleted: Any, micros: Any) -> Known:
    to_datetime(micros)  # raises if there is no such time
    return Known(int(generation), tuple(map(_hash, parents)), bool(deleted), int(micros))


def _hash(read: Any) -> str:
    """Return ``read`` if it is a hash. It becomes a part of a key, and is compared with others as a text."""
    if not _is_hash(read):
        raise ValueError(f"{brief(read)} is not a revision")
    return str(read)
