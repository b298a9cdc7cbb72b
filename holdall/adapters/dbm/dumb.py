"""The flavor dumb: a file of values and an index, as dbm.dumb keeps them."""

import dbm.dumb
from typing import cast

from holdall.adapters.dbm.hashed import Database, Hashed


class Dumb(Hashed):
    """Reads its whole index when it is opened, and writes it anew after each change."""

    def _opened(self, path: str, mode: str) -> Database:
        return cast(Database, dbm.dumb.open(path, mode, 0o666))
