"""One of the two stores of a sync: how its keys are listed, and how the value of a key is read and replaced."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from copy import copy
from typing import Any, Final, NamedTuple, Self

from holdall.changes import Changes
from holdall.errors import Corrupt, Invalid
from holdall.keys import RawKey, begins_key, fits, format_key, is_reserved
from holdall.layer import layers
from holdall.middleware._lifetimes import Left, expires, with_left
from holdall.middleware.escape import Escape
from holdall.replication.rows import Listed
from holdall.replication.state import FOLDER
from holdall.store import ABSENT, Delete, Expect, Feature, Operation, Put, Store, Tag, Tagged, conflict
from holdall.transfer import digest

_DAMAGED: Final = Tag("damaged")  # the tag of a value that cannot be read, on a store without TAGS


class Write(NamedTuple):
    """If ``key`` has the tag ``expected``, it gets the value of ``held``, or is deleted if that is None."""

    key: str
    held: Tagged[Any] | None
    expected: Tag


class Side:
    """``store`` under ``prefix``. If ``raw``, its stored bytes, with the reserved keys.

    On a store without TAGS, the tag of a key is a digest of its value. On a store without SWAP or REMOVE, a
    write checks the tag and then writes, so it can overwrite a value that was written at the same moment.
    """

    def __init__(self, store: Store[Any], prefix: str, *, raw: bool) -> None:
        _require_prefix(store, prefix, raw)
        self.name = repr(store)
        self.store: Store[Any] = store.raw() if raw else store
        self._prefix = prefix
        self._raw = raw
        self._hides = not raw and not any(isinstance(layer, Escape) for layer in layers(store))
        self.expires = not raw and expires(store)
        features = self.store.features
        self._tags = Feature.TAGS in features
        self._removes = Feature.REMOVE in features
        self.swaps = Feature.SWAP in features
        self.batches = Feature.ATOMIC in features
        self.feeds = Feature.CHANGES in features and not raw

    @property
    def label(self) -> str:
        """The name of the store, with the prefix."""
        return f"{self.name} under {self._prefix!r}" if self._prefix else self.name

    def own(self, key: str) -> str:
        """Return ``key`` as `marked` does. Raises Corrupt if it is not one of the keys that this sync copies.

        Listings and remembered rows come from the other store too, which could ask for any key in this way.
        """
        if not key.startswith(self._prefix) or (self._hides and is_reserved(key)):
            raise Corrupt(
                f"{format_key(key)} is not a key of {self.label}, but the other store lists or remembers it; "
                "check that store, and sync with forget=True (--forget)",
                key=key,
            )
        return marked(key)

    def listing(self) -> Iterator[Listed]:
        """Yield the keys and their tags, in order."""
        found = self.store.scan_tags(self._prefix) if self._tags else self._digests()
        return (each for each in found if not _is_ours(each[0])) if self._raw else found

    def _digests(self) -> Iterator[Listed]:
        start = ""
        try:
            for key, value in self.store.scan_items(self._prefix):
                yield key, _tag(value)
                start = key + "\0"
        except Corrupt:  # from here on, one read for each key tells which ones are damaged
            for key in self.store.scan(self._prefix, start=start):
                tag = self.tag(key)
                if tag != ABSENT:
                    yield key, tag

    def changes(self, since: str | None) -> Changes:
        """Return the feed of the store, see `Store.changes`."""
        return self.store.changes(since, prefix=self._prefix)

    def end(self, since: str | None) -> str:
        """Return the position of now, which is after ``since``."""
        return self.store.changes(since, prefix=self._prefix).skip()

    def tag(self, key: str) -> Tag:
        """Return the tag of ``key`` now, or ABSENT if it is missing."""
        if self._tags:
            return self.store.tag(self.own(key))
        try:
            held = self.read(key)
        except Corrupt:
            return _DAMAGED
        return ABSENT if held is None else held.tag

    def read(self, key: str) -> Tagged[Any] | None:
        """Return the value of ``key`` and its tag, or None if it is missing."""
        with suppress(KeyError):
            if self._tags:
                return self.store.get_tagged(self.own(key))
            value = self.store[self.own(key)]
            return Tagged(value, _tag(value))
        return None

    def read_many(self, keys: Iterable[str]) -> dict[str, Tagged[Any]]:
        """Return the values of those of ``keys`` that exist, with their tags."""
        checked = map(self.own, keys)
        if self._tags:
            return dict(self.store._tagged_many(checked))
        return {key: Tagged(value, _tag(value)) for key, value in self.store.get_many(checked)}

    def remaining(self, key: str) -> Left:
        """Return the time that the value of ``key`` has left. Raises Conflict if it has expired or was deleted."""
        try:
            return self.store.remaining(self.own(key))
        except KeyError as error:
            raise conflict(key) from error

    def with_left(self, left: Left) -> Self:
        """Return this side, but the values that it writes have this time left."""
        made = copy(self)
        made.store = with_left(self.store, left)
        return made

    def put(self, key: str, value: Any, expected: Tag) -> Tag:
        """Write ``value`` if ``key`` has the tag ``expected``, and return the new tag.

        Raises Conflict if the key has another tag.
        """
        key = self.own(key)
        if self.swaps:
            return self.store.swap(key, value, expected)
        if self.tag(key) != expected:
            raise conflict(key)
        first = self._write(key, value)
        # If the value differs, another writer was faster, or the store changes such values, each time in the same way.
        if not is_same(first.value, value) and not is_same(self._write(key, value).value, first.value):
            raise conflict(key)
        return first.tag

    def _write(self, key: str, value: Any) -> Tagged[Any]:
        self.store[key] = value
        held = self.read(key)
        if held is None:
            raise conflict(key)
        return held

    def remove(self, key: str, expected: Tag) -> None:
        """Delete ``key`` if it has the tag ``expected``. Raises Conflict if it has another tag."""
        if self._removes:
            self.store.remove(self.own(key), expected)
        elif self.tag(key) != expected:
            raise conflict(key)
        else:
            self.store.discard(self.own(key))

    def write_many(self, writes: list[Write]) -> dict[str, Tag]:
        """Make all of ``writes`` in one transaction, or none, and return the new tags.

        A key that another writer changed after the transaction is not in the result. Raises Conflict if a key
        does not have the expected tag.
        """
        operations: list[Operation[Any]] = [Expect(self.own(each.key), each.expected) for each in writes]
        for key, held, _ in writes:
            operations.append(Delete(self.own(key)) if held is None else Put(self.own(key), held.value))
        self.store.transact(operations)
        found = self.read_many(key for key, held, _ in writes if held is not None)
        tags = {key: ABSENT for key, held, _ in writes if held is None}
        for key, held, _ in writes:
            if held is not None and key in found and is_same(found[key].value, held.value):
                tags[key] = found[key].tag
        return tags


def _require_prefix(store: Store[Any], prefix: str, raw: bool) -> None:
    """Raise Invalid if no key that a sync copies can begin with ``prefix``."""
    if any(isinstance(layer, Escape) for layer in layers(store)) and not raw:
        return
    if not begins_key(prefix, hides=False):
        raise Invalid(f"no key can begin with the prefix {format_key(prefix)}; choose another prefix")
    if not raw and not begins_key(prefix):
        raise Invalid(
            f"the prefix {format_key(prefix)} is that of reserved keys, which only a sync with raw=True (--raw) "
            "copies; choose another prefix"
        )


def is_same(a: Any, b: Any) -> bool:
    """Return whether the values are equal, and of equal types in every part.

    >>> is_same({"a": 1}, {"a": 1}), is_same({"a": 1}, {"a": True})
    (True, False)
    """
    if isinstance(a, bytes) and isinstance(b, bytes):
        return a == b
    return digest(a) == digest(b)


def _is_ours(key: str) -> bool:
    """Return whether a sync keeps ``key`` as a record of its own, also under a prefix."""
    return is_reserved(key) and f"/{FOLDER}" in f"/{key}"


def _tag(value: Any) -> Tag:
    return Tag(digest(value).hex())


def marked(key: str) -> str:
    """Return ``key``, marked as checked if it fits the grammar, also if a prefix made it long or it is reserved."""
    return RawKey(key) if fits(key) else key
