"""A store in a folder, with one file per key: the file holds the value, and its name is readable."""

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import starmap
from typing import Any, TypeVar, TypeVarTuple, cast

from holdall.adapters._files.descriptors import open_file, read_at, read_file, read_status, read_time
from holdall.adapters._files.durability import DURABILITIES, Durability, check_durability
from holdall.adapters._files.filenames import Folders, Place, place_of
from holdall.adapters._files.flock import TIMEOUT, check_timeout
from holdall.adapters._files.folders import (
    Entry,
    Found,
    check_root,
    list_folder,
    list_kinds,
    walk,
)
from holdall.adapters._files.oserrors import translate
from holdall.adapters._shared.foreign import foreign_files
from holdall.adapters._shared.space import Space, space_on_disk
from holdall.adapters.file.feed import Feed
from holdall.adapters.file.journal import Journal
from holdall.adapters.file.parts import Part, PartSink
from holdall.adapters.file.writer import Writer
from holdall.address import Address, flag
from holdall.batches import split_by_bytes, split_keys
from holdall.bell import Bell
from holdall.changes import Changes
from holdall.errors import InvalidAddress, PermissionDenied, StoreNotFound, Unsupported
from holdall.files import ValueWriter, is_to_write, open_value
from holdall.handles import PerProcess
from holdall.keys import Foreign, Span, check_key
from holdall.ranges import ALL, ByteRange
from holdall.store import ABSENT, Feature, Store, Tag, Tagged, conflict, to_bytes

T = TypeVar("T")
Args = TypeVarTuple("Args")

_FEATURES = (
    Feature.BATCH
    | Feature.TAGS
    | Feature.UNIQUE_TAGS
    | Feature.SWAP
    | Feature.REMOVE
    | Feature.SHARED
    | Feature.DURABLE
    | Feature.RANGES
    | Feature.STREAMS
)


