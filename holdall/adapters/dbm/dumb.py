"""The flavor dumb: a file of values and an index, in the format of dbm.dumb."""

import dbm.dumb
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

from holdall.adapters.dbm.flavors import Change
from holdall.adapters.dbm.hashed import Database, Hashed


class Dumb(Hashed):
    """An open file of dbm.dumb, which reads its whole index when it is opened and rewrites it in `apply`."""

    def _open(self, path: str, mode: str) -> Database:
        return cast(Database, dbm.dumb.open(path, mode, 0o666))

    def apply(self, changes: Iterable[Change]) -> None:
        opened: Any = self._db
        # Without this, dbm.dumb would give each new index, and the values, the mode of a new file.
        opened._mode = Path(self._path + ".dat").stat().st_mode & 0o777
        super().apply(changes)
