"""A writer's turn: the lock file of a file store, and all that is done while holding it.

    .lock    = tick LF           the last tick given; 19 digits. Locked (flock) by whoever writes
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
from holdall.adapters.oserrors import translated
from holdall.errors import HoldallError, Unsupported
from holdall.extras import needs
from holdall.store import ABSENT, Tag

with needs("file"):
    from filelock import lock_descriptor, unlock_descriptor

_POLL = 0.0005  # seconds between two looks at a lock that is held
_TICK = 1000  # the least step of the clock that common file systems keep exactly (NTFS and SMB: 100 ns)


class Turn:
    """Excludes every other writer of the store in ``root``, in this process and in others.

    Made for one ``with`` statement, where an OSError leaves as an error of this package. ``durable``:
    when the turn is over, what it did is on the disk. ``makes``: a missing root is made, else StoreNotFound.
    """

    __slots__ = (
        "_durable",
        "_fd",
        "_folders",
        "_key",
        "_lock",
        "_makes",
        "_root",
        "_tick",
        "_touched",
    )

    def __init__(self, root: str, *, durable: bool, makes: bool) -> None:
        self._root = root
        self._makes = makes
        self._durable = durable
        self._key: str | None = None
        self._touched: set[Folders] = set()
        self._tick = 0  # none given in this turn
        self._folders: Folders | None = None  # the folder of the last put, open as _fd

    def __enter__(self) -> Self:
        try:
            self._lock = self._locked()
        except OSError as error:
            raise translated(error, self._root) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave()
        # Unlocked, not only closed: a child forked meanwhile holds the same lock by its copy.
        unlock_descriptor(self._lock)
        os.close(self._lock)
        try:
            if isinstance(error, OSError) and not isinstance(error, HoldallError):
                raise error
            for folders in self._touched if self._durable and not error else ():
                sync(self._root, folders)
        except OSError as failure:
            raise translated(failure, self._root, self._key) from failure

    def _locked(self) -> int:
        while True:
            fd = self._opened()
            try:
                if not lock_descriptor(fd, blocking=False):
                    lock_descriptor(fd, poll_interval=_POLL)
                if os.fstat(fd).st_nlink:
                    return fd
            except BaseException:
                os.close(fd)
                raise
            os.close(fd)  # somebody deleted the file while this one waited: it excludes nobody any more

    def _opened(self) -> int:
        how = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
        try:
            return os.open(f"{self._root}/.lock", how, 0o666)
        except FileNotFoundError:
            if not self._makes:
                raise
            self._make_root()
            return os.open(f"{self._root}/.lock", how, 0o666)

    def _make_root(self) -> None:
        root = Path(self._root)
        missing = [folder for folder in (root, *root.parents) if not folder.is_dir()]
        root.mkdir(parents=True, exist_ok=True)
        for made in missing if self._durable else ():
            sync(str(made.parent), ())

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
        tick = self._tick = max(time.time_ns() // _TICK * _TICK, (self._tick or self._noted()) + _TICK)
        os.pwrite(self._lock, b"%019d\n" % tick, 0)
        os.utime(fd, ns=(tick, tick))
        if first and os.fstat(fd).st_mtime_ns != tick:
            remedy = "its tags would repeat; keep the store on another disk"
            raise Unsupported(f"{self._root} is on a file system with coarse times: {remedy}", key=self._key)
        return tick

    def _noted(self) -> int:
        last = os.pread(self._lock, 19, 0)
        return int(last) if last.isdigit() else 0

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