class File(Store[bytes]):
    """The files under ``root``. The first write creates the root; until then the store is empty.

    ``durability="full"``: a write that returned survives a power failure, because the store syncs the file
    and its folder (fsync). ``"os"``: a write that returned survives the end of this process. With both, a
    key holds its old value or its new value, never a part of one. ``timeout``: the seconds to wait for other
    writers; then the store raises Unavailable. ``feed=True``: the store keeps a journal of its changes, from its
    first write on, for `changes` and `watch`. All stores on this folder then write to the journal too.

    Writers lock the file ``.lock`` in the root, so only one of all threads and processes writes at a time.
    Reads of a key never wait. A scan waits for writers only if a folder has just changed. A tag is the
    file's modification time. Each write sets it to a number (a tick) that is greater than all ticks before.
    So a tag never repeats, even after a delete or if the clock goes back, and a change by hand changes the
    tag. The store never follows links below the root. It leaves alone links, and also folders and files
    whose names do not stand for a key (see `holdall.adapters._files.filenames`); no scan of keys yields them.

    A scan lists one folder at a time and holds the names of that folder in memory. Opening a store on a
    system without openat (Windows) raises Unsupported. So does writing to a file system whose modification
    times are coarser than a microsecond.

    >>> import pathlib, tempfile
    >>> store = File(tempfile.mkdtemp(), durability="os")
    >>> store["invoices/2026/17"] = b"..."
    >>> pathlib.Path(store.root, "invoices+/2026+/17").read_bytes()
    b'...'
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        *,
        durability: Durability = "full",
        timeout: float = TIMEOUT,
        feed: bool = False,
    ) -> None:
        # This asks for os.mkdir and not os.open, because eventlet replaces os.open with a function that
        # accepts dir_fd but is not in this set.
        if os.mkdir not in os.supports_dir_fd:
            raise Unsupported(
                "this system cannot open a file relative to an open folder; "
                "use sqlite:///path instead of file:"
            )
        check_durability("file", durability)
        check_timeout("file", timeout)
        # The path is made absolute here. A later chdir, or a process that started in another folder, must
        # not move the store.
        self.root = check_root(os.fspath(root))
        options = {name: value for name, value in self._made_with[1].items() if name != "root"}
        self._made_with = (self.root,), options
        self._durable = durability == "full"
        self._timeout = timeout
        self._has_feed = feed
        self._journal = PerProcess(partial(Journal, self.root, durable=self._durable))
        self._feed = Feed(self, self.root, timeout, partial(self._walk, ticks=True))
        self._bell = PerProcess(Bell)

    @classmethod
    def from_address(cls, address: Address) -> "File":
        if address.host not in ("", "localhost") or address.userinfo or address.port is not None:
            place = f"{address.host}{address.shown_path}"
            raise InvalidAddress(
                f"file: 'file://{place}' names the host {address.host!r}; write file:{place} for a folder "
                f"below the current folder, or file:///{place}"
            )
        return cls(address.path, **address.options(durability=DURABILITIES, timeout=float, feed=flag))

    @property
    def features(self) -> Feature:
        return _FEATURES | Feature.CHANGES if self._has_feed else _FEATURES

    # ---- Reading -------------------------------------------------------------------------------

    def __getitem__(self, key: str, /) -> bytes:
        check_key(key)
        return self._read(key, place_of(key))[0]

    def get_tagged(self, key: str, /) -> Tagged[bytes]:
        check_key(key)
        value, tick = self._read(key, place_of(key))
        return Tagged(value, Tag(str(tick)))

    def __contains__(self, key: object, /) -> bool:
        return self.tag(cast(str, key)) != ABSENT

    def tag(self, key: str, /) -> Tag:
        check_key(key)
        try:
            time = read_time(self.root, place_of(key))
        except OSError as error:
            raise translate(error, self.root, key) from error
        return ABSENT if time is None else Tag(str(time))

    def read(self, key: str, /, start: int = 0, length: int | None = None) -> bytes:
        check_key(key)
        return self._read(key, place_of(key), ByteRange.of(start, length))[0]

    def open(self, key: str, /, mode: str = "rb", *, expected: Tag | None = None) -> Any:
        check_key(key)
        if is_to_write(mode, expected):
            part = self._change(Writer.begin_part)
            commit = partial(self._put_part, key, expected)
            return ValueWriter(PartSink(self.root, key, part, commit, durable=self._durable))
        file = self._look(key, partial(open_file, self.root, place_of(key)))
        found = os.fstat(file.fileno())
        return open_value(found.st_size, partial(read_at, file), file.close, tag=Tag(str(found.st_mtime_ns)))

    def _put_part(self, key: str, expected: Tag | None, part: Part) -> Tag:
        return self._change(_put_part, key, expected, part)

    def size(self, key: str, /) -> int:
        check_key(key)
        return self._look(key, partial(read_status, self.root, place_of(key))).st_size

    def _read(self, key: str, place: Place, part: ByteRange = ALL) -> tuple[bytes, int]:
        return self._look(key, partial(read_file, self.root, place, part))

    def _look(self, key: str, look: Callable[[], T | None]) -> T:
        """Return the result of ``look``. Raises KeyError if it finds no file of ``key``."""
        try:
            found = look()
        except FileNotFoundError:
            raise KeyError(key) from None
        except OSError as error:
            if error.errno == errno.ENXIO:  # a socket
                raise KeyError(key) from None
            raise translate(error, self.root, key) from error
        if found is None:
            raise KeyError(key)
        return found

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return (found.key for found in self._walk(Span.of(prefix, start, stop)))

    def scan_names(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        yield from self.scan(prefix, start=start, stop=stop)
        yield from foreign_files(self._kinds, Span.of(prefix, start, stop))

    def _kinds(self, folders: Folders) -> list[tuple[str, str]]:
        try:
            return list_kinds(self.root, folders)
        except OSError as error:
            raise translate(error, self.root) from error

    def get_foreign(self, name: Foreign, /) -> bytes:
        *folders, last = name.stored.split("/")
        return self._read(name, (tuple(folders), last))[0]

    def scan_tags(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, Tag]]:
        walk = self._walk(Span.of(prefix, start, stop), ticks=True)
        return ((found.key, Tag(str(found.tick))) for found in walk)

    def scan_items(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, bytes]]:
        return self._items(self._walk(Span.of(prefix, start, stop)))

    def _items(self, walk: Iterator[Found]) -> Iterator[tuple[str, bytes]]:
        for key, place, _ in walk:
            try:
                value, _ = self._read(key, place)
            except KeyError:
                continue
            yield key, value

    def _walk(self, span: Span, *, ticks: bool = False) -> Iterator[Found]:
        return iter(()) if span.empty else walk(lambda folders: self._list(folders, ticks), span)

    def _list(self, folders: Folders, ticks: bool) -> list[Entry]:
        try:
            entries, still = list_folder(self.root, folders, ticks=ticks)
            if still:
                return entries
            # Some file systems (tmpfs) omit a file that is renamed during the listing. So list the folder
            # again while no writer works.
            try:
                quiet = Writer(self.root, durable=False, makes=False)
                return quiet.run(
                    lambda _: list_folder(self.root, folders, ticks=ticks)[0], timeout=self._timeout
                )
            except (PermissionDenied, StoreNotFound):
                return entries  # this reader may not take the lock, so it cannot make the writers wait
        except OSError as error:
            raise translate(error, self.root) from error

    # ---- Writing -------------------------------------------------------------------------------

    def _change(self, work: Callable[[Writer, *Args], T], *args: *Args, makes: bool = True) -> T:
        """Return the result of ``work`` with a writer of this store, which it may use until it returns."""
        writer = Writer(
            self.root,
            durable=self._durable,
            makes=makes,
            journal=self._journal(),
            feeds=self._has_feed,
        )
        return writer.run(work, *args, timeout=self._timeout)

    def __setitem__(self, key: str, value: bytes, /) -> None:
        check_key(key)
        self._change(Writer.put, key, to_bytes(value))

    def __delitem__(self, key: str, /) -> None:
        check_key(key)
        if not self._delete([key]):
            raise KeyError(key)

    def _delete(self, keys: list[str]) -> int:
        """Delete ``keys``; return how many of them existed."""
        try:
            return self._change(_delete_all, keys, makes=False)
        except StoreNotFound:
            return 0

    def swap(self, key: str, value: bytes, /, expected: Tag) -> Tag:
        check_key(key)
        return self._change(_swap, key, to_bytes(value), expected)

    def remove(self, key: str, /, expected: Tag) -> None:
        check_key(key)
        try:
            self._change(_remove, key, expected, makes=False)
        except StoreNotFound:
            raise conflict(key) from None

    def set_many(self, items: Iterable[tuple[str, bytes]], /) -> None:
        for batch in split_by_bytes(starmap(_check_pair, items), _BATCH, _ROOM):
            self._change(Writer.put_all, batch)

    def delete_many(self, keys: Iterable[str], /) -> None:
        for batch in split_keys(keys, _BATCH):
            self._delete(batch)

    # ---- Changes -------------------------------------------------------------------------------

    def changes(self, since: str | None = None, *, prefix: str = "") -> Changes:
        span = Span.of(prefix, "", None)
        if not self._has_feed:
            raise Unsupported(
                f"{self!r} cannot tell what changed; open it with feed=on (in Python feed=True)"
            )
        return self._feed.changes(since, span)

    def watch(self, since: str, *, prefix: str = "", timeout: float | None = None) -> bool:
        feed = partial(self.changes, prefix=prefix)
        return self._bell().watch(feed, since, timeout, _LOOKS, self._feed.end)

    def _space(self) -> Space:
        return space_on_disk(self.root)

    def close(self) -> None:
        self._bell().close()
        self._journal.take()  # the next write begins an epoch, because the folder may be replaced now


_LOOKS = 0.01  # seconds between two looks of a watch at the end of the journal
_BATCH = 64  # keys written or deleted under one lock, for which other writers wait
_ROOM = 4_000_000  # bytes of values in a batch, held in memory until they are written


def _check_pair(key: str, value: bytes) -> tuple[str, bytes]:
    check_key(key)
    return key, to_bytes(value)


def _swap(writer: Writer, key: str, value: bytes, expected: Tag) -> Tag:
    if writer.tag(key) != expected:
        raise conflict(key)
    return writer.put(key, value)


def _put_part(writer: Writer, key: str, expected: Tag | None, part: Part) -> Tag:
    if expected is not None and writer.tag(key) != expected:
        raise conflict(key)
    return writer.put_part(key, part)


def _remove(writer: Writer, key: str, expected: Tag) -> None:
    if expected == ABSENT or writer.tag(key) != expected:
        raise conflict(key)
    writer.delete_all([key])


def _delete_all(writer: Writer, keys: list[str]) -> int:
    held = [key for key in dict.fromkeys(keys) if writer.tag(key) != ABSENT]
    writer.delete_all(held)
    return len(held)
