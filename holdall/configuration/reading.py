"""Reads a configuration file only if no other user can have written it."""

import errno
import os
import stat
from pathlib import Path
from typing import Final, NamedTuple

from holdall.errors import InvalidAddress, PermissionDenied
from holdall.private import is_readable_by_others

LARGEST: Final = 1 << 18  # bytes
_ADMINISTRATOR: Final = 0  # the user id of root
_LINK: Final = (errno.ELOOP, errno.EMLINK)  # Linux and macOS; FreeBSD


class ConfigFile(NamedTuple):
    """A file with the content that was read. ``trusted``: it is the user's own file and not a project's."""

    path: Path
    data: bytes
    exposed: bool
    """Whether other users can read the file."""
    trusted: bool = False


def read(path: Path, *, trusted: bool = False, owners: bool = True) -> ConfigFile:
    """Return the file at ``path``, with at most `LARGEST` bytes and one byte more.

    It checks the file descriptor from which it reads, so that nobody can replace the file after the check.
    Raises PermissionDenied if ``path`` is a symbolic link, if a group or everybody may write the file, or,
    with ``owners``, if the file belongs to another user who is not root. Raises InvalidAddress if the file
    cannot be read.
    """
    try:
        # O_NONBLOCK, because opening a named pipe would block.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        if error.errno in _LINK:
            remedy = "put the file itself there"
            raise PermissionDenied(
                f"{path} is a symbolic link, which anybody may have made; {remedy}"
            ) from None
        raise InvalidAddress(f"{path} cannot be read: {error.strerror}") from error
    try:
        found = os.fstat(descriptor)
        _require_own(path, found, owners)
        with open(descriptor, "rb", closefd=False) as opened:
            return ConfigFile(path, opened.read(LARGEST + 1), is_readable_by_others(found), trusted)
    finally:
        os.close(descriptor)


def resolve(path: Path) -> Path:
    """Return the absolute path without symbolic links. If links form a circle, return one of the links."""
    return Path(os.path.realpath(path))


def _require_own(path: Path, found: os.stat_result, owners: bool) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise InvalidAddress(f"{path} cannot be read: it is not a file")
    if owners and hasattr(os, "getuid") and found.st_uid not in (_ADMINISTRATOR, os.getuid()):
        raise PermissionDenied(
            f"{path} belongs to another user, who can change it; use a file that belongs to you or to root"
        )
    if os.name == "posix" and _is_writable_by_others(found):
        raise PermissionDenied(
            f"{path} can be changed by other users; read it, and then run `chmod go-w {path}`"
        )


def _is_writable_by_others(found: os.stat_result) -> bool:
    by_group = found.st_mode & stat.S_IWGRP and not _is_private_group(found)
    return bool(found.st_mode & stat.S_IWOTH or by_group)


def _is_private_group(found: os.stat_result) -> bool:
    """Return whether the file's group has the owner as its only member.

    Many systems make a group of this kind for each user, and have the umask 002.
    """
    import grp  # late: not every system has these two modules
    import pwd

    try:
        user, group = pwd.getpwuid(found.st_uid), grp.getgrgid(found.st_gid)
    except KeyError:
        return False
    only = user.pw_uid != _ADMINISTRATOR and group.gr_gid == user.pw_gid
    return only and group.gr_name == user.pw_name and set(group.gr_mem) <= {user.pw_name}
