"""The files of a store and of its twin, a second copy. Each can be replaced by the other."""

import os
import shutil
from pathlib import Path

from holdall.adapters._files.folders import sync
from holdall.adapters.dbm.flavors import Flavor


class Pair:
    """The files of ``flavor`` at ``path`` and at ``path.twin``. The caller must hold the lock."""

    def __init__(self, path: str, flavor: Flavor) -> None:
        self._path = path
        self.twin = path + ".twin"
        self._flavor = flavor
        self._pairs = [(Path(path + ending), Path(self.twin + ending)) for ending in flavor.endings]

    def mark(self) -> str:
        """Return the sizes and times of the files, which change when another program writes them."""
        found = [file.stat() for file in self._flavor.files(self._path)]
        return "+".join(f"{stat.st_size}.{stat.st_mtime_ns}" for stat in found) or "-"

    def has_twin(self) -> bool:
        """Return whether the twin exists."""
        return bool(self._flavor.files(self.twin))

    def copy(self, *, durable: bool) -> None:
        """Make the twin a copy of the file. If the file does not exist, delete the twin."""
        for file, twin in self._pairs:
            if file.exists():
                twin.touch(0o600)
                twin.chmod(file.stat().st_mode & 0o777)  # before the twin holds any data
                shutil.copyfile(file, twin)
            else:
                twin.unlink(missing_ok=True)
        if durable:
            self.sync(self.twin, folder=True)

    def match_modes(self) -> None:
        """Give the twin the mode of the file, which its owner may have changed."""
        for file, twin in self._pairs:
            if file.exists() and twin.exists() and file.stat().st_mode != twin.stat().st_mode:
                twin.chmod(file.stat().st_mode & 0o777)

    def put_back(self, *, made: bool) -> None:
        """Move the twin to the place of the file, which needs no space on the disk.

        If ``made`` is false, the write was still creating the file: delete both.
        """
        for file, twin in self._pairs:
            if not made:
                twin.unlink(missing_ok=True)
                file.unlink(missing_ok=True)
            elif twin.exists():  # if not, an earlier call moved it and was then killed
                twin.replace(file)
        self.sync(self._path, folder=True)

    def sync(self, path: str, *, folder: bool) -> None:
        """Fsync the files at ``path``; ``folder``: also their folder, so that their names are on the disk."""
        for file in self._flavor.files(path):
            (fd,) = map(os.open, (file,), (os.O_RDONLY,))  # no interrupt loses it: see _files.descriptors
            try:
                os.fsync(fd)
            finally:
                os.close(fd)
        if folder:
            sync(str(Path(path).parent), ())
