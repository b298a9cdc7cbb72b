"""The lock file of a file store. Only the holder of its lock writes, and the file stores the last tick.

    .lock = tick LF         the last tick given; 19 digits. Locked (flock) by whoever writes

A new file is empty, and its last tick is 0.
"""

import os
from io import FileIO
from pathlib import Path

from holdall.adapters._files.flock import Flock, open_lock
from holdall.adapters._files.folders import sync
from holdall.extras import needs

with needs("file"):
    from filelock import lock_descriptor


class LockFile(Flock):
    """Excludes every other holder of the lock in ``root``, in this process and in others.

    If ``root`` is missing, `hold` creates it if ``makes`` is true, and otherwise raises FileNotFoundError.
    ``durable``: a root that was created is on the disk before it is used.
    """

    __slots__ = ("_durable", "_makes", "_root")

    def __init__(self, root: str, *, durable: bool, makes: bool) -> None:
        super().__init__(f"{root}/.lock")
        self._root = root
        self._durable = durable
        self._makes = makes

    def read_tick(self) -> int:
        """Return the last tick, or 0."""
        last = os.pread(self._fd(), 19, 0)
        return int(last) if last.isdigit() else 0

    def write_tick(self, tick: int) -> None:
        """Store ``tick`` as the last tick."""
        os.pwrite(self._fd(), b"%019d\n" % tick, 0)

    def _fd(self) -> int:
        assert self.file  # noqa: S101 - the holder of the lock has its file open
        return self.file.fileno()

    def _lock(self, file: FileIO, *, shared: bool) -> bool:
        return lock_descriptor(file.fileno(), blocking=False)

    def _open(self, *, shared: bool) -> FileIO:
        try:
            return open_lock(self.path)
        except FileNotFoundError:
            if not self._makes:
                raise
            self._make_root()
            return open_lock(self.path)

    def _make_root(self) -> None:
        root = Path(self._root)
        missing = [folder for folder in (root, *root.parents) if not folder.is_dir()]
        root.mkdir(parents=True, exist_ok=True)
        for made in missing if self._durable else ():
            sync(str(made.parent), ())
