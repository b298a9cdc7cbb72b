"""A store in a dbm file."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from hashlib import blake2b
from typing import TypeVar, cast

from holdall.adapters._files.durability import DURABILITIES, Durability, check_durability
from holdall.adapters._files.flock import TIMEOUT, check_timeout
from holdall.adapters._files.paths import absolute
from holdall.adapters._shared.space import Space, space_on_disk
from holdall.adapters.dbm.flavors import FLAVORS, Change, Handle
from holdall.adapters.dbm.pages import page
from holdall.adapters.dbm.recognition import choose, keeps_order
from holdall.adapters.dbm.twins import Get, NoFile, Twins
from holdall.address import Address
from holdall.batches import look_up, look_up_all, split_keys, split_pairs, split_transaction
from holdall.errors import InvalidAddress
from holdall.handles import PerThread, delays_fork
from holdall.keys import Foreign, Span, check_key
from holdall.store import (
    ABSENT,
    MISSING,
    Delete,
    Expect,
    Feature,
    Missing,
    Operation,
    Put,
    Store,
    Tag,
    Tagged,
    conflict,
    to_bytes,
)

T = TypeVar("T")

_FEATURES = (
    Feature.BATCH
    | Feature.TAGS
    | Feature.SWAP
    | Feature.REMOVE
    | Feature.ATOMIC
    | Feature.SHARED
    | Feature.DURABLE
)
_LOOKUPS = 128  # keys looked up under one lock
_NO_PAGE: tuple[list[str], str | None] = [], None


class DBM(Store[bytes]):
    """The file at ``path`` of a dbm ``flavor``: ``dumb``, ``ndbm``, ``gnu``, ``bsd`` or ``sqlite3``.

    The store recognises the flavor of an existing file; ``flavor`` is required only to create a file. The
    file stays plain: other programs may read it, and may write it while no store has it open. The store
    leaves alone their keys that do not fit the key grammar of holdall; no scan of keys yields them.

    Of all threads and processes, only one writer works at a time, and no reader at the same time: all take
    the lock ``path.lock``. A write changes ``path`` and then a second copy, ``path.twin``. If a kill or a
    full disk damages one of them, the next reader or writer restores it from the other. (sqlite3 has
    transactions instead.) So every batch is all or nothing.

    ``durability="full"``: a write that returned survives a power failure. ``"os"``: it survives the end of
    this process, but a power failure may damage both files. ``timeout``: the seconds to wait for other
    writers; then the store raises Unavailable.

    A tag is a hash of the value. Only sqlite3 and the B-trees of bsd keep keys in order (SEEK); with the
    other flavors, a scan first lists all keys. The store does not promise to notice that the file is
    replaced while it is open.

    >>> import tempfile, dbm.dumb
    >>> store = DBM(tempfile.mkdtemp() + "/books", flavor="dumb")
    >>> store["invoices/1"] = b"..."
    >>> dbm.dumb.open(store.path)[b"invoices/1"]
    b'...'
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        flavor: str | None = None,
        durability: Durability = "full",
        timeout: float = TIMEOUT,
    ) -> None:
        if flavor is not None and flavor not in FLAVORS:
            raise InvalidAddress(f"dbm: flavor={flavor!r} is not one of {', '.join(FLAVORS)}")
        check_durability("dbm", durability)
        check_timeout("dbm", timeout)
        self.path = absolute(path, "dbm", "dbm:books?flavor=gnu")
        self.flavor = choose(self.path, flavor, timeout)
        self._ordered = keeps_order(self.path, self.flavor)
        options = {name: value for name, value in self._made_with[1].items() if name != "path"}
        self._made_with = (self.path,), options | {"flavor": self.flavor}
        twins = partial(Twins, self.path, self.flavor, durability == "full", timeout)
        self._twins: PerThread[Twins] = PerThread(twins, Twins.close, delayed=True)

    @classmethod
    def from_address(cls, address: Address) -> "DBM":
        options = address.options(flavor=tuple(FLAVORS), durability=DURABILITIES, timeout=float)
        if address.host or address.userinfo or address.port is not None:
            raise InvalidAddress(f"dbm: {str(address)!r} names a host; write dbm:///path or dbm:path")
        return cls(address.path, **options)

    @property
    def features(self) -> Feature:
        return _FEATURES | Feature.SEEK if self._ordered else _FEATURES

    # ---- Reading -----------------------------------------------------------------------------------

    @delays_fork
    def _read(self, function: Callable[[Handle], T], absent: T) -> T:
        try:
            return self._twins().read(function)
        except NoFile:
            return absent

    def __getitem__(self, key: str, /) -> bytes:
        value = self._find(key)
        if value is MISSING:
            raise KeyError(key)
        return value

    def _find(self, key: str, /) -> bytes | Missing:
        check_key(key)
        value = self._read(lambda handle: handle.get(key.encode()), None)
        return MISSING if value is None else value

    def __contains__(self, key: object, /) -> bool:
        return self._find(cast(str, key)) is not MISSING  # raises TypeError if the key is not a str

    def get_tagged(self, key: str, /) -> Tagged[bytes]:
        value = self[key]
        return Tagged(value, _tag(value))

    def get_many(self, keys: Iterable[str], /) -> Iterator[tuple[str, bytes]]:
        return look_up_all(self._look_up, keys, _LOOKUPS)

    def _look_up(self, keys: Iterator[str]) -> list[tuple[str, bytes]]:
        none: list[tuple[str, bytes]] = []
        return self._read(lambda handle: look_up(handle.get, keys), none)

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return (name for name in self.scan_names(prefix, start=start, stop=stop) if type(name) is not Foreign)

    def scan_names(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return self._names(Span.of(prefix, start, stop))

    def _names(self, span: Span) -> Iterator[str]:
        low: str | None = span.low
        while low is not None:
            names, low = self._read(partial(page, span._replace(low=low)), _NO_PAGE)
            yield from names

    def get_foreign(self, name: Foreign, /) -> bytes:
        value = self._read(lambda handle: handle.get(name.stored), None)
        if value is None:
            raise KeyError(name)
        return value

    def scan_tags(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, Tag]]:
        items = self.scan_items(prefix, start=start, stop=stop)
        return ((key, _tag(value)) for key, value in items)

    # ---- Writing -----------------------------------------------------------------------------------

    @delays_fork
    def _write(self, decide: Callable[[Get], Sequence[Change]]) -> None:
        self._twins().write(decide)

    def __setitem__(self, key: str, value: bytes, /) -> None:
        check_key(key)
        change = key.encode(), to_bytes(value)
        self._write(lambda get: [change])

    def __delitem__(self, key: str, /) -> None:
        check_key(key)
        if not self._delete([key]):
            raise KeyError(key)

    def discard(self, key: str, /) -> None:
        check_key(key)
        self._delete([key])

    @delays_fork
    def _delete(self, keys: list[str]) -> int:
        """Delete ``keys``; return how many of them existed."""
        deleted: list[Change] = []

        def decide(get: Get) -> Sequence[Change]:
            asked = dict.fromkeys(key.encode() for key in keys)
            deleted.extend((key, None) for key in asked if get(key) is not None)
            return deleted

        twins = self._twins()
        if twins.may_exist():
            twins.write(decide)
        return len(deleted)

    def set_many(self, items: Iterable[tuple[str, bytes]], /) -> None:
        for batch in split_pairs(items):
            changes = [(key.encode(), value) for key, value in batch]
            self._write(lambda get: changes)  # noqa: B023 - it is called at once

    def delete_many(self, keys: Iterable[str], /) -> None:
        for batch in split_keys(keys):
            self._delete(batch)

    # ---- Compare-and-swap --------------------------------------------------------------------------

    def swap(self, key: str, value: bytes, /, expected: Tag) -> Tag:
        put = Put(key, to_bytes(value))
        self.transact([Expect(key, expected), put])
        return _tag(put.value)

    def remove(self, key: str, /, expected: Tag) -> None:
        check_key(key)
        if expected == ABSENT:
            raise conflict(key)
        self.transact([Expect(key, expected), Delete(key)])

    def transact(self, changes: Iterable[Operation[bytes]], /) -> None:
        self._write(partial(_decide, *split_transaction(changes)))

    def _space(self) -> Space:
        return space_on_disk(self.path)

    def close(self) -> None:
        self._twins.close()


def _tag(value: bytes | None) -> Tag:
    return ABSENT if value is None else Tag(blake2b(value, digest_size=16).hexdigest())


def _decide(before: dict[str, Tag], after: dict[str, bytes | None], get: Get) -> Sequence[Change]:
    """Return the changes that lead to ``after``. Raises Conflict if a key lacks its tag in ``before``."""
    for key, tag in before.items():
        if _tag(get(key.encode())) != tag:
            raise conflict(key)
    puts = ((key.encode(), value) for key, value in after.items())
    return [(key, value) for key, value in puts if value is not None or get(key) is not None]
