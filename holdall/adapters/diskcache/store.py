"""The store `DiskCache`."""

import heapq
import os
import re
import sqlite3
import time
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any, Literal, NamedTuple

from holdall.adapters._shared.tables import Tables
from holdall.adapters._sources import Ordered
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
_IS_TEXT = "(typeof(key) = 'text' AND raw IS 1)"
_TEXT = "key COLLATE BINARY"  # the order of the bytes, which is that of the code points
_GIVEN = "CAST(? AS TEXT)"
_KEY = "iif(typeof(key) = 'text', CAST(key AS BLOB), key)"
_KEYS = f"SELECT rowid, typeof(key), {_KEY}, raw FROM Cache WHERE {_LIVE}"
_TEXTS = f"SELECT CAST(key AS BLOB) FROM Cache WHERE {_LIVE} AND {_IS_TEXT}"
_ROW = (
    "SELECT mode, CAST(filename AS BLOB), typeof(value), "
    f"iif(typeof(value) = 'text', CAST(value AS BLOB), value) FROM Cache WHERE {_LIVE}"
)


class _Place(NamedTuple):
    """The folder of a shard, the number of a row in its table, and its key: the number may get another key."""

    folder: str
    row: int
    key: object


class DiskCache(Ordered):
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

    def _page(self, low: bytes, high: bytes | None, most: int) -> list[bytes]:
        if self._json:
            return []
        args: tuple[object, ...] = time.time(), low
        select = f"{_TEXTS} AND {_TEXT} >= {_GIVEN}"
        if high is not None:
            select, args = f"{select} AND {_TEXT} < {_GIVEN}", (*args, high)
        select, args = f"{select} ORDER BY {_TEXT} LIMIT ?", (*args, most)
        pages = [[key for (key,) in shard.rows(select, args)] for shard in self._shards().values()]
        return list(islice(heapq.merge(*pages), most))

    def _others(self) -> Iterable[str]:
        select = _KEYS if self._json else f"{_KEYS} AND NOT {_IS_TEXT}"
        now = time.time()
        places: dict[str, _Place] = {}
        foreign: list[str] = []
        for folder, shard in self._shards().items():
            for number, kind, key, raw in shard.rows(select, (now,)):
                place = _Place(folder, number, key)
                name = to_key(kind, key, raw, place, json=self._json)
                if isinstance(name, Foreign):
                    foreign.append(name)
                else:
                    places[name] = place
        self._places = places
        return [*places, *foreign]

    def _load(self, name: str) -> object:
        listed = self._json and not isinstance(name, Foreign)
        found = self._row(self._places.get(name) if listed else _stored(name))
        if found is None and listed:
            self._others()
            found = self._row(self._places.get(name))
        if found is None:
            raise KeyError(name)
        folder, row = found
        return to_value(folder, name, row, json=self._json)

    def _row(self, stored: bytes | _Place | None) -> tuple[str, tuple[Any, ...]] | None:
        """Return the row at a place, or that of a text, and the folder of its shard; None if it is missing."""
        folders: Iterable[str] = self._shards()
        args: tuple[object, ...]
        where, args = f"{_IS_TEXT} AND {_TEXT} = {_GIVEN}", (stored,)
        if isinstance(stored, _Place):
            folders, where, args = [stored.folder], f"rowid = ? AND {_KEY} IS ?", (stored.row, stored.key)
        for folder in folders if stored is not None else ():
            for row in self._shards()[folder].rows(f"{_ROW} AND {where}", (time.time(), *args)):
                return folder, row
        return None

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


def _stored(name: str) -> bytes | _Place:
    """Return the place of ``name`` if a scan told it, else the text of its key."""
    stored: bytes | _Place = name.stored if isinstance(name, Foreign) else name.encode()
    return stored


def _is_shard(folder: Path) -> bool:
    """Return whether ``folder`` is a folder, not a link, with the database of a shard."""
    return not folder.is_symlink() and (folder / _FILE).is_file()
