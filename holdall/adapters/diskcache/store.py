"""The store `DiskCache`."""

import os
import re
import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, NamedTuple

from holdall.adapters._shared.tables import Tables
from holdall.adapters._sources import Listed
from holdall.adapters._sources.database import Database
from holdall.adapters._sources.folder import list_folder
from holdall.adapters._sources.values import VALUES, Values
from holdall.adapters.diskcache.rows import to_key, to_value
from holdall.address import Address
from holdall.errors import InvalidAddress, Mismatch
from holdall.handles import PerProcess
from holdall.keys import Foreign

Disk = Literal["disk", "json"]
DISKS = ("disk", "json")

_FILE = "cache.db"
_shard = re.compile(r"\d{3}").fullmatch
_LIVE = "(expire_time IS NULL OR expire_time > ?)"
_KEYS = "SELECT rowid, typeof(key), iif(typeof(key) = 'text', CAST(key AS BLOB), key), raw FROM Cache WHERE "
_ROW = (
    "SELECT mode, CAST(filename AS BLOB), typeof(value), "
    f"iif(typeof(value) = 'text', CAST(value AS BLOB), value) FROM Cache WHERE {_LIVE} AND "
)


class _Place(NamedTuple):
    """The folder of a shard, and the number of a row in its table."""

    folder: str
    row: int


class DiskCache(Listed):
    """The Cache or FanoutCache of diskcache in the folder ``path``, only to be read.

    Expired values are passed over; `info` counts them. ``disk="json"``: the cache was made with the disk
    JSONDisk, and the values are texts in JSON. ``values="bytes"``: bytes, text and numbers; a pickle must be of
    one of them. ``"json"``: a value must be text, a number or the pickle of an object that JSON can keep.
    ``"pickle"``: the pickle of any value. No pickle is run in any case.

    A file of a value is read only inside the folder, and no link is followed. Nothing is written: diskcache's
    statistics and the times of access stay as they are.
    """

    _scheme = "diskcache"
    _example = "diskcache:folder"

    def __init__(
        self, path: str | os.PathLike[str], *, disk: Disk = "disk", values: Values = "bytes"
    ) -> None:
        if disk not in DISKS:
            raise InvalidAddress(f"diskcache: disk={disk!r} is not one of {', '.join(DISKS)}")
        super().__init__(path, values=values)
        self._json = disk == "json"
        self._places: dict[str, _Place] = {}
        self._shards = PerProcess(self._open)

    @classmethod
    def from_address(cls, address: Address) -> "DiskCache":
        """Open ``diskcache:PATH?disk=&values=``."""
        options = address.options(disk=DISKS, values=VALUES)
        return cls(cls._path(address), **options)

    def _open(self) -> dict[str, Database]:
        """Return the database of each shard, by its folder."""
        names = list_folder(self.path)
        if (_FILE, True) in names:
            return {self.path: Database(str(Path(self.path, _FILE)), self._check)}
        folders = [Path(self.path, name) for name, _ in sorted(names) if _shard(name)]
        found = {str(each): Database(str(each / _FILE), self._check) for each in folders if _is_shard(each)}
        if not found:
            raise Mismatch(
                f"{self.path} has no {_FILE}, so it is not a Cache or FanoutCache; name another folder"
            )
        return found

    def _check(self, connection: sqlite3.Connection) -> None:
        tables = Tables.of(connection)
        if not tables.of_diskcache:
            raise Mismatch(f"{_FILE} in {self.path} was not made by diskcache: {tables}; name another folder")

    def _names(self) -> Iterable[str]:
        now = time.time()
        places: dict[str, _Place] = {}
        foreign: list[str] = []
        for folder, shard in self._shards().items():
            for number, kind, key, raw in shard.rows(_KEYS + _LIVE, (now,)):
                place = _Place(folder, number)
                name = to_key(kind, key, raw, place, json=self._json)
                if isinstance(name, Foreign):
                    foreign.append(name)
                else:
                    places[name] = place
        self._places = places
        return [*places, *foreign]

    def _load(self, name: str) -> object:
        place = name.stored if isinstance(name, Foreign) else self._places.get(name)
        row = self._row(place)
        if row is None and not isinstance(name, Foreign):
            self._names()
            place = self._places[name]
            row = self._row(place)
        if place is None or row is None:
            raise KeyError(name)
        return to_value(place.folder, name, row, json=self._json)

    def _row(self, place: _Place | None) -> tuple[Any, ...] | None:
        if place is None:
            return None
        rows = self._shards()[place.folder].rows(f"{_ROW} rowid = ?", (time.time(), place.row))
        return rows[0] if rows else None

    def notes(self) -> list[str]:
        count = self._count_expired()
        return [f"passed over {count:,} expired value{'s' * (count != 1)}"] if count else []

    def info(self) -> dict[str, str]:
        return {"expired values": f"{self._count_expired():,}"}

    def _count_expired(self) -> int:
        select = f"SELECT count(*) FROM Cache WHERE NOT {_LIVE}"
        return sum(shard.rows(select, (time.time(),))[0][0] for shard in self._shards().values())

    def close(self) -> None:
        for shard in (self._shards.take() or {}).values():
            shard.close()


def _is_shard(folder: Path) -> bool:
    """Return whether ``folder`` is a folder, not a link, with the database of a shard."""
    return not folder.is_symlink() and (folder / _FILE).is_file()
