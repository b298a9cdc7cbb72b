"""The lock file of a file store: whoever holds it writes, and it remembers the last tick.

    .lock = tick LF         the last tick given; 19 digits. Locked (flock) by whoever writes

A new file is empty, and its last tick is 0.
"""

import os
from pathlib import Path

from holdall.adapters.folders import sync
from holdall.extras import needs

with needs("file"):
    from filelock import lock_descriptor, unlock_descriptor

_POLL = 0.0005  # seconds between two looks at a lock that is held


class LockFile:
    """Excludes every other holder of the lock in ``root``, in this process and in others.

    ``makes``: a missing root is made, ``durable``: and is on the disk before it is used; else
    FileNotFoundError.
    """

    __slots__ = ("_durable", "_fd", "_makes", "_root")

    def __init__(self, root: str, *, durable: bool, makes: bool) -> None:
        self._root = root
        self._durable = durable
        self._makes = makes

    def take(self) -> None:
        """Wait for the lock, as long as it takes. OSError where it cannot be had."""
        while True:
            fd = self._opened()
            try:
                if not lock_descriptor(fd, blocking=False):
                    lock_descriptor(fd, poll_interval=_POLL)
                if os.fstat(fd).st_nlink:
                    self._fd = fd
                    return
            except BaseException:
                os.close(fd)
                raise
            os.close(fd)  # somebody deleted the file while this one waited: it excludes nobody any more

    def leave(self) -> None:
        """Give the lock to the next."""
        # Unlocked, not only closed: a child forked meanwhile holds the same lock by its copy.
        unlock_descriptor(self._fd)
        os.close(self._fd)

    def noted(self) -> int:
        """The last tick, or 0."""
        last = os.pread(self._fd, 19, 0)
        return int(last) if last.isdigit() else 0

    def note(self, tick: int) -> None:
        """Remember ``tick``."""
        os.pwrite(self._fd, b"%019d\n" % tick, 0)

    def _opened(self) -> int:
        how = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
        try:
            return os.open(f"{self._root}/.lock", how, 0o666)
        except FileNotFoundError:
            if not self._makes:
                raise
            self._make_root()
            return os.open(f"{self._root}/.lock", how, 0o666)

    def _make_root(self) -> None:
        root = Path(self._root)
        missing = [folder for folder in (root, *root.parents) if not folder.is_dir()]
        root.mkdir(parents=True, exist_ok=True)
        for made in missing if self._durable else ():
            sync(str(made.parent), ())
