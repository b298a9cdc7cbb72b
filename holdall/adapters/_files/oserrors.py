"""Translate errors of the operating system into errors of this package."""

import errno

from holdall.adapters._shared.errors import describe
from holdall.errors import (
    UNCHANGED,
    HoldallError,
    PermissionDenied,
    StoreFull,
    StoreNotFound,
    TooLarge,
    Unavailable,
)

_full = {errno.ENOSPC, errno.EDQUOT}
_denied = {errno.EACCES, errno.EPERM, errno.EROFS}
_strange = {errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.ENOTEMPTY, errno.EEXIST}
_large = {errno.ENAMETOOLONG}


def translate(error: OSError, root: str, key: str | None = None) -> HoldallError:
    """Return the error to raise in place of ``error``, which concerns ``key`` of the store in ``root``.

    >>> translate(OSError(errno.ENOSPC, "No space left on device"), "/books", "a")
    StoreFull("no room for 'a' in /books, so this write changed nothing; free some space")
    """
    thing = describe(root, key)
    if error.errno in _full:
        return StoreFull(f"no room for {thing}{UNCHANGED}; free some space", key=key)
    if error.errno == errno.EFBIG:
        remedy = "raise the limit (ulimit -f), or use a file system that takes larger files"
        return StoreFull(f"{thing}: the file is not allowed to grow that large{UNCHANGED}; {remedy}", key=key)
    if error.errno in _denied:
        remedy = "check who owns the folder, its mode and how it is mounted"
        return PermissionDenied(f"{thing}: {error.strerror}; {remedy}", key=key)
    if error.errno == errno.ENOENT:
        return StoreNotFound(f"{root} does not exist; write a value to create it", key=key)
    if error.errno in _strange:
        remedy = "a link or another kind of file is in its place, and links are not followed; move it away"
        return PermissionDenied(f"{thing}: {remedy}", key=key)
    if error.errno in _large:
        return TooLarge(f"{thing}: {error.strerror}; choose a shorter path for the store", key=key)
    return Unavailable(f"{thing}: {error.strerror or error}; try again", key=key)
