"""The lock file of a folder that holds a store. Only the holder of its lock writes in the folder."""

from io import FileIO
from pathlib import Path

from holdall.adapters._files.flock import Flock
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

    def _lock(self, file: FileIO, *, shared: bool) -> bool:
        return lock_descriptor(file.fileno(), blocking=False)

    def _create(self) -> FileIO:
        try:
            return super()._create()
        except FileNotFoundError:
            if not self._makes:
                raise
            self._make_root()
            return super()._create()

    def _make_root(self) -> None:
        root = Path(self._root)
        missing = [folder for folder in (root, *root.parents) if not folder.is_dir()]
        root.mkdir(parents=True, exist_ok=True)
        for made in missing if self._durable else ():
            sync(str(made.parent), ())
