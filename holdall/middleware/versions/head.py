"""The head of a key: what is stored under the key itself, as the protocol sees it."""

from collections.abc import Iterable
from typing import NamedTuple, Self

from holdall.middleware.versions.stamp import Stamp, is_stamped
from holdall.store import ABSENT, Store, Tag


class Head(NamedTuple):
    """What was read under ``key``: its ``tag`` (ABSENT where nothing is), stamp and value.

    ``stamp`` is None for what was written without versions. ``value`` is None where the key is missing to
    its users: nothing is stored, or a deletion.

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
        """The head of ``key`` now."""
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
            heads[key] = cls.of(heads[key].key, data, tag)  # as it was asked for: it may be vouched for
        return heads

    @classmethod
    def of(cls, key: str, data: bytes, tag: Tag) -> Self:
        """The head that ``data`` is; Corrupt where it is damaged."""
        if not is_stamped(data):
            return cls(key, tag, data, None, data)
        stamp, value = Stamp.parse(key, data)
        return cls(key, tag, data, stamp, None if stamp.deleted else value)

    @property
    def there(self) -> bool:
        """Whether the key is there for its users."""
        return self.value is not None

    @property
    def shown(self) -> Tag:
        """The tag that users see: ABSENT also for a deletion that had to be kept."""
        return self.tag if self.there else ABSENT
