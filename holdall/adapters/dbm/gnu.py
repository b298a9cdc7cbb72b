"""The flavor gnu: files of GNU dbm."""

from collections.abc import Iterator
from typing import cast

from holdall.adapters.dbm.hashed import Database, Hashed, needs_module

with needs_module("dbm.gnu", "Debian: apt install python3-gdbm; Homebrew: brew install python-gdbm@3.X"):
    import dbm.gnu


class Gnu(Hashed):
    """An open file of gdbm, without gdbm's own locks ("u").

    These locks would keep readers out as long as a writer has the file open.
    """

    def _open(self, path: str, mode: str) -> Database:
        self._gnu = dbm.gnu.open(path, mode + "u", 0o666)
        return cast(Database, self._gnu)

    def keys(self, low: bytes) -> Iterator[bytes]:
        key = self._gnu.firstkey()
        while key is not None:
            yield key
            key = self._gnu.nextkey(key)

    def _flush(self) -> None:
        """Do nothing, because gdbm writes all its changes at the end of each operation."""
