"""Where a store keeps the trees of its keys, and the values of siblings.

    tree    = ".holdall/revisions/" key               see `holdall.replication.revisions.tree`
    sibling = ".holdall/siblings/" key "/" hash       the value with a stamp, see `holdall.middleware.versions.stamp`

Both are named by the key as the lowest store knows it. The values pass through the same serializer, compression and
encryption as all others, and have a deadline if the others do. Of the stamp, only the note means something.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final, NoReturn

from holdall.changes import Changes
from holdall.errors import Unsupported
from holdall.history import Note, current_note, note
from holdall.keys import RESERVED, RawKey
from holdall.layer import Layer, Wrapper, layers
from holdall.middleware._lifetimes import Left, left_of, with_left
from holdall.middleware._reserved import Called, Reserved
from holdall.middleware.codec import Codec
from holdall.middleware.expires import Expires
from holdall.middleware.versions.sealing import Sealing
from holdall.middleware.versions.stamp import PUT, Stamp
from holdall.middleware.versions.store import VersionedStore
from holdall.prefixed import Prefixed
from holdall.replication.revisions.tree import Record, Tree
from holdall.store import ABSENT, MISSING, Feature, Missing, Store, Tag

TREES: Final = f"{RESERVED}/revisions/"
SIBLINGS: Final = f"{RESERVED}/siblings/"
_EMPTY: Final = Record(Tree())


def keeps_revisions(store: Store[Any]) -> bool:
    """Return whether ``store`` has the layer `Versions`, and can be written."""
    return Feature.SWAP in store.features and any(isinstance(each, VersionedStore) for each in layers(store))


class KeptTrees:
    """The records of the keys of ``store``."""

    def __init__(self, store: Store[Any]) -> None:
        self._raw: Store[bytes] = _over(store, TREES, (Prefixed,))

    @property
    def feeds(self) -> bool:
        """Whether a feed tells which records change."""
        return Feature.CHANGES in self._raw.features

    def changes(self, since: str, prefix: str) -> Changes:
        """Return the feed of the records, see `Store.changes`."""
        return self._raw.changes(since, prefix=prefix)

    def listing(self, prefix: str) -> Iterator[tuple[str, Tag]]:
        """Yield the keys that have a record, in order, with the tags of the records."""
        return self._raw.scan_tags(prefix)

    def tag(self, key: str) -> Tag:
        """Return the tag of the record of ``key``."""
        return self._raw.tag(RawKey(key))

    def read(self, key: str) -> tuple[Record, Tag]:
        """Return the record of ``key`` and its tag."""
        with suppress(KeyError):
            data, tag = self._raw.get_tagged(RawKey(key))
            return Record.load(key, data), tag
        return _EMPTY, ABSENT

    def conflicting(self, prefix: str) -> Iterator[str]:
        """Yield the keys under ``prefix`` whose tree has several leaves, in order."""
        records = ((key, Record.load(key, data)) for key, data in self._raw.scan_items(prefix))
        return (key for key, record in records if len(record.tree.leaves) > 1)

    def write(self, key: str, record: Record, expected: Tag) -> Tag:
        """Replace the record, and return its new tag. Raises Conflict if the old one has another tag."""
        return self._raw.swap(RawKey(key), record.dump(), expected)


class KeptSiblings:
    """The values of the losing revisions of ``store``, each with its note, and with its deadline if it has one."""

    def __init__(self, store: Store[Any]) -> None:
        kinds = Prefixed, Codec, Expires
        self._values: Store[Any] = _over(store, SIBLINGS, kinds, _Stamped)
        self._expired: Store[Any] = _over(store, SIBLINGS, kinds, _Stamped, _show_expired)
        self._notes: Store[Note] = _over(store, SIBLINGS, (Prefixed,), _Notes)

    def read(self, key: str, hash: str) -> Any | Missing:
        """Return the value of the revision ``hash`` of ``key``, even if it has expired, or MISSING."""
        return self._expired.get(_name(key, hash), MISSING)

    def left(self, key: str, hash: str) -> Left:
        """Return the time that the value of the revision ``hash`` of ``key`` has left."""
        return left_of(self._values, _name(key, hash))

    def note(self, key: str, hash: str) -> Note:
        """Return the note of the revision ``hash`` of ``key``, which is empty if the value is not here."""
        return self._notes.get(_name(key, hash), Note())

    def write(self, key: str, hash: str, value: Any, said: Note, lefts: dict[str, Left]) -> None:
        """Keep ``value`` with the note ``said``. If ``lefts`` has a time for ``hash``, the value has this time left."""
        values = with_left(self._values, lefts[hash]) if hash in lefts else self._values
        with note(*said):
            values[_name(key, hash)] = value

    def drop(self, key: str, hashes: list[str]) -> None:
        """Delete the values of ``hashes``."""
        for hash in hashes:
            self._values.discard(_name(key, hash))


def _name(key: str, hash: str) -> RawKey:
    return RawKey(f"{key}/{hash}")


class _Stamped(Codec[bytes, bytes]):
    """Values with a stamp, which has the note that applies when the value is written."""

    def __init__(self, store: Store[bytes], sealing: Sealing) -> None:
        super().__init__(store)
        self._sealing = sealing

    def encode(self, key: str, value: bytes) -> bytes:
        return self._sealing.stamp(key, Stamp.now(PUT, 1, current_note()), value)

    def decode(self, key: str, data: bytes) -> bytes:
        return Stamp.parse(key, data)[1]


class _Notes(Codec[Note, bytes]):
    """The notes in these stamps."""

    def __init__(self, store: Store[bytes], sealing: Sealing) -> None:
        super().__init__(store)
        self._sealing = sealing

    def decode(self, key: str, data: bytes) -> Note:
        return self._sealing.note(key, *Stamp.parse(key, data))

    def encode(self, key: str, value: Note) -> NoReturn:
        raise NotImplementedError


def _over(
    store: Store[Any],
    root: str,
    kinds: tuple[type[Layer[Any, Any]], ...],
    kind: Callable[[Store[bytes], Sealing], Store[Any]] = lambda store, sealing: store,
    put: Callable[[Layer[Any, Any], Store[Any]], Store[Any]] = lambda layer, store: layer.over(store),
) -> Store[Any]:
    """Return the layers of ``store`` that are of ``kinds``, over ``kind`` over its reserved keys under ``root``.

    ``put`` puts each layer on the store below.
    """
    if isinstance(store, VersionedStore):
        called = Called("the revisions of the store")
        return kind(Reserved(store.inner, root, lambda key: called), store.sealing)
    if isinstance(store, kinds):
        return put(store, _over(store.inner, root, kinds, kind, put))
    if isinstance(store, Wrapper):
        return _over(store.inner, root, kinds, kind, put)
    raise Unsupported(f"{store!r} keeps no revisions; wrap it in Versions (history=on in its address)")


def _show_expired(layer: Layer[Any, Any], store: Store[Any]) -> Store[Any]:
    """Put ``layer`` on ``store``, but let no value expire."""
    return Expires(store, clock=lambda: 0.0) if isinstance(layer, Expires) else layer.over(store)
