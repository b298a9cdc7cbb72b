"""The head of a key: the data stored under the key itself, as the protocol sees it."""

from collections.abc import Iterable
from typing import NamedTuple, Self

from holdall.middleware.versions.stamp import GONE, MAGIC, Stamp
from holdall.store import ABSENT, Store, Tag, conflict


class Head(NamedTuple):
    """The data that was read under ``key``, with its ``tag`` (ABSENT if there is none), stamp and value.

    ``stamp`` is None if the data was written without versions. ``value`` is None if the key is missing for
    users, because nothing or a deletion is stored.

    >>> from holdall import Memory
    >>> Head.read(Memory(), "a").there
    False
    """

    key: str
    tag: Tag = ABSENT
    data: bytes = b""
    stamp: Stamp | None = None
    value: bytes | None = None

    @classmethod
    def read(cls, store: Store[bytes], key: str) -> Self:
        """The current head of ``key``."""
        try:
            data, tag = store.get_tagged(key)
        except KeyError:
            return cls(key)
        return cls.of(key, data, tag)

    @classmethod
    def read_many(cls, store: Store[bytes], keys: Iterable[str]) -> dict[str, Self]:
        """The head of each of ``keys``, read one after another."""
        heads = {key: cls(key) for key in keys}
        for key, (data, tag) in store._tagged_many(list(heads)):
            heads[key] = cls.of(heads[key].key, data, tag)  # the key as the caller gave it, perhaps a RawKey
        return heads

    @classmethod
    def of(cls, key: str, data: bytes, tag: Tag) -> Self:
        """The head that is stored as ``data``. Raises Corrupt if it is damaged."""
        if not data.startswith(MAGIC):
            return cls(key, tag, data, None, data)
        stamp, value = Stamp.parse(key, data)
        return cls(key, tag, data, stamp, None if stamp.kind in GONE else value)

    @property
    def there(self) -> bool:
        """Whether the key exists for users."""
        return self.value is not None

    @property
    def shown(self) -> Tag:
        """The tag that users see; it is ABSENT for a stored deletion too."""
        return self.tag if self.there else ABSENT

    def expect(self, tag: Tag) -> None:
        """Raise Conflict if users see another tag than ``tag``."""
        if self.shown != tag:
            raise conflict(self.key)
