"""The changes that one writer makes to a file store while it holds the store's lock.

    .lock    = tick LF           the last tick given; 19 digits. Locked (flock) by whoever writes
    .new     = the value being written, renamed into its place. Left by a crash, replaced by the next write
    tick     = nanoseconds since 1970, a multiple of 1,000, greater than every tick before

A new .lock is empty, and the last tick is then 0. Names that begin with a dot are never keys, so no scan yields
these two files. In a store with a feed, .lock is a link to the lock file, see `holdall.adapters.file.journal`.
"""

import contextlib
import errno
import os
import stat
import time
from collections.abc import Callable, Iterator
from functools import partial
from io import FileIO
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TypeVar, TypeVarTuple

from holdall.adapters._files.descriptors import in_folder, open_owned, read_time
from holdall.adapters._files.filenames import Folders, place_of
from holdall.adapters._files.flock import TIMEOUT, restrict
from holdall.adapters._files.folders import sync
from holdall.adapters._files.lockfile import LockFile
from holdall.adapters._files.oserrors import translate
from holdall.adapters.file import parts
from holdall.adapters.file.journal import FOLDER, LOCK, TARGET, Journal, has_feed, open_lock
from holdall.adapters.file.parts import Part
from holdall.errors import HoldallError, Unavailable, Unsupported
from holdall.store import ABSENT, Tag

T = TypeVar("T")
Args = TypeVarTuple("Args")

_TICK = 1000  # nanoseconds: a step of time that common file systems store exactly (NTFS and SMB: 100 ns)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL


