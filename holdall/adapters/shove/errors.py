"""Translate errors of Shove's stores into errors of this package."""

import dbm
import pickle
import sqlite3

from holdall.adapters._files.oserrors import translate as os_error
from holdall.adapters._shared.errors import describe
from holdall.adapters.sqlite import errors as sqlite_errors
from holdall.errors import Corrupt, HoldallError, Unavailable

_DAMAGED = (EOFError, SyntaxError, UnicodeError, ValueError, pickle.PickleError)
_sqlite = (sqlite3.Error, OverflowError)


def translate(error: Exception, where: str, key: str | None = None) -> Exception | KeyboardInterrupt:
    """Return the error to raise in place of ``error``, which concerns ``key`` of the store ``where``.

    Shove's stores, and stores that follow their example, raise KeyError also if a disk fails. In that case
    the error that they were handling is the cause, and is translated. The KeyError of a missing key stays
    a KeyError.

    >>> translate(EOFError(), "file:///books", "a")
    Corrupt("'a' in file:///books is damaged ...")
    """
    if isinstance(error, KeyError):
        cause = error.__context__
        if isinstance(cause, Exception) and not isinstance(cause, KeyError | FileNotFoundError):
            return translate(cause, where, key)
        return KeyError(key)
    if isinstance(error, HoldallError):
        return type(error)(f"{describe(where, key)}: {error}", key=key)
    if isinstance(error, _sqlite):
        return sqlite_errors.translate(error, where, key)
    if isinstance(error, _DAMAGED):
        return Corrupt(
            f"{describe(where, key)} is damaged ({type(error).__name__}); restore a backup", key=key
        )
    if isinstance(error, OSError) and not isinstance(error, dbm.error[0]):
        return os_error(error, where, key)
    return Unavailable(
        f"{describe(where, key)}: Shove's store raised {type(error).__name__}; see the cause of this error",
        key=key,
    )
