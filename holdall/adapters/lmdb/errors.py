"""Translate LMDB's return codes into errors of holdall."""

import errno
import os
from collections.abc import Callable

from holdall.adapters._files import oserrors
from holdall.errors import (
    UNCHANGED,
    Corrupt,
    HoldallError,
    Mismatch,
    PermissionDenied,
    StoreFull,
    TooLarge,
    Unavailable,
)
from holdall.extras import needs

with needs("lmdb"):
    import lmdb
    import lmdb.verify

_kinds: dict[type[lmdb.Error], tuple[type[HoldallError], str]] = {
    lmdb.MapFullError: (StoreFull, f"is as large as map_size allows{UNCHANGED}; raise it"),
    lmdb.MemoryError: (StoreFull, "finds no memory for its map; lower map_size"),
    lmdb.BadValsizeError: (TooLarge, "holds no key or value that long; split it"),
    lmdb.InvalidError: (Mismatch, "is no LMDB environment and is left as it is; name another folder"),
    lmdb.VersionMismatchError: (
        Mismatch,
        "is of another version of LMDB; copy it with the mdb_dump of that one",
    ),
    lmdb.ReadonlyError: (PermissionDenied, "may only be read; see to how its disk is mounted"),
    lmdb.ReadersFullError: (Unavailable, "has too many readers; close some"),
    lmdb.CorruptedError: (Corrupt, "is damaged; restore a backup"),
    lmdb.PageNotFoundError: (Corrupt, "is damaged; restore a backup"),
    lmdb.PanicError: (Corrupt, "is damaged; restore a backup"),
}


def translate(error: Exception, folder: str, key: str | None = None) -> HoldallError:
    """Return the error to raise in place of ``error``, which concerns the environment in ``folder``."""
    for kind, (ours, remedy) in _kinds.items():
        if isinstance(error, kind):
            return ours(f"{folder} {remedy}: {error}", key=key)
    code = error.errno if isinstance(error, OSError) else getattr(error, "code", None)
    if code == errno.ENOTDIR:
        return Mismatch(f"{folder} is a file and is left as it is; name a folder", key=key)
    # LMDB reports an incomplete write as an I/O error.
    if code == errno.EIO and not os.statvfs(folder).f_bavail:
        code = errno.ENOSPC
    if isinstance(code, int) and code > 0:
        return oserrors.translate(OSError(code, str(error)), folder, key)
    return Unavailable(f"{folder}: {error}; open it again", key=key)


def damage(folder: str) -> None:
    """Raise Corrupt if the data file lacks a page that is in use. This reads the whole file, without LMDB."""
    verify: Callable[[str], list[str]] = lmdb.verify.verify
    problems = verify(folder)
    if problems:
        raise Corrupt(f"{folder} is damaged ({problems[0]}); restore a backup")
