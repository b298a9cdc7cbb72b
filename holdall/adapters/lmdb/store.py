"""A store in an LMDB environment: a memory-mapped B+ tree in a folder."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from itertools import chain
from typing import TypeVar, cast

from holdall.adapters._files.durability import DURABILITIES, Durability, check_durability
from holdall.adapters._files.flock import TIMEOUT, check_timeout
from holdall.adapters._files.paths import absolute
from holdall.adapters._shared.space import Space, space_on_disk
from holdall.adapters._shared.totals import totals
from holdall.adapters._shared.transactional import TRANSACTIONS
from holdall.adapters.lmdb.environment import Environment, NoEnvironment, environment
from holdall.adapters.lmdb.feed import Feed
from holdall.adapters.lmdb.log import Txn
from holdall.adapters.lmdb.rows import (
    Part,
    Row,
    apply,
    delete_all,
    entry_of,
    page_of,
    part_of,
    put,
    put_all,
    tag_of,
    tagged,
    value_of,
)
from holdall.adapters.lmdb.ticks import TICK
from holdall.address import Address
from holdall.batches import look_up, look_up_all, read_pages, split_keys, split_pairs, split_transaction
from holdall.bell import Bell
from holdall.changes import Changes
from holdall.errors import InvalidAddress
from holdall.handles import PerProcess
from holdall.keys import Foreign, Span, check_key, only_keys, to_name
from holdall.ranges import ByteRange
from holdall.store import (
    ABSENT,
    MISSING,
    Feature,
    Missing,
    Operation,
    Store,
    Tag,
    Tagged,
    conflict,
    to_bytes,
)

T = TypeVar("T")

_FEATURES = TRANSACTIONS | Feature.CHANGES | Feature.SHARED | Feature.DURABLE | Feature.RANGES

_PAGE = 1024  # rows of the largest page of a scan, and keys looked up at a time
_LOOKS = 0.01  # seconds between two looks of a watch for transactions of other processes


class LMDB(Store[bytes]):
    """The entries of the LMDB environment in ``folder``.

    The first write creates the environment; until then the store is empty.

    ``durability="full"``: every commit is synced to the disk. ``"os"``: a write that returned survives the
    end of this process, but a power failure may damage the whole environment. ``map_size``: the most bytes
    that the data may take; then the store raises StoreFull. Without it, the map grows as long as the disk has
    room.

    Each read is a transaction of its own. A scan reads one page at a time and holds nothing open in
    between: each page shows the data at the time when it was read, and LMDB can use its old pages again.
    Writers of all processes wait for each other, for at most ``timeout`` seconds; then the store raises
    Unavailable. `set_many` and `delete_many` commit after each thousand keys, or after each MiB of values.
    Tags are ticks and never repeat. All stores of one process on the same folder must use the same
    ``durability``. The store does not promise that LMDB's locks work on a network file system, or that it
    notices a damaged page: LMDB may then end the process.

    >>> import tempfile
    >>> store = LMDB(tempfile.mkdtemp(), durability="os")
    >>> tag = store.swap("counter", b"1", ABSENT)
    >>> store.get_tagged("counter") == (b"1", tag)
    True
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        durability: Durability = "full",
        map_size: int | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        check_durability("lmdb", durability)
        if map_size is not None and not 1 << 16 <= map_size <= 1 << 46:
            raise InvalidAddress(f"lmdb: map_size={map_size} is not a number of bytes from 64 KiB to 64 TiB")
        check_timeout("lmdb", timeout)
        self.folder = absolute(folder, "lmdb", "lmdb:///var/lib/books")
        options = {name: value for name, value in self._made_with[1].items() if name != "folder"}
        self._made_with = (self.folder,), options  # so that a repr or pickle is still right after a chdir
        self._timeout = timeout
        self._open = partial(environment, self.folder, durability, map_size)
        self._environment = PerProcess(partial(self._open, create=False))
        self._feed = Feed(self, self._environment)
        self._bell = PerProcess(Bell)

    @classmethod
    def from_address(cls, address: Address) -> "LMDB":
        options = address.options(durability=DURABILITIES, map_size=int, timeout=float)
        if address.host or address.userinfo or address.port is not None:
            raise InvalidAddress(f"lmdb: {str(address)!r} names a host; write lmdb:///path or lmdb:path")
        return cls(address.path, **options)

    @property
    def features(self) -> Feature:
        return _FEATURES

    # ---- Reading -----------------------------------------------------------------------------------

    def __getitem__(self, key: str, /) -> bytes:
        value = self._find(key)
        if value is MISSING:
            raise KeyError(key)
        return value

    def _find(self, key: str, /) -> bytes | Missing:
        check_key(key)
        try:
            found = self._environment().read(lambda txn: value_of(txn.get(key.encode())))
        except NoEnvironment:
            return MISSING
        return MISSING if found is None else found

    def __contains__(self, key: object, /) -> bool:
        check_key(cast(str, key))  # raises TypeError if the key is not a str
        return self._tag_of(cast(str, key)) != ABSENT

    def _tag_of(self, key: str) -> Tag:
        try:
            return self._environment().read(lambda txn: tag_of(txn.get(key.encode())))
        except NoEnvironment:
            return ABSENT

    def read(self, key: str, /, start: int = 0, length: int | None = None) -> bytes:
        return self._of_entry(key, partial(part_of, ByteRange.of(start, length)))

    def size(self, key: str, /) -> int:
        return self._of_entry(key, lambda entry: len(entry) - TICK)

    def _of_entry(self, key: str, find: Row[T]) -> T:
        """Return the result of ``find`` for the entry of ``key``. Raises KeyError if ``key`` is missing."""
        check_key(key)

        def look(txn: Txn) -> T:
            entry = txn.get(key.encode())
            if entry is None:
                raise KeyError(key)
            return find(entry)

        try:
            return self._environment().read(look)
        except NoEnvironment:
            raise KeyError(key) from None

    def get_tagged(self, key: str, /) -> Tagged[bytes]:
        check_key(key)
        try:
            entry = self._environment().read(lambda txn: entry_of(txn.get(key.encode())))
        except NoEnvironment:
            entry = None
        if entry is None:
            raise KeyError(key)
        return tagged(entry)

    def get_many(self, keys: Iterable[str], /) -> Iterator[tuple[str, bytes]]:
        return self._look_up(value_of, keys)

    def _tagged_many(self, keys: Iterable[str], /) -> Iterator[tuple[str, Tagged[bytes]]]:
        for key, entry in self._look_up(entry_of, keys):
            yield key, tagged(entry)

    def _look_up(self, part: Part, keys: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Check ``keys`` page by page, and yield those that exist, each with this ``part`` of its entry."""
        return look_up_all(partial(self._find_some, part), keys, _PAGE)

    def _find_some(self, part: Part, keys: Iterator[str]) -> list[tuple[str, bytes]]:
        try:
            return self._environment().read(lambda txn: look_up(lambda key: part(txn.get(key)), keys))
        except NoEnvironment:
            return []

    # ---- Scans -------------------------------------------------------------------------------------

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        rows = self._scan(lambda entry: None, Span.of(prefix, start, stop))
        return (key for key, _ in rows)

    def scan_names(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        pages = self._pages(lambda entry: None, Span.of(prefix, start, stop))
        return (to_name(name) for page in pages for name, _ in page)

    def get_foreign(self, name: Foreign, /) -> bytes:
        stored = name.stored.encode(errors="surrogateescape")
        try:
            found = self._environment().read(lambda txn: value_of(txn.get(stored)))
        except NoEnvironment:
            found = None
        if found is None:
            raise KeyError(name)
        return found

    def scan_items(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, bytes]]:
        return self._scan(lambda entry: entry[TICK:].tobytes(), Span.of(prefix, start, stop))

    def scan_tags(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, Tag]]:
        return self._scan(tag_of, Span.of(prefix, start, stop))

    def _scan(self, row: Row[T], span: Span) -> Iterator[tuple[str, T]]:
        return chain.from_iterable(map(only_keys, self._pages(row, span)))

    def _pages(self, row: Row[T], span: Span) -> Iterator[list[tuple[str, T]]]:
        """Yield the rows of ``span`` in pages, with their names; foreign ones too."""

        def read(low: str, size: int) -> tuple[list[tuple[str, T]], str | None]:
            try:
                return self._environment().read(partial(page_of, row, span._replace(low=low), size))
            except NoEnvironment:
                return [], None

        return read_pages(read, max(span.low, "\x01"), _PAGE)  # only the mark's key sorts before it

    # ---- Writing -----------------------------------------------------------------------------------

    def _find_or_create(self) -> Environment:
        try:
            return self._environment()
        except NoEnvironment:
            self._open(create=True)
            return self._environment()

    def __setitem__(self, key: str, value: bytes, /) -> None:
        check_key(key)
        value = to_bytes(value)
        self._find_or_create().write(partial(put, key, value), self._timeout)

    def __delitem__(self, key: str, /) -> None:
        check_key(key)
        if not self._delete([key]):
            raise KeyError(key)

    def discard(self, key: str, /) -> None:
        check_key(key)
        self._delete([key])

    def _delete(self, keys: list[str]) -> int:
        """Delete ``keys``; return how many of them existed."""
        try:
            return self._environment().write(partial(delete_all, keys), self._timeout)
        except NoEnvironment:
            return 0

    def set_many(self, items: Iterable[tuple[str, bytes]], /) -> None:
        for batch in split_pairs(items):
            self._find_or_create().write(partial(put_all, batch), self._timeout)

    def delete_many(self, keys: Iterable[str], /) -> None:
        for batch in split_keys(keys):
            self._delete(batch)

    # ---- Compare-and-swap --------------------------------------------------------------------------

    def swap(self, key: str, value: bytes, /, expected: Tag) -> Tag:
        check_key(key)
        return self._find_or_create().write(
            partial(apply, {key: expected}, {key: to_bytes(value)}), self._timeout
        )

    def remove(self, key: str, /, expected: Tag) -> None:
        check_key(key)
        if expected == ABSENT:
            raise conflict(key)
        try:
            self._environment().write(partial(apply, {key: expected}, {key: None}), self._timeout)
        except NoEnvironment:
            raise conflict(key) from None

    def transact(self, changes: Iterable[Operation[bytes]], /) -> None:
        self._find_or_create().write(partial(apply, *split_transaction(changes)), self._timeout)

    # ---- Changes -----------------------------------------------------------------------------------

    def changes(self, since: str | None = None, *, prefix: str = "") -> Changes:
        return self._feed.changes(since, Span.of(prefix, "", None))

    def watch(self, since: str, *, prefix: str = "", timeout: float | None = None) -> bool:
        bell = self._bell()
        with suppress(NoEnvironment):
            self._environment().connect(bell)
        feed = partial(self.changes, prefix=prefix)
        return bell.watch(feed, since, timeout, _LOOKS, self._last_transaction)

    def _last_transaction(self) -> int:
        try:
            return self._environment().read(lambda txn: txn.id())
        except NoEnvironment:
            return 0

    def info(self) -> dict[str, str]:
        try:
            entries = self._environment().handle.stat()["entries"]
        except NoEnvironment:
            entries = 0
        return totals(entries, self._space().used, about="with the entries of the change feed")

    def _space(self) -> Space:
        return space_on_disk(self.folder, f"{self.folder}/data.mdb")

    def close(self) -> None:
        self._bell().close()
        self._environment.take()  # the environment closes when no store uses it any more
