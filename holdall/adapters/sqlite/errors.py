"""SQLite's result codes (sqlite.org/rescode.html) as errors of holdall."""

import sqlite3

from holdall.errors import (
    UNCHANGED,
    Corrupt,
    HoldallError,
    PermissionDenied,
    StoreFull,
    StoreNotFound,
    TooLarge,
    Unavailable,
)

_denied = (
    PermissionDenied,
    "cannot be written or opened, and SQLite writes beside a file even to read it: "
    "see to the rights of the file and of its folder, or copy the file",
)
_locked = (
    Unavailable,
    "is locked by another writer for longer than its timeout; retry, or raise timeout=",
)
_damaged = (
    Corrupt,
    "is damaged; restore a backup, or salvage it with the .recover command of sqlite3",
)
_full = StoreFull, f"has no room left{UNCHANGED}; free some space on its disk"
_gone = StoreNotFound, "was dropped or changed while it was open; open it again"
_failed = Unavailable, "could not be read or written by the operating system; see to its disk"
_large = TooLarge, "holds no value that long; split it, or keep it in a file or bucket"

_kinds: dict[int, tuple[type[HoldallError], str]] = {
    sqlite3.SQLITE_ERROR: _gone,
    sqlite3.SQLITE_PERM: _denied,
    sqlite3.SQLITE_AUTH: _denied,
    sqlite3.SQLITE_READONLY: _denied,
    sqlite3.SQLITE_CANTOPEN: _denied,
    sqlite3.SQLITE_BUSY: _locked,
    sqlite3.SQLITE_LOCKED: _locked,
    sqlite3.SQLITE_CORRUPT: _damaged,
    sqlite3.SQLITE_NOTADB: _damaged,
    sqlite3.SQLITE_FULL: _full,
    sqlite3.SQLITE_IOERR: _failed,
    sqlite3.SQLITE_IOERR_SHMSIZE: _full,  # no room to lengthen the index of the write-ahead log
    sqlite3.SQLITE_TOOBIG: _large,
}


def translated(error: Exception, where: str, key: str | None = None) -> HoldallError:
    """The error to raise in place of ``error``, about ``key`` of the table ``where``.

    An extended result code is looked up first, then its primary code.
    """
    if isinstance(error, OverflowError):  # more bytes than SQLite's interface can count
        code = sqlite3.SQLITE_TOOBIG
    else:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_IOERR)
    kind, remedy = _kinds.get(code) or _kinds.get(code & 0xFF) or (HoldallError, "failed in SQLite")
    about = "" if key is None else f" ({key!r})"
    return kind(f"{where}{about} {remedy}: {error}", key=key)
