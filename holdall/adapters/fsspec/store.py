"""The store `Fsspec`."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar, cast

from holdall.adapters._files.filenames import Folders, Place, place_of, text_of
from holdall.adapters._files.folders import Entry, Found, walk
from holdall.adapters._objectstore.names import exhaust, require_key, write_all
from holdall.adapters._shared.foreign import foreign_files
from holdall.adapters._shared.servers import check_wait
from holdall.adapters._shared.throttle import Pace, map_ordered
from holdall.adapters.fsspec.errors import translate
from holdall.adapters.fsspec.systems import connector, kind, quote_url
from holdall.adapters.fsspec.tree import Link, Swaps, Tree
from holdall.address import Address
from holdall.errors import Conflict, InvalidAddress
from holdall.handles import PerProcess, PerThread
from holdall.keys import Foreign, RawKey, Span, check_key
from holdall.ranges import ByteRange
from holdall.redact import format_call, without_secrets
from holdall.store import ABSENT, Feature, Store, Tag, Tagged, conflict, to_bytes, unsupported

T = TypeVar("T")


class Fsspec(Store[bytes]):
    """A store of the files below the folder at ``url``, on any file system that fsspec supports.

    ``options`` are passed to the file system. Memory, local files, SFTP, FTP and Azure Blob Storage are
    tested; `features` shows the promises of each. Compare-and-swap uses a lock in this process for memory, a
    lock file for local files, and conditional requests for Azure; other file systems refuse it. A file system
    that is not in this list is used through fsspec's interface alone, and promises nothing beyond the four
    operations.

    A value is written to a temporary file, which is then renamed to replace the old one, so no reader sees
    part of a value. (Azure replaces a blob in one step anyway.) A crash can leave a file ``.new-…``, which is
    not a key. Folders are created as needed and remain when they are empty. A scan lists one folder at a
    time. An SFTP server must be in ``known_hosts``. SFTP and FTP servers must allow a rename that replaces an
    existing file.

    Logins come from the SSH agent, the environment variables of Azure, or fsspec's configuration
    (``FSSPEC_FTP_PASSWORD`` and others). A store that was given its password cannot be pickled. Each wait
    takes ``timeout`` seconds at most; after that the store raises Unavailable. After a lost connection, the
    next use connects again.

    >>> store = Fsspec("memory://letters")
    >>> store["2026/1"] = b"Dear Sir"
    >>> list(store)
    ['2026/1']
    """

    def __init__(self, url: str, *, timeout: float = 20, **options: Any) -> None:
        check_wait("fsspec", timeout)
        self._address = Address.parse(url, **options)
        self._kind = kind(self._address.scheme)
        connect = connector(self._address, timeout)
        shared = {} if timeout == 20 else {"timeout": timeout}
        self._made_with = (quote_url(self._address),), {**self._address.params, **shared}
        self._shared = PerProcess(lambda: Link(connect)) if self._kind.threads else None
        self._own = PerThread(lambda: Link(connect), Link.close)

    @classmethod
    def from_address(cls, address: Address) -> "Fsspec":
        """``fsspec+URL?options``: a URL of fsspec, and the parameters of its file system as options."""
        if not address.transport:
            raise InvalidAddress(
                "fsspec: the protocol is missing; write for example fsspec+sftp://host/folder"
            )
        plain = Address(**{**vars(address), "scheme": address.transport, "params": {}})
        params = dict(address.params)
        timeout = address.without(*(name for name in params if name != "timeout")).options(timeout=float)
        return cls(quote_url(plain), **params | timeout)

    @property
    def features(self) -> Feature:
        return self._kind.features

    def _ask(
        self, key: str | None, work: Callable[[Tree], T], *, again: bool = True, makes: bool = False
    ) -> T:
        """The result of ``work`` on the tree. Raises holdall's errors.

        Raises KeyError if a file is missing and ``key`` is given, unless ``work`` ``makes`` files.
        """
        try:
            link = self._shared() if self._shared else self._own()
            return link.ask(work, again=again)
        except MemoryError:
            raise
        except Exception as error:
            if isinstance(error, FileNotFoundError) and key is not None and not makes:
                raise KeyError(key) from error
            if isinstance(error, Conflict) and key is not None:
                raise conflict(key) from error
            raise translate(error, str(self._address), key) from error

    # ---- Reading -------------------------------------------------------------------------------

    def __getitem__(self, key: str, /) -> bytes:
        check_key(key)
        return self._ask(key, lambda tree: tree.read(_name(key)))

    def read(self, key: str, /, start: int = 0, length: int | None = None) -> bytes:
        check_key(key)
        part = ByteRange.of(start, length)
        if Feature.RANGES not in self.features:
            return super().read(key, start, length)
        return self._ask(key, lambda tree: tree.read_part(_name(key), part))

    def size(self, key: str, /) -> int:
        check_key(key)
        return self._ask(key, lambda tree: tree.size(_name(key)))

    def get_many(self, keys: Iterable[str], /) -> Iterator[tuple[str, bytes]]:
        if Feature.BATCH not in self.features:
            yield from super().get_many(keys)
            return
        found = map_ordered(lambda key: (key, self._find(key)), map(require_key, keys), Pace(_AT_ONCE), _size)
        yield from ((str(key), value) for key, value in found if isinstance(value, bytes))

    def get_tagged(self, key: str, /) -> Tagged[bytes]:
        check_key(key)
        return Tagged(*self._swaps(key, lambda tree: tree.get_tagged(_name(key))))

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return (found.key for found in self._walk(Span.of(prefix, start, stop), {}))

    def scan_names(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        yield from self.scan(prefix, start=start, stop=stop)
        yield from foreign_files(self._kinds, Span.of(prefix, start, stop))

    def _kinds(self, folders: Folders) -> list[tuple[str, str]]:
        found = self._ask(None, lambda tree: _list_or_empty(tree, "/".join(folders)))
        return [(name, "folder" if folder else "file") for name, folder, _ in found]

    def get_foreign(self, name: Foreign, /) -> bytes:
        return self._ask(name, lambda tree: tree.read(name.stored))

    def scan_tags(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, Tag]]:
        self._need(Feature.TAGS)
        tags: dict[Place, Tag] = {}
        return self._tagged(self._walk(Span.of(prefix, start, stop), tags), tags)

    def _tagged(self, walk: Iterator[Found], tags: dict[Place, Tag]) -> Iterator[tuple[str, Tag]]:
        for key, place, _ in walk:
            tag = tags.pop(place, None) or self._tag(key)
            if tag != ABSENT:
                yield key, tag

    def _tag(self, key: str) -> Tag:
        try:
            return self.get_tagged(RawKey(key)).tag
        except KeyError:
            return ABSENT

    def _walk(self, span: Span, tags: dict[Place, Tag]) -> Iterator[Found]:
        return iter(()) if span.empty else walk(lambda folders: self._entries(folders, tags), span)

    def _entries(self, folders: Folders, tags: dict[Place, Tag]) -> list[Entry]:
        entries = []
        for name, folder, tag in self._ask(None, lambda tree: _list_or_empty(tree, "/".join(folders))):
            text = text_of(name, folder=folder)
            if text is not None:
                entries.append((text, name, folder, 0))
                if tag is not None:
                    tags[folders, name] = tag
        return sorted(entries)

    # ---- Writing -------------------------------------------------------------------------------

    def __setitem__(self, key: str, value: bytes, /) -> None:
        check_key(key)
        value = to_bytes(value)
        self._ask(key, lambda tree: tree.write(_name(key), value), makes=True)

    def __delitem__(self, key: str, /) -> None:
        check_key(key)
        self._ask(key, lambda tree: tree.delete(_name(key)), again=False)

    def _each(self, write: Callable[[str, bytes], object], items: Iterable[tuple[str, bytes]]) -> None:
        if Feature.BATCH not in self.features:
            super()._each(write, items)
            return
        write_all(write, items, Pace(_AT_ONCE))

    def delete_many(self, keys: Iterable[str], /) -> None:
        if Feature.BATCH not in self.features:
            super().delete_many(keys)
            return
        exhaust(map_ordered(self.discard, map(require_key, keys), Pace(_AT_ONCE)))

    # ---- Compare-and-swap ----------------------------------------------------------------------

    def swap(self, key: str, value: bytes, /, expected: Tag) -> Tag:
        check_key(key)
        value = to_bytes(value)
        return self._swaps(key, lambda tree: tree.swap(_name(key), value, expected), makes=True)

    def remove(self, key: str, /, expected: Tag) -> None:
        check_key(key)
        self._need(Feature.REMOVE)
        if expected == ABSENT:
            raise conflict(key)
        try:
            self._swaps(key, lambda tree: tree.remove(_name(key), expected))
        except KeyError:
            raise conflict(key) from None

    def _swaps(self, key: str, work: Callable[[Swaps], T], *, makes: bool = False) -> T:
        self._need(Feature.SWAP)
        return self._ask(key, lambda tree: work(cast(Swaps, tree)), again=False, makes=makes)

    def _need(self, feature: Feature) -> None:
        if feature not in self.features:
            raise unsupported(self, "return tags, nor compare and swap", feature)

    # ---- The store itself ----------------------------------------------------------------------

    def close(self) -> None:
        link = self._shared.take() if self._shared else None
        if link is not None:
            link.close()
        self._own.close()

    def __repr__(self) -> str:
        url = str(self._address.without(*self._address.params))
        return format_call("Fsspec", (url,), self._made_with[1])

    def __reduce__(self) -> tuple[Any, ...]:
        params = self._address.params
        if ":" in self._address.userinfo or without_secrets("", params) != params:
            raise TypeError(
                f"{self!r} cannot be pickled, because the pickle would contain its password; "
                "set the password in the environment instead"
            )
        return super().__reduce__()


_AT_ONCE = 16


def _name(key: str) -> str:
    folders, name = place_of(key)
    return "/".join((*folders, name))


def _list_or_empty(tree: Tree, folder: str) -> list[Any]:
    try:
        return list(tree.list_folder(folder))
    except FileNotFoundError:
        return []


def _size(found: tuple[str, object]) -> int:
    return len(found[1]) if isinstance(found[1], bytes) else 0
