"""The changes that one writer makes to a file store while it holds the store's lock.

    .lock    = tick LF           see `holdall.adapters._files.lockfile`
    .new     = the value being written, renamed into its place. Left by a crash, replaced by the next write
    tick     = nanoseconds since 1970, a multiple of 1,000, greater than every tick before

Names that begin with a dot are never keys, so no scan yields these two files.
"""

import contextlib
import errno
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from holdall.adapters._files.filenames import Place
from holdall.adapters._files.flock import TIMEOUT
from holdall.adapters._files.folders import Folders, enter, sync
from holdall.adapters._files.lockfile import LockFile
from holdall.adapters._files.oserrors import translate
from holdall.errors import HoldallError, Unavailable, Unsupported
from holdall.store import ABSENT, Tag

T = TypeVar("T")

_TICK = 1000  # nanoseconds: a step of time that common file systems store exactly (NTFS and SMB: 100 ns)


def run_locked(
    root: str, work: Callable[["Writer"], T], *, durable: bool, makes: bool, timeout: float = TIMEOUT
) -> T:
    """Run ``work`` while no other writer changes the store in ``root``, and return its result.

    ``durable``: the changes are on the disk when this function returns. ``makes``: create the root if it is
    missing; otherwise a missing root raises StoreNotFound. Raises Unavailable if another writer holds the
    lock for ``timeout`` seconds. If ``work`` raises OSError, an error of this package is raised in its place.
    """
    lock = LockFile(root, durable=durable, makes=makes)
    writer = Writer(root, lock, durable=durable)
    try:
        try:
            result = lock.hold(lambda: work(writer), timeout)
        finally:
            lock.close()
            writer.leave()
        writer.sync()
    except HoldallError:
        raise
    except OSError as error:
        raise translate(error, root, writer.key) from error
    return result


class Writer:
    """One writer, which makes its changes while it holds ``lock``."""

    __slots__ = ("_durable", "_fd", "_folders", "_lock", "_root", "_tick", "_touched", "key")

    def __init__(self, root: str, lock: LockFile, *, durable: bool) -> None:
        self.key: str | None = None  # the key of the last call
        self._root = root
        self._lock = lock
        self._durable = durable
        self._touched: set[Folders] = set()
        self._tick = 0  # this writer has not given a tick yet
        self._folders: Folders | None = None  # the folder of the last put; _fd is its descriptor

    def sync(self) -> None:
        """Wait until the changes are on the disk, if they have to be durable.

        Raises Unavailable if the disk does not confirm them: they are made, and a loss of power may undo them.
        """
        try:
            for folders in self._touched if self._durable else ():
                sync(self._root, folders)
        except OSError as error:
            raise Unavailable(
                f"{self.key!r} in {self._root} is changed, but a loss of power may undo that: the disk did not "
                f"confirm it ({error.strerror or error}); check the disk, then write again",
                key=self.key,
            ) from error

    def leave(self) -> None:
        """Close the folder of the last put."""
        if self._folders is not None:
            self._folders = None
            os.close(self._fd)

    # ---- Reading -------------------------------------------------------------------------------

    def tag(self, key: str, place: Place) -> Tag:
        """Return the tag of ``key``, whose file is at ``place``."""
        self.key = key
        folders, name = place
        try:
            folder = enter(self._root, folders)
        except FileNotFoundError:
            return ABSENT
        try:
            return _tag(os.stat(name, dir_fd=folder, follow_symlinks=False))
        except FileNotFoundError:
            return ABSENT
        finally:
            os.close(folder)

    # ---- Writing -------------------------------------------------------------------------------

    def put(self, key: str, place: Place, value: bytes) -> Tag:
        """Set ``key`` to ``value`` and return the new tag. If this raises, the key is unchanged."""
        self.key = key
        folders, name = place
        try:
            self._enter(folders)
            tick = self._write(value, self._mode_of(name))
            os.rename(f"{self._root}/.new", name, dst_dir_fd=self._fd)
            self._touched.add(folders)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(self._root, ".new").unlink()
            self._prune(place[0])
            raise
        return Tag(str(tick))

    def _enter(self, folders: Folders) -> None:
        if folders != self._folders:
            self.leave()
            self._fd = self._open_folder(folders)
            self._folders = folders

    def _mode_of(self, name: str) -> int | None:
        """Return the mode of the regular file that is about to be replaced, or None if it does not exist."""
        try:
            found = os.stat(name, dir_fd=self._fd, follow_symlinks=False)
        except FileNotFoundError:
            return None
        return found.st_mode & 0o777 if stat.S_ISREG(found.st_mode) else None

    def _write(self, value: bytes, mode: int | None) -> int:
        fd = self._fresh(0o666 if mode is None else mode)
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

    def _fresh(self, mode: int) -> int:
        path, how = f"{self._root}/.new", os.O_WRONLY | os.O_CREAT | os.O_EXCL
        try:
            return os.open(path, how, mode)
        except FileExistsError:
            Path(path).unlink()
            return os.open(path, how, mode)

    def _stamp(self, fd: int) -> int:
        first = not self._tick
        tick = self._tick = max(
            time.time_ns() // _TICK * _TICK, (self._tick or self._lock.read_tick()) + _TICK
        )
        self._lock.write_tick(tick)
        os.utime(fd, ns=(tick, tick))
        if first and os.fstat(fd).st_mtime_ns != tick:
            remedy = "its tags would repeat; keep the store on another disk"
            raise Unsupported(f"{self._root} is on a file system with coarse times: {remedy}", key=self.key)
        return tick

    def _open_folder(self, folders: Folders) -> int:
        try:
            return enter(self._root, folders)
        except FileNotFoundError:
            self._make(folders)
            return enter(self._root, folders)

    def _make(self, folders: Folders) -> None:
        for depth, name in enumerate(folders):
            above = enter(self._root, folders[:depth])
            try:
                os.mkdir(name, dir_fd=above)
                self._touched.add(folders[:depth])
            except FileExistsError:
                pass
            finally:
                os.close(above)

    def delete(self, key: str, place: Place) -> None:
        """Delete ``key``, which must exist, and the folders that are empty after that."""
        self.key = key
        folders, name = place
        folder = enter(self._root, folders)
        try:
            os.unlink(name, dir_fd=folder)
        finally:
            os.close(folder)
        self._touched.add(folders)
        self._prune(folders)

    def _prune(self, folders: Folders) -> None:
        # A folder that holds something stays. Errors are ignored: an empty folder may stay too, because it
        # is not a key.
        with contextlib.suppress(OSError):
            for depth in range(len(folders), 0, -1):
                with contextlib.suppress(FileNotFoundError):
                    self._rmdir(folders[:depth])

    def _rmdir(self, folders: Folders) -> None:
        above = enter(self._root, folders[:-1])
        try:
            os.rmdir(folders[-1], dir_fd=above)
        finally:
            os.close(above)


def _tag(found: os.stat_result) -> Tag:
    if stat.S_ISLNK(found.st_mode):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    return Tag(str(found.st_mtime_ns)) if stat.S_ISREG(found.st_mode) else ABSENT
