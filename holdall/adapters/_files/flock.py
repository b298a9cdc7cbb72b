"""Lock files that are locked with flock: open one, wait for its lock, and name the processes that hold it.

The kernel releases a lock when its holder dies. No interrupt leaves a lock held.

Another user who may open a lock file can hold its lock for ever. So only the owner may open it (mode 600).
If the group of the folder may write in the folder, this group may open the lock file too (mode 660).
"""

# Flock looks at HAS_FLOCK before it uses fcntl.
# pyright: reportPossiblyUnboundVariable=false

import contextlib
import os
import stat
import time
from collections.abc import Callable
from io import FileIO
from pathlib import Path
from typing import TypeVar

from holdall.adapters._files.descriptors import open_owned
from holdall.errors import InvalidAddress, PermissionDenied, Unavailable, Unsupported

try:
    import fcntl

    HAS_FLOCK = True
except ModuleNotFoundError:
    HAS_FLOCK = False

T = TypeVar("T")

TIMEOUT = 10.0
"""Seconds that a store waits for other writers by default."""

_WEEK = 7 * 24 * 3600
_POLL = 0.0005  # seconds between two attempts


def check_timeout(scheme: str, timeout: float) -> None:
    """Raise InvalidAddress unless ``timeout`` is a time to wait for a lock."""
    if not 0 <= timeout <= _WEEK:
        raise InvalidAddress(f"{scheme}: timeout={timeout!r} is not a number of seconds up to a week")


class Flock:
    """The lock of one lock file. Only one thread at a time may use this object."""

    __slots__ = ("file", "path")

    def __init__(self, path: str) -> None:
        if not HAS_FLOCK:
            raise Unsupported(
                f"{path} cannot be locked because this system has no flock; use sqlite:///path instead"
            )
        self.path = path
        self.file: FileIO | None = None

    def _open(self, *, shared: bool) -> FileIO | None:
        """Open the lock file to read and write it, and create it if it is missing.

        Returns None if it cannot exist, because then nobody can hold its lock. Raises OSError if the system
        refuses.
        """
        while True:
            try:
                return open_owned(self.path, os.O_RDWR)
            except FileNotFoundError:
                with contextlib.suppress(FileExistsError):  # another process has created the file: open it
                    return self._create()

    def _create(self) -> FileIO:
        file = open_owned(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            restrict(file.fileno(), self.path)
        except BaseException:
            file.close()
            raise
        return file

    def hold(self, work: Callable[[], T], timeout: float = TIMEOUT, *, shared: bool = False) -> T:
        """Run ``work`` while holding the lock, and return its result.

        Raises Unavailable if the lock is not free within ``timeout`` seconds, PermissionDenied if the lock
        file is a link, and OSError if the system refuses to open or lock the file.
        """
        deadline = time.monotonic() + timeout
        while True:
            file = self.file = self.file or self._open(shared=shared)
            if file is None:
                return work()
            # The file is unlocked and not only closed: a child that was forked in the meantime has a copy of
            # the descriptor, which holds the same lock.
            try:
                try:
                    while not self._lock(file, shared=shared):
                        self._wait(file, deadline)
                    if self._is_current(file):
                        return work()
                finally:
                    fcntl.flock(file, fcntl.LOCK_UN)
            except BaseException:
                fcntl.flock(file, fcntl.LOCK_UN)  # an interrupt may have come before the line above
                raise
            self.close()

    def _lock(self, file: FileIO, *, shared: bool) -> bool:
        """Try to take the lock; return False if another holds it."""
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _wait(self, file: FileIO, deadline: float) -> None:
        if time.monotonic() >= deadline:
            remedy = "retry, stop that process, or raise timeout="
            raise Unavailable(f"{self.path} stays locked by {_holders(file)}; {remedy}")
        time.sleep(_POLL)

    def _is_current(self, file: FileIO) -> bool:
        """Return whether the file still has its name. After a deletion, its lock excludes nobody.

        Raises PermissionDenied if the file is a link.
        """
        found = os.fstat(file.fileno())
        if found.st_nlink > 1 or not stat.S_ISREG(found.st_mode):
            raise PermissionDenied(
                f"{self.path} is a link, but a lock file must be a regular file; move the link away"
            )
        if found.st_mode & 0o007 and file.writable():
            restrict(file.fileno(), self.path)
        return found.st_nlink == 1

    def close(self) -> None:
        """Close the file."""
        if self.file is not None:
            self.file.close()
            self.file = None


def restrict(fd: int, path: str) -> None:
    """Allow only the owner to open the file, and the group of its folder if this group may write in it."""
    folder = Path(path).parent.stat()
    with contextlib.suppress(PermissionError):  # the file is another user's, or the group is not this user's
        os.fchmod(fd, 0o600)
        if folder.st_mode & stat.S_IWGRP:
            os.fchown(fd, -1, folder.st_gid)
            os.fchmod(fd, 0o660)


def _holders(file: FileIO) -> str:
    """Return a text that names the processes that hold the lock of ``file``, if the system lists them."""
    found = os.fstat(file.fileno())
    inode = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
    try:
        lines = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    except OSError:
        lines = []
    # number ":" "FLOCK" "ADVISORY" "READ" | "WRITE" pid device ":" inode start end; "->" marks those who wait
    pids = sorted({words[4] for words in lines if words[1] == "FLOCK" and words[5] == inode})
    return f"process {', '.join(pids)}" if pids else "another writer"
