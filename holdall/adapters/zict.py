"""``zict:folder``: the folder of a zict.File, which holdall only reads.

    folder = *file
    file   = the bytes of a value
    name   = quoted [ "#" number ]      quoted: the key as `urllib.parse.quote(key, safe="")` writes it

The source of these facts is the documentation of zict 3.0.0 and the folders that it makes; earlier versions
write no number. zict need not be installed. zict takes every file of the folder for a value. If two files
have the same key, as a crash can leave them, nobody knows which of them is newer. So both are foreign names.
"""

import os
from collections import defaultdict
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

from holdall.adapters._sources import Listed
from holdall.adapters._sources.folder import list_folder, read_value
from holdall.address import Address
from holdall.errors import Mismatch, Unsupported
from holdall.keys import Foreign, to_name

__all__ = ["Zict"]

_LMDB = "data.mdb"


class Zict(Listed):
    """The folder of a zict.File at ``path``, only to be read. Values are the bytes of the files.

    Links, folders and devices in the folder are foreign names; they have no value, and no link is followed. A
    folder of zict.LMDB raises Mismatch.
    """

    _scheme = "zict"
    _example = "zict:folder"

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(path)
        self._files: dict[str, str] = {}

    @classmethod
    def from_address(cls, address: Address) -> "Zict":
        """Open ``zict:PATH``."""
        address.options()
        return cls(cls._path(address))

    def _names(self) -> Iterable[str]:
        found: defaultdict[str, list[str]] = defaultdict(list)
        names: list[str] = []
        for file, is_file in self._list():
            if is_file:
                found[_key(file)].append(file)
            else:
                names.append(Foreign(file, _NO_VALUE))
        files: dict[str, str] = {}
        for key, several in found.items():
            if len(several) > 1:
                names += (Foreign(file) for file in several)
            elif isinstance(key, Foreign):
                names.append(Foreign(key, several[0]))
            else:
                files[key] = several[0]
        self._files = files
        return [*files, *names]

    def _list(self) -> list[tuple[str, bool]]:
        files = list_folder(self.path)
        if any(name == _LMDB for name, _ in files):
            raise Mismatch(
                f"{self.path} is a folder of zict.LMDB, which holdall does not read; "
                "read it with zict and write its values to a store"
            )
        return files

    def _load(self, name: str) -> object:
        if isinstance(name, Foreign):
            if name.stored is _NO_VALUE:
                raise Unsupported(f"{name!r} in {self.path} is not a file; move it away", key=name)
            return read_value(self.path, ((), name.stored), name)
        if name not in self._files:
            self._names()
        return read_value(self.path, ((), self._files[name]), name)


_NO_VALUE = object()


def _key(file: str) -> str:
    """Return the key of ``file``: a plain str if it is a valid key, else a `Foreign`."""
    return to_name(unquote_to_bytes(file.partition("#")[0]))
