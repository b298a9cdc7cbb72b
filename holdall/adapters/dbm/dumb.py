"""The flavor dumb: a file of values and an index, as dbm.dumb keeps them."""

import dbm.dumb
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

from holdall.adapters.dbm.flavors import Change
from holdall.adapters.dbm.hashed import Database, Hashed


class Dumb(Hashed):
    """Reads its whole index when it is opened, and writes it again after each change."""

    def _opened(self, path: str, mode: str) -> Database:
        return cast(Database, dbm.dumb.open(path, mode, 0o666))

    def apply(self, changes: Iterable[Change]) -> None:
        opened: Any = self._db
        # Each new index would get the mode of a new file, and the values would too.
        opened._mode = Path(self._path + ".dat").stat().st_mode & 0o777
        super().apply(changes)
