"""The flavor ndbm: files of the system's ndbm, which is Berkeley DB on Debian and macOS."""

from typing import cast

from holdall.adapters.dbm.hashed import Database, Hashed, built

with built("dbm.ndbm", "Debian: apt install python3-gdbm; Homebrew and python.org: it is there"):
    import dbm.ndbm


class Ndbm(Hashed):
    """Syncs whenever it is closed, so that every write waits for the disk."""

    def _opened(self, path: str, mode: str) -> Database:
        return cast(Database, dbm.ndbm.open(path, mode, 0o666))
