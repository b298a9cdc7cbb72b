"""Memory that promises less: tags that are hashes and repeat, no conditional delete, no transactions."""

import hashlib
from collections.abc import Iterable

from holdall.adapters.memory import Memory
from holdall.store import ABSENT, Change, Feature, Tag, Tagged, unsupported


class Weaker(Memory):
    """A Memory without the features named in ``lacks``, joined by "-".

    >>> store = Weaker("", "UNIQUE_TAGS")
    >>> store["a"] = b"1"
    >>> old = store.get_tagged("a").tag
    >>> store["a"], store["a"] = b"2", b"1"
    >>> store.get_tagged("a").tag == old
    True
    """

    def __init__(self, name: str = "", lacks: str = "") -> None:
        super().__init__(name)
        self._lacking = Feature.NONE
        for feature in filter(None, lacks.split("-")):
            self._lacking |= Feature[feature]
        if Feature.UNIQUE_TAGS in self._lacking:
            self._table.tag = self._hash  # type: ignore[method-assign]  # what swap and remove compare

    def _hash(self, key: str) -> Tag:
        cell = self._table.cells.get(key)
        return _digest(cell[0]) if cell else ABSENT

    @property
    def features(self) -> Feature:
        return super().features & ~self._lacking

    def get_tagged(self, key: str, /) -> Tagged[bytes]:
        value, tag = super().get_tagged(key)
        return Tagged(value, _digest(value) if Feature.UNIQUE_TAGS in self._lacking else tag)

    def swap(self, key: str, value: bytes, /, expected: Tag) -> Tag:
        self._check(Feature.SWAP)
        return super().swap(key, value, expected)

    def remove(self, key: str, /, expected: Tag) -> None:
        self._check(Feature.REMOVE)
        super().remove(key, expected)

    def transact(self, changes: Iterable[Change[bytes]], /) -> None:
        self._check(Feature.ATOMIC)
        super().transact(changes)

    def _check(self, feature: Feature) -> None:
        if feature in self._lacking:
            raise unsupported(self, "do that", feature)


def _digest(value: bytes) -> Tag:
    return Tag(hashlib.blake2b(value, digest_size=8).hexdigest())


KINDS = ("", "ATOMIC", "ATOMIC-REMOVE", "ATOMIC-UNIQUE_TAGS", "ATOMIC-UNIQUE_TAGS-REMOVE")
"""What stores may lack, as `Weaker` takes it: transactions, then conditional deletes, then unique tags."""
