"""Translate errors of the libraries behind the flavors into errors of holdall."""

import errno
import sqlite3

from holdall.adapters._files import oserrors
from holdall.adapters.sqlite import errors as sqlite_errors
from holdall.errors import UNCHANGED, Corrupt, HoldallError, StoreFull

_system = {
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ELOOP),
    *(errno.EISDIR, errno.ENOTDIR, errno.EFBIG, errno.ENAMETOOLONG, errno.EMFILE, errno.ENFILE, errno.EIO),
}


def translate(error: Exception, path: str) -> HoldallError | KeyboardInterrupt:
    """Return the error to raise in place of ``error``, which concerns the files at ``path``.

    Corrupt if neither SQLite nor the operating system refused: then the library could not understand the
    file.
    """
    if isinstance(error, sqlite3.Error):
        return sqlite_errors.translate(error, path)
    # Errors of Berkeley DB also have an error number as their first argument.
    code = error.errno if isinstance(error, OSError) else next(iter(error.args), None)
    if code in (errno.ENOSPC, errno.EDQUOT):
        remedy = "free some space on its disk, because deleting keys may need room for the twin"
        return StoreFull(f"no room for {path} or its twin{UNCHANGED}; {remedy}")
    if isinstance(code, int) and code in _system:
        return oserrors.translate(OSError(code, str(error.args[-1])), path)
    return Corrupt(f"{path} is damaged ({error}); restore a backup, or its twin if that is whole")
