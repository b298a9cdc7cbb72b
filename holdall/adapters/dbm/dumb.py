"""The flavor dumb: a file of values and an index, as dbm.dumb keeps them."""

import dbm.dumb
from pathlib import Path
from typing import Any, cast

from holdall.adapters.dbm.hashed import Database, Hashed


class Dumb(Hashed):
    """Reads its whole index when it is opened, and writes it anew after each change."""

    def _opened(self, path: str, mode: str) -> Database:
        opened: Any = dbm.dumb.open(path, mode, 0o666)
        values = Path(path + ".dat")
        if values.exists():
            opened._mode = (
                values.stat().st_mode & 0o777
            )  # else each new index would get the mode of a new file
        return cast(Database, opened)
