"""The flavor ndbm: files of the system's ndbm, which is Berkeley DB on Debian and macOS."""

import errno
import os
from collections.abc import Iterable
from typing import cast

from holdall.adapters.dbm.flavors import Change
from holdall.adapters.dbm.hashed import Database, Hashed, needs_module
from holdall.adapters.dbm.recognition import cut_off

with needs_module(
    "dbm.ndbm", "Debian, Homebrew and python.org: it comes with Python (Debian itself: apt install python3)"
):
    import dbm.ndbm


class Ndbm(Hashed):
    """An open file of ndbm, which syncs whenever it is closed, so that every write waits for the disk.

    Neither the library nor its interface distinguishes an empty value from a missing one. So an empty value,
    and a value that consists only of zero bytes, is stored with one more zero byte.
    """

    def get(self, key: bytes) -> bytes | None:
        found = super().get(key)
        return found[:-1] if found and not found.strip(b"\0") else found

    def apply(self, changes: Iterable[Change]) -> None:
        asked = [*changes]
        super().apply((key, _longer(value)) for key, value in asked)
        self._prove(asked)

    def _prove(self, changes: Iterable[Change]) -> None:
        """Raise ENOSPC unless all changes are in the file: the library does not report a full disk."""
        whole = not cut_off(self._path, "ndbm")
        if not whole or any(self.get(key) != value for key, value in dict(changes).items()):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _open(self, path: str, mode: str) -> Database:
        return cast(Database, dbm.ndbm.open(path, mode, 0o666))


def _longer(value: bytes | None) -> bytes | None:
    return value if value is None or value.strip(b"\0") else value + b"\0"
