"""Writes files that only their owner can read, finds out which files others can read, and reads secrets."""

import os
import stat
import warnings
from pathlib import Path
from typing import Final

from holdall.errors import PermissionDenied
from holdall.redact import SOURCES

LONGEST: Final = 1 << 16
"""The most bytes of a secret; more than any keyring has."""


def write(path: Path, data: bytes) -> None:
    """Write ``data`` to the file at ``path`` with mode 600, completely or not at all."""
    written = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "wb") as opened:  # noqa: PTH123 - it is open already
            opened.write(data)
            opened.flush()
            os.fsync(descriptor)
        written.replace(path)
    except BaseException:
        written.unlink()
        raise


def is_readable_by_others(found: os.stat_result) -> bool:
    """Return whether a file with this status can be read by more users than need it.

    If the file belongs to another user, its group may read it, because this process needs that permission.
    """
    if os.name != "posix":  # the mode has no meaning there
        return False
    by_group = found.st_mode & stat.S_IRGRP and found.st_uid == os.getuid()
    return bool(found.st_mode & stat.S_IROTH or by_group)


def is_source(text: object) -> bool:
    """Return whether ``text`` is ``env:NAME`` or ``file:PATH``.

    >>> is_source("env:BOOKS_KEYS"), is_source("env:"), is_source("hunter2")
    (True, False, False)
    """
    return isinstance(text, str) and text.startswith(SOURCES) and text not in SOURCES


def read_secret(source: str, what: str) -> bytes:
    """Return the bytes in the environment variable or the file that ``source`` names; errors call them ``what``.

    Raises PermissionDenied if the source does not exist, cannot be read, or holds more than LONGEST bytes.
    The message quotes none of the bytes.

    >>> read_secret("env:NO_SUCH_KEYS", "keys")
    Traceback (most recent call last):
      ...
    holdall.errors.PermissionDenied: the environment has no variable NO_SUCH_KEYS; set it to the keys
    """
    kind, _, place = source.partition(":")
    data = _variable(place, what) if kind == "env" else _file(place, what)
    if len(data) > LONGEST:
        raise PermissionDenied(f"{source} holds more than {LONGEST:,} bytes, so it is not the {what}")
    return data


def _variable(name: str, what: str) -> bytes:
    if name not in os.environ:
        raise PermissionDenied(f"the environment has no variable {name}; set it to the {what}")
    return os.fsencode(os.environ[name])


def _file(path: str, what: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            if is_readable_by_others(os.fstat(file.fileno())):
                message = f"other users can read {path}, which holds the {what}; run `chmod 600 {path}`"
                warnings.warn(message, stacklevel=2)
            return file.read(LONGEST + 1)
    except OSError as error:
        raise PermissionDenied(f"the {what} cannot be read from {path}: {error.strerror}") from error
