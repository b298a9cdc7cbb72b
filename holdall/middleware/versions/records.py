"""The records of a store's history: created once, never changed, listed newest first."""

from collections.abc import Iterable, Iterator
from typing import Final

from holdall.errors import Conflict, InvalidKey
from holdall.keys import RAW_KEY_BYTES, RawKey, check_key, successor
from holdall.middleware._reserved import Called, Reserved
from holdall.middleware.versions.names import BETWEEN, LONGEST, ROOT, Name, from_number, prefix_of
from holdall.middleware.versions.stamp import Stamp
from holdall.store import ABSENT, Store


class Records:
    """The records under ``.holdall/history/`` of ``store``.

    >>> from holdall import Memory
    >>> records = Records(Memory())
    >>> name = Name.of("a", None)
    >>> records.create(name, b"..."), records.create(name, b"late")
    (True, False)
    >>> records.newest("a") == name
    True
    """

    def __init__(self, store: Store[bytes]) -> None:
        self.raw = Reserved(store, ROOT, _describe)

    @staticmethod
    def check_key(key: str) -> RawKey:
        """Check ``key`` and return it, marked as checked. Every write calls this once for each of its keys.

        Raises the errors of `holdall.keys.check_key`, and InvalidKey if ``key``, with the prefixes of layers
        above, is too long for a record's name.
        """
        check_key(key)
        if len(key) * 4 > _KEY_BYTES and (size := len(key.encode())) > _KEY_BYTES:
            raise InvalidKey(
                f"key {key[:77]!a}… is {size} bytes of UTF-8 with its prefix; "
                f"the limit is {_KEY_BYTES} if versions are kept",
                key=key,
            )
        return RawKey(key)

    def create(self, name: Name, data: bytes) -> bool:
        """Create the record ``name`` with ``data`` and return True; return False if it exists already."""
        try:
            self.raw.swap(name.text, data, ABSENT)
        except Conflict:
            return False
        return True

    def get(self, name: Name) -> bytes | None:
        """The record ``name`` as it is stored; None if there is none."""
        return self.raw.get(name.text)

    def read(self, name: Name) -> tuple[Stamp, bytes] | None:
        """Stamp and value of the record; None if it does not exist. Raises Corrupt if it is damaged.

        The name gives the stamp its number.
        """
        data = self.get(name)
        return None if data is None else parse_record(name, data)

    def read_many(self, names: Iterable[Name]) -> Iterator[tuple[Name, Stamp, bytes]]:
        """Yield the existing records of ``names``, in the order of ``names``."""
        for name, (stamp, value) in self.read_stored(names):
            yield name, name.place(stamp), value

    def read_stored(self, names: Iterable[Name]) -> Iterator[tuple[Name, tuple[Stamp, bytes]]]:
        """As `read_many`, with the stamps as they are stored."""
        by_text = {name.text: name for name in names}
        for text, data in self.raw.get_many(by_text):
            yield by_text[text], Stamp.parse(by_text[text].key, data)

    def names(self, key: str, below: int | None = None) -> Iterator[Name]:
        """Yield the names of ``key``, newest first; with ``below``, those with numbers up to it."""
        start = "" if below is None else from_number(key, below)
        return parse_names(self.raw.scan(prefix_of(key), start=start))

    def newest(self, key: str) -> Name | None:
        """The name of the newest record of ``key``; None if there is none. One listing."""
        return next(self.names(key), None)

    def unknown(self, keys: Iterable[str]) -> set[str]:
        """Those of ``keys`` that have no record.

        It needs one listing for each run of such keys that no record interrupts.
        """
        waiting = sorted(map(prefix_of, keys), reverse=True)
        unknown: list[str] = []
        while waiting:
            least = next(self.raw.scan(start=waiting[-1], stop=successor(waiting[0])), None)
            while waiting and (least is None or (waiting[-1] < least and not least.startswith(waiting[-1]))):
                unknown.append(waiting.pop())
            if waiting and least and least.startswith(waiting[-1]):
                waiting.pop()
        return {names.removesuffix(BETWEEN) for names in unknown}

    def find(self, key: str, number: int) -> Name | None:
        """The name of the record of revision ``number``; None if there is none. One listing."""
        return next(self._between(key, number, number - 1), None)

    def around(self, name: Name) -> Iterator[Name]:
        """Yield ``name`` and the name of the next revision, if they exist. One listing."""
        return self._between(name.key, name.number + 1, name.number - 1)

    def _between(self, key: str, first: int, last: int) -> Iterator[Name]:
        start, stop = from_number(key, first), from_number(key, last)
        return parse_names(self.raw.scan(prefix_of(key), start=start, stop=stop))

    def drop(self, names: Iterable[Name]) -> None:
        """Delete the records ``names``, in no particular order."""
        self.raw.delete_many(name.text for name in names)


_KEY_BYTES: Final = RAW_KEY_BYTES - len(ROOT) - LONGEST


def _describe(text: str | None) -> Called:
    key = (text or "").rpartition(BETWEEN)[0]
    return Called(f"the history of {key!r}", key) if key else Called("the history")


def parse_names(texts: Iterable[str]) -> Iterator[Name]:
    """Yield the names in ``texts``; texts that are not names are left to fsck."""
    return (name for name in map(Name.parse, texts) if name is not None)


def parse_record(name: Name, data: bytes) -> tuple[Stamp, bytes]:
    """Stamp and value of a record, with the number and time that its name gives."""
    stamp, value = Stamp.parse(name.key, data)
    return name.place(stamp), value
