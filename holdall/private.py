"""Writes files that only their owner can read, and finds out which files others can read."""

import os
import stat
from pathlib import Path


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
