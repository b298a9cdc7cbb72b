"""A writer's turn at a file store: all that is done while holding its lock.

    .lock    = tick LF           see `holdall.adapters.lockfile`
    .new     = the value being written, renamed into its place. Left by a crash, replaced by the next write
    tick     = nanoseconds since 1970, a multiple of 1,000, greater than every tick before

Names that begin with a dot are never keys, so no scan sees either of them.
"""

import contextlib
import errno
import os
import stat
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from holdall.adapters.filenames import Place
from holdall.adapters.folders import Folders, enter, sync
from holdall.adapters.lockfile import LockFile
from holdall.adapters.oserrors import translated
from holdall.errors import HoldallError, Unsupported
from holdall.store import ABSENT, Tag

_TICK = 1000  # the least step of the clock that common file systems keep exactly (NTFS and SMB: 100 ns)


class Turn:
    """Excludes every other writer of the store in ``root``, in this process and in others.

    Made for one ``with`` statement, where an OSError leaves as an error of this package. ``durable``:
    when the turn is over, what it did is on the disk. ``makes``: a missing root is made, else StoreNotFound.
    """

    __slots__ = ("_durable", "_fd", "_folders", "_key", "_lock", "_root", "_tick", "_touched")

    def __init__(self, root: str, *, durable: bool, makes: bool) -> None:
        self._root = root
        self._lock = LockFile(root, durable=durable, makes=makes)
        self._durable = durable
        self._key: str | None = None
        self._touched: set[Folders] = set()
        self._tick = 0  # none given in this turn
        self._folders: Folders | None = None  # the folder of the last put, open as _fd

    def __enter__(self) -> Self:
        try:
            self._lock.take()
        except OSError as error:
            raise translated(error, self._root) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()
        self._lock.leave()
        try:
            if isinstance(error, OSError) and not isinstance(error, HoldallError):
                raise error
            for folders in self._touched if self._durable and not error else ():
                sync(self._root, folders)
        except OSError as failure:
            raise translated(failure, self._root, self._key) from failure

    # ---- What is there -------------------------------------------------------------------------

    def tag(self, key: str, place: Place) -> Tag:
        """The tag of ``key``, which is kept at ``place``."""
        self._key = key
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
        """Make ``value`` the value of ``key``: wholly, or not at all where it raises."""
        self._key = key
        try:
            tick = self._write(value)
            self._rename(place)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(self._root, ".new").unlink()
            self._prune(place[0])
            raise
        return Tag(str(tick))

    def _write(self, value: bytes) -> int:
        fd = self._fresh()
        try:
            rest = memoryview(value)
            while rest:
                rest = rest[os.write(fd, rest) :]
            tick = self._stamp(fd)
            if self._durable:
                os.fsync(fd)
        finally:
            os.close(fd)
        return tick

    def _fresh(self) -> int:
        path, how = f"{self._root}/.new", os.O_WRONLY | os.O_CREAT | os.O_EXCL
        try:
            return os.open(path, how, 0o666)
        except FileExistsError:
            Path(path).unlink()
            return os.open(path, how, 0o666)

    def _stamp(self, fd: int) -> int:
        first = not self._tick
        tick = self._tick = max(time.time_ns() // _TICK * _TICK, (self._tick or self._lock.noted()) + _TICK)
        self._lock.note(tick)
        os.utime(fd, ns=(tick, tick))
        if first and os.fstat(fd).st_mtime_ns != tick:
            remedy = "its tags would repeat; keep the store on another disk"
            raise Unsupported(f"{self._root} is on a file system with coarse times: {remedy}", key=self._key)
        return tick

    def _rename(self, place: Place) -> None:
        folders, name = place
        if folders != self._folders:
            self._leave()
            self._fd = self._entered(folders)
            self._folders = folders
        os.rename(f"{self._root}/.new", name, dst_dir_fd=self._fd)
        self._touched.add(folders)

    def _leave(self) -> None:
        if self._folders is not None:
            os.close(self._fd)
            self._folders = None

    def _entered(self, folders: Folders) -> int:
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
        """Delete ``key``, which is there, and the folders that this leaves empty."""
        self._key = key
        folders, name = place
        folder = enter(self._root, folders)
        try:
            os.unlink(name, dir_fd=folder)
        finally:
            os.close(folder)
        self._touched.add(folders)
        self._prune(folders)

    def _prune(self, folders: Folders) -> None:
        # One that holds something stays, and any other may: an empty folder is no key.
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
