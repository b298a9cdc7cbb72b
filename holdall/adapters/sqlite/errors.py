"""Translate SQLite's result codes (sqlite.org/rescode.html) into errors of holdall."""

import os
import sqlite3

from holdall.adapters._shared.errors import subject
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
    "cannot be opened or written; SQLite writes next to a file even to read it, so "
    "check the permissions of the file and of its folder, or copy the file",
)
_locked = (
    Unavailable,
    "has been locked by another writer for longer than its timeout; retry, or raise timeout=",
)
_damaged = (
    Corrupt,
    "is damaged; restore a backup, or salvage it with the .recover command of sqlite3",
)
_full = (
    StoreFull,
    f"has no room left{UNCHANGED}; free some space on its disk, because deleting keys may need room too",
)
_gone = StoreNotFound, "was dropped or changed while it was open; open it again"
_failed = Unavailable, "could not be read or written by the operating system; check its disk"
_large = TooLarge, "does not accept a value of this size; split it, or keep it in a file or bucket"

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
    sqlite3.SQLITE_IOERR_SHMSIZE: _full,  # no room to extend the index of the write-ahead log
    sqlite3.SQLITE_TOOBIG: _large,
}


_FILES = 5  # files that SQLite may need at once: database, journal or log, index of the log, folder
_LARGE = "is not allowed to grow, because the size of files is limited for this process"
_NOT_TEXT = (
    "has a key that is not text in UTF-8, which another program wrote; delete or change its row with sqlite3"
)
_UNDECODABLE = "Could not decode to UTF-8"
_CALLBACK_RAISED = "user-defined function raised exception"


def translate(error: Exception, where: str, key: str | None = None) -> HoldallError | KeyboardInterrupt:
    """Return the error to raise in place of ``error``, which concerns ``key`` of the table ``where``.

    The extended result code is looked up first, then its primary code. If the statement was interrupted, or
    if a callback of holdall raised, the result is KeyboardInterrupt: nothing else raises in these callbacks.
    """
    if isinstance(error, OverflowError):  # the value has more bytes than SQLite's interface can count
        code = sqlite3.SQLITE_TOOBIG
    else:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_IOERR)
    if code == sqlite3.SQLITE_INTERRUPT or str(error) == _CALLBACK_RAISED:
        return KeyboardInterrupt()
    if code & 0xFF == sqlite3.SQLITE_CANTOPEN and (refusal := _refusal()):
        return Unavailable(
            f"{where} cannot be opened: {refusal}; close files, or raise the limit (ulimit -n)"
        )
    if code == sqlite3.SQLITE_IOERR_WRITE and _has_size_limit():
        return StoreFull(f"{where} {_LARGE}{UNCHANGED}; raise the limit (ulimit -f)", key=key)
    if str(error).startswith(_UNDECODABLE):  # an error without a code
        return Corrupt(f"{subject(where, key)} {_NOT_TEXT}: {error}", key=key)
    kind, remedy = _kinds.get(code) or _kinds.get(code & 0xFF) or (HoldallError, "failed in SQLite")
    return kind(f"{subject(where, key)} {remedy}: {error}", key=key)


def _refusal() -> str | None:
    """Return the reason why the system opens too few files, or None if it does not. SQLite does not report it."""
    opened: list[int] = []
    try:
        while len(opened) < _FILES:
            opened.append(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return error.strerror
    finally:
        for file in opened:
            os.close(file)
    return None


def _has_size_limit() -> bool:
    """Return whether this process has a limit on the size of files. SQLite does not report a file over it."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return False
    return resource.getrlimit(resource.RLIMIT_FSIZE)[0] != resource.RLIM_INFINITY