class Writer(LockFile):
    """The only writer of the store in ``root`` while its `run` lasts. It runs once.

    ``durable``: the changes are on the disk when `run` returns. ``makes``: create the root if it is missing.
    ``journal`` records the changes if the store has a feed. ``feeds``: give it a feed if it has none.
    """

    __slots__ = ("_feeds", "_has_feed", "_journal", "_key", "_tick", "_touched")

    def __init__(
        self, root: str, *, durable: bool, makes: bool, journal: Journal | None = None, feeds: bool = False
    ) -> None:
        super().__init__(root, durable=durable, makes=makes)
        self._journal = journal or Journal(root, durable=durable)
        self._feeds = feeds
        self._has_feed = False  # known when the lock file is open
        self._key: str | None = None  # the key of the last call
        self._touched: set[Folders] = set()
        self._tick = 0  # this writer has not given a tick yet

    def run(self, work: Callable[["Writer", *Args], T], *args: *Args, timeout: float = TIMEOUT) -> T:
        """Return the result of ``work(self, *args)``, called while no other writer changes the store.

        Raises StoreNotFound if the root is missing and must not be created, and Unavailable if another writer
        holds the lock for ``timeout`` seconds. If ``work`` raises OSError, an error of this package is raised
        in its place.
        """
        try:
            try:
                result = self.hold(partial(self._work, work, *args), timeout)
            finally:
                self.close()
            if self._durable and not self._has_feed:
                self._sync()
        except HoldallError:
            raise
        except OSError as error:
            raise translate(error, self._root, self._key) from error
        return result

    def _work(self, work: Callable[["Writer", *Args], T], *args: *Args) -> T:
        result = work(self, *args)
        if self._durable and self._has_feed:
            self._sync()  # under the lock: a reader of the feed must not see a change that a loss of power undoes
        return result

    def _sync(self) -> None:
        """Wait until the changes are on the disk.

        Raises Unavailable if the disk does not confirm them: they are made, and a loss of power may undo them.
        """
        try:
            for folders in self._touched:
                sync(self._root, folders)
        except OSError as error:
            raise Unavailable(
                f"{self._key!r} in {self._root} is changed, but a loss of power may undo that: the disk did not "
                f"confirm it ({error.strerror or error}); check the disk, then write again",
                key=self._key,
            ) from error

    # ---- The feed ------------------------------------------------------------------------------

    def _open(self, *, shared: bool) -> FileIO | None:
        self._has_feed = (self._feeds or self._journal.used) and has_feed(self._root)
        if not self._has_feed:
            try:
                return super()._open(shared=shared)
            except OSError as error:
                if error.errno != errno.ELOOP or not has_feed(self._root):
                    raise
                self._has_feed = True
        return open_lock(self._root, os.O_RDWR)

    def _is_current(self, file: FileIO) -> bool:
        if not super()._is_current(file):
            return False
        if self._feeds and not self._has_feed:
            self._begin_feed(file)
            return False  # its lock excludes nobody any more
        return True

    def _begin_feed(self, file: FileIO) -> None:
        """Give the store a journal, and replace its lock file, whose lock is held, by the link to the new one."""
        self._journal.create()
        in_folder(self._root, (FOLDER,), partial(self._move_lock, os.pread(file.fileno(), 20, 0)), lists=True)

    def _move_lock(self, tick: bytes, folder: int) -> None:
        with open_owned(LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=folder) as moved:
            restrict(moved.fileno(), self.path)
            os.write(moved.fileno(), tick)
            if self._durable:
                os.fsync(moved.fileno())
        os.symlink(TARGET, "link", dir_fd=folder)
        if self._durable:
            os.fsync(folder)
        os.rename("link", self.path, src_dir_fd=folder)
        if self._durable:
            sync(self._root, ())

    def _announce(self, keys: list[str]) -> None:
        """Record that ``keys`` will change."""
        if self._has_feed:
            self._journal.append(keys)

    def tag(self, key: str) -> Tag:
        """Return the tag of ``key``."""
        self._key = key
        time = read_time(self._root, place_of(key))
        return ABSENT if time is None else Tag(str(time))

    # ---- Putting -------------------------------------------------------------------------------

    def put(self, key: str, value: bytes) -> Tag:
        """Set ``key`` to ``value`` and return the new tag. If this raises, the key is unchanged."""
        self._key = key
        self._announce([key])
        folders, name = place_of(key)
        return Tag(str(self._put_in(folders, [(key, name, value)])))

    def begin_part(self) -> Part:
        """Create a part, and delete those whose writer was killed."""
        return parts.create(self._root)

    def put_all(self, items: list[tuple[str, bytes]]) -> None:
        """Set each key to its value, in order. If this raises, the key that failed and the later ones are unchanged."""
        self._announce([key for key, _ in items])
        placed = ((*place_of(key), key, value) for key, value in items)
        for folders, group in groupby(placed, itemgetter(0)):
            self._put_in(folders, [(key, name, value) for _, name, key, value in group])

    def put_part(self, key: str, part: Part) -> Tag:
        """Make the content of ``part`` the value of ``key`` and return the new tag. If this raises, nothing changed."""
        self._key = key
        self._announce([key])
        folders, name = place_of(key)
        return Tag(str(self._change_in(folders, partial(self._move, part, name))))

    def _move(self, part: Part, name: str, folder: int) -> int:
        fd, mode = part.file.fileno(), _mode_of(name, folder)
        if mode is not None:
            os.fchmod(fd, mode)
        tick = self._stamp(fd)
        if self._durable:
            os.fsync(fd)
        os.rename(f"{self._root}/{parts.FOLDER}/{part.name}", name, dst_dir_fd=folder)
        return tick

    def _put_in(self, folders: Folders, group: list[tuple[str, str, bytes]]) -> int:
        """Put keys whose files are in the same folder, and return the last tick."""
        return self._change_in(folders, partial(self._put, group))

    def _change_in(self, folders: Folders, change: Callable[[int], int]) -> int:
        """Return the result of ``change`` on the last of ``folders``, which are made if they are missing."""
        self._touched.add(folders)
        try:
            try:
                return in_folder(self._root, folders, change)
            except FileNotFoundError:
                self._make(folders)
                return in_folder(self._root, folders, change)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(self._root, ".new").unlink()
            self._prune(folders)
            raise

    def _put(self, group: list[tuple[str, str, bytes]], folder: int) -> int:
        tick = 0
        for self._key, name, value in group:
            tick = self._write(value, _mode_of(name, folder))
            os.rename(f"{self._root}/.new", name, dst_dir_fd=folder)
        return tick

    def _write(self, value: bytes, mode: int | None) -> int:
        """Write ``value`` into a new file ``.new`` and return its tick."""
        try:
            (fd,) = self._opening_new(mode)
        except FileExistsError:
            Path(self._root, ".new").unlink()
            (fd,) = self._opening_new(mode)
        try:
            if mode is not None:
                os.fchmod(fd, mode)  # the umask must not change the mode
            rest = memoryview(value)
            while rest:
                rest = rest[os.write(fd, rest) :]
            tick = self._stamp(fd)
            if self._durable:
                os.fsync(fd)
        finally:
            os.close(fd)
        return tick

    def _opening_new(self, mode: int | None) -> Iterator[int]:
        """Return an iterator that creates the file ``.new`` and yields its descriptor."""
        return map(os.open, (f"{self._root}/.new",), (_NEW,), (0o666 if mode is None else mode,))

    def _stamp(self, fd: int) -> int:
        """Give a new tick, and make it the time of the file."""
        assert self.file  # noqa: S101 - the holder of the lock has its file open
        lock, first = self.file.fileno(), not self._tick
        if first:
            last = os.pread(lock, 19, 0)
            self._tick = int(last) if last.isdigit() else 0
        tick = self._tick = max(time.time_ns() // _TICK * _TICK, self._tick + _TICK)
        os.pwrite(lock, b"%019d\n" % tick, 0)
        os.utime(fd, ns=(tick, tick))
        if first and os.fstat(fd).st_mtime_ns != tick:
            remedy = "its tags would repeat; keep the store on another disk"
            raise Unsupported(f"{self._root} is on a file system with coarse times: {remedy}", key=self._key)
        return tick

    def _make(self, folders: Folders) -> None:
        for depth, name in enumerate(folders):
            with contextlib.suppress(FileExistsError):
                in_folder(self._root, folders[:depth], partial(_make_folder, name))
                self._touched.add(folders[:depth])

    # ---- Deleting ------------------------------------------------------------------------------

    def delete_all(self, keys: list[str]) -> None:
        """Delete ``keys``, which must exist, and the folders that are empty after that."""
        if keys:
            self._announce(keys)
        for key in keys:
            self._delete(key)

    def _delete(self, key: str) -> None:
        self._key = key
        folders, name = place_of(key)
        in_folder(self._root, folders, lambda fd: os.unlink(name, dir_fd=fd))
        self._touched.add(folders)
        self._prune(folders)

    def _prune(self, folders: Folders) -> None:
        # A folder that holds something stays. Errors are ignored: an empty folder may stay too, because it
        # is not a key.
        with contextlib.suppress(OSError):
            for depth in range(len(folders) - 1, -1, -1):
                with contextlib.suppress(FileNotFoundError):
                    in_folder(self._root, folders[:depth], partial(_remove_folder, folders[depth]))


def _mode_of(name: str, folder: int) -> int | None:
    """Return the mode of the regular file that is about to be replaced, or None if it does not exist."""
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    return found.st_mode & 0o777 if stat.S_ISREG(found.st_mode) else None


def _make_folder(name: str, folder: int) -> None:
    os.mkdir(name, dir_fd=folder)


def _remove_folder(name: str, folder: int) -> None:
    os.rmdir(name, dir_fd=folder)
