"""The change feed: a `Change`, the iterator `Changes`, and the text of a position.

position = origin 1*( "." number )    opaque to everybody but the store that issued it
origin   = 1*32( ALPHA / DIGIT )      random; it names the store, or a part of its life
number   = 1*20DIGIT

The numbers at the end of a position may stand for a key; `pack_key` makes them.
"""

import re
import struct
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Final, NamedTuple, Self

from holdall.errors import Expired, InvalidPosition
from holdall.keys import RawKey
from holdall.redact import brief
from holdall.store import ABSENT, Tag

Found = Generator["Change", None, str]
"""Yields changes, and returns the position after them."""

NEW: Final = "new"
"""The origin of a position at which nothing was told yet. From there, a feed begins with every key."""

OLD: Final = "old"
"""The origin of a position in a store to which no holdall with a feed has written. No feed goes on from there."""

_WORD, _END = 8, b"\1"  # the bytes of a key in one number, and a byte after the key

_matches = re.compile(r"([0-9a-z]{1,32})((?:\.[0-9]{1,20})+)", re.ASCII).fullmatch


class Change(NamedTuple):
    """``key`` has the tag ``tag`` now, or is missing if ``tag`` is ABSENT.

    ``position`` is the position after this change.
    """

    key: str
    tag: Tag
    position: str


class Changes(Iterator[Change]):
    """The changes that `Store.changes` returns, as an iterator that knows its position.

    >>> from holdall import Memory
    >>> store = Memory()
    >>> store["a"] = b"1"
    >>> feed = store.changes()
    >>> [(change.key, change.tag) for change in feed]
    [('a', '1')]
    >>> del store["a"]
    >>> [(change.key, change.tag) for change in store.changes(feed.position)]
    [('a', '')]
    """

    position: str
    """The position after every change that was yielded. After the last change, it is the position of the feed
    when `Store.changes` was called, also if there was no change at all."""

    def __init__(self, position: str, found: Found, end: str | None = None) -> None:
        """Yield the changes of ``found``. ``end`` is the position after them, if the store knows it already."""
        self.position = position
        self._found = found
        self._end = end

    def __next__(self) -> Change:
        try:
            change = next(self._found)
        except StopIteration as end:
            if end.value is not None:  # only the first StopIteration of a generator has its result
                self.position = end.value
            raise
        self.position = change.position
        return change

    def skip(self) -> str:
        """Leave out the rest of the changes, and return the position after them.

        Some stores know this position. With other stores, this reads the rest of the changes.
        """
        if self._end is None:
            for _ in self:
                pass
        else:
            self._found.close()
            self.position = self._end
        return self.position

    def through(self, function: Callable[[Iterator[Change]], Iterator[Change]], /) -> "Changes":
        """Return these changes as ``function`` yields them. Their positions stay the same."""

        def find() -> Found:
            yield from function(self)
            return self.position

        return Changes(self.position, find(), self._end)

    def retag(self, tag: Callable[[str], Tag], since: str | None, /) -> "Changes":
        """Return these changes since ``since`` with the tags that ``tag`` returns for the keys that exist.

        A feed without ``since`` leaves out the keys for which ``tag`` returns ABSENT.
        """

        def each(changes: Iterator[Change]) -> Iterator[Change]:
            for change in changes:
                found = ABSENT if change.tag == ABSENT else tag(RawKey(change.key))
                if found != ABSENT or since is not None:
                    yield change._replace(tag=found)

        return self.through(each)

    def rename(self, name: Callable[[str], str | None], /) -> "Changes":
        """Return these changes with the keys that ``name`` returns, without those for which it returns None."""

        def each(changes: Iterator[Change]) -> Iterator[Change]:
            for change in changes:
                key = name(change.key)
                if key is not None:
                    yield change._replace(key=key)

        return self.through(each)


class Position(NamedTuple):
    """A position as the adapter that issued it reads it.

    >>> str(Position("d1ce", (7, 3)))
    'd1ce.7.3'
    >>> Position.parse("d1ce.7.3")
    Position(origin='d1ce', numbers=(7, 3))
    """

    origin: str
    numbers: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the position with this text.

        Raises TypeError if it is not a str, and InvalidPosition if no feed writes such a text.
        """
        if not isinstance(text, str):
            raise TypeError(f"a position is a str, not {type(text).__name__}: {brief(text)}")
        found = _matches(text)
        if found is None:
            raise InvalidPosition(
                f"{brief(text)} is not the position of a feed; give a position that changes returned"
            )
        return cls(found[1], tuple(int(number) for number in found[2].split(".")[1:]))

    def __str__(self) -> str:
        return ".".join([self.origin, *map(str, self.numbers)])


def pack_key(key: str) -> tuple[int, ...]:
    """Return ``key`` as numbers for a position; no numbers are the key "".

    >>> pack_key("a/b"), unpack_key(pack_key("invoices/2026/é"))
    ((7002923702018899968,), 'invoices/2026/é')
    """
    coded = key.encode(errors="surrogatepass") + _END if key else b""
    count = -(-len(coded) // _WORD)
    return struct.unpack(f">{count}Q", coded.ljust(_WORD * count, b"\0"))


def unpack_key(numbers: Iterable[int]) -> str:
    """Return the key of these numbers. Raises InvalidPosition if they do not stand for a key."""
    try:
        coded = b"".join(number.to_bytes(_WORD) for number in numbers).rstrip(b"\0")
        if not coded:
            return ""
        if coded.endswith(_END):
            return coded.removesuffix(_END).decode(errors="surrogatepass")
    except (OverflowError, UnicodeDecodeError):
        pass
    raise InvalidPosition("the numbers of this position do not stand for a key")


def expired(store: object, reason: str) -> Expired:
    """Return the Expired for a position of ``store`` from which its feed cannot go on."""
    return Expired(f"the feed of {store!r} cannot go on from this position: {reason}; read all of it again")
