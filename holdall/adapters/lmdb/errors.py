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
    lmdb.MapFullError: (StoreFull, f"is as large as map_size allows{UNCHANGED}; raise map_size"),
    lmdb.MemoryError: (StoreFull, "cannot reserve memory for its map; lower map_size"),
    lmdb.BadValsizeError: (TooLarge, "does not accept a key or value of this size; split it"),
    lmdb.InvalidError: (Mismatch, "is not an LMDB environment, so it is left unchanged; name another folder"),
    lmdb.VersionMismatchError: (
        Mismatch,
        "was written by another version of LMDB; copy it with the mdb_dump of that version",
    ),
    lmdb.ReadonlyError: (PermissionDenied, "is read-only; check how its disk is mounted"),
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
        return Mismatch(f"{folder} is a file, so it is left unchanged; name a folder", key=key)
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
