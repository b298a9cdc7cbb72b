"""Open files so that no symbolic link is followed, and no interrupt leaves one open.

CPython runs a signal handler, which may raise, after each call, at the start of a function and at the end of each
round of a loop. An interrupt after `os.open` would lose the descriptor. So `map` calls `os.open`, and an assignment
takes the descriptor from `map`, because no handler runs in between.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from functools import partial, reduce
from io import FileIO
from operator import or_
from typing import TypeVar

from holdall.adapters._files.filenames import Folders, Place
from holdall.ranges import ALL, ByteRange

T = TypeVar("T")


def _flags(*names: str) -> int:
    """Return the flags with these names. On a system without them (Windows), no store opens a folder."""
    return os.O_RDONLY | reduce(or_, (getattr(os, name, 0) for name in names))


_NO_LINK = _flags("O_NOFOLLOW")
_PASS = _flags("O_PATH", "O_DIRECTORY", "O_NOFOLLOW")
_OPEN = _flags("O_DIRECTORY", "O_NOFOLLOW")
_READ = _flags("O_NOFOLLOW", "O_NONBLOCK")  # do not wait for the writer of a foreign pipe
_WRITES = os.O_WRONLY | os.O_RDWR


def open_owned(path: str, flags: int, mode: int = 0o666, *, dir_fd: int | None = None) -> FileIO:
    """Open a file that is not a link, as `os.open` does, and return an object that owns the descriptor."""
    (fd,) = map(partial(os.open, dir_fd=dir_fd), (path,), (flags | _NO_LINK,), (mode,))
    owned: list[FileIO] = []
    try:
        owned += map(FileIO, (fd,), ("r+" if flags & _WRITES else "r",))
    except BaseException:
        if not owned:  # FileIO runs audit hooks, which may be Python functions, before it owns the descriptor
            os.close(fd)
        raise
    return owned[0]


def in_folder(root: str, folders: Folders, work: Callable[[int], T], *, lists: bool = False) -> T:
    """Return the result of ``work`` on a descriptor of the last of ``folders``, to open names in that folder.

    ``lists``: ``work`` may also list and sync the folder. ``root`` itself may be a link. Raises
    FileNotFoundError if a folder is missing, and NotADirectoryError (or an OSError with ELOOP) if one of the
    names is a link or is not a folder.
    """
    flags = _OPEN if lists else _PASS
    if not folders:
        (fd,) = map(os.open, (root,), (flags & ~_NO_LINK,))
    else:
        (fd,) = map(os.open, (f"{root}/{folders[0]}",), (flags,))
    try:
        for name in folders[1:]:
            (below,) = map(partial(os.open, dir_fd=fd), (name,), (flags,))
            above, fd = fd, below
            os.close(above)
        result = work(fd)
    finally:
        os.close(fd)
    return result


def read_file(root: str, place: Place, part: ByteRange = ALL) -> tuple[bytes, int] | None:
    """Return the ``part`` of the file at ``place``, and its time in nanoseconds; or None if it is not a file.

    Raises the errors of `in_folder`, and FileNotFoundError if the file is missing.
    """
    folders, name = place
    if not folders:
        return _read(map(os.open, (f"{root}/{name}",), (_READ,)), part)
    return in_folder(
        root, folders, lambda fd: _read(map(partial(os.open, dir_fd=fd), (name,), (_READ,)), part)
    )


def _read(opening: Iterator[int], part: ByteRange) -> tuple[bytes, int] | None:
    (fd,) = opening
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            return None
        start, size = part.within(found.st_size)
        if start:
            os.lseek(fd, start, os.SEEK_SET)
        content = os.read(fd, size)
        while len(content) < size and (more := os.read(fd, size - len(content))):
            content += more
        return content, found.st_mtime_ns
    finally:
        os.close(fd)


def open_file(root: str, place: Place) -> FileIO | None:
    """Return the file at ``place``, open to be read; or None if it is not a file. Raises the errors of `read_file`."""
    folders, name = place
    file = in_folder(root, folders, lambda fd: open_owned(name, _READ, dir_fd=fd))
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    return None


def read_at(file: FileIO, part: ByteRange) -> bytes:
    """Return the ``part`` of ``file``, which has a length."""
    return os.pread(file.fileno(), part.length or 0, part.start)


def read_time(root: str, place: Place) -> int | None:
    """Return the time of the file at ``place`` in nanoseconds, or None if it is missing or is not a file.

    Raises the errors of `read_status`.
    """
    found = read_status(root, place)
    return None if found is None else found.st_mtime_ns


def read_status(root: str, place: Place) -> os.stat_result | None:
    """Return the status of the file at ``place``, or None if it is missing or is not a file.

    Raises the errors of `in_folder`, and an OSError with ELOOP if the name is a link.
    """
    folders, name = place
    try:
        if folders:
            found = in_folder(root, folders, lambda fd: os.stat(name, dir_fd=fd, follow_symlinks=False))
        else:
            found = os.stat(f"{root}/{name}", follow_symlinks=False)  # noqa: PTH116 - as in a folder
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(found.st_mode):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    return found if stat.S_ISREG(found.st_mode) else None
